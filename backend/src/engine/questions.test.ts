import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import type { EngineFacts } from './facts.ts';
import { Questions } from './questions.ts';

const FACTS: EngineFacts = {
  stale: false,
  medOffset: 100,
  rank: 100,
  sessions: [],
  nodes: [],
  drains: [],
  links: [],
  portProblems: [],
  addresses: [],
};

suite('a question to the engine', () => {
  test('is answered by the answer with its ID', async () => {
    const questions = new Questions<EngineFacts>({ clock: new FakeClock() });
    const sent: number[] = [];
    const [first, second] = [1, 2].map(async () => await questions.ask(2_000, (id) => sent.push(id)));
    questions.answered(sent[1] ?? 0, { ...FACTS, medOffset: 200 });
    questions.answered(sent[0] ?? 0, FACTS);
    assert.deepEqual([(await first)?.medOffset, (await second)?.medOffset], [100, 200]);
  });

  test('is given up where the engine hangs, and where it fails', async () => {
    const clock = new FakeClock();
    const questions = new Questions({ clock });
    const hung = assert.rejects(
      questions.ask(2_000, () => undefined),
      /within 2000 ms/,
    );
    clock.advance(2_000);
    await hung;
    await assert.rejects(
      questions.ask(2_000, (id) => questions.answered(id, undefined)),
      /can not answer/,
    );
  });
});
