import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT, Failure } from './failure.ts';
import { taskOf } from './plan.ts';
import type { WatchDeps } from './watch.ts';
import { watch } from './watch.ts';

type Follow = WatchDeps['session']['follow'];
type Followers = Parameters<Follow>[1];

const task = taskOf({
  plan: { overview: { id: 'getOverview' }, pools: { id: 'listPools' } },
  table: () => '',
  exitCode: () => EXIT.fine,
});

/** A watch of two answers, that a test gives. */
class Watched {
  readonly stop = new AbortController();
  readonly followers = new Map<string, Followers>();
  readonly failing = new Map<string, (error: Error) => void>();
  out = '';
  err = '';
  readonly done: Promise<void>;

  constructor(isTty: boolean, height = 24) {
    const follow: Follow = async ({ id }, followers, signal) => {
      this.followers.set(id, followers);
      await new Promise<void>((resolve, reject) => {
        this.failing.set(id, reject);
        signal.addEventListener('abort', () => resolve());
      });
    };
    const terminal = {
      out: (text: string) => void (this.out += text),
      err: (text: string) => void (this.err += text),
      ...{ isTty, colours: false, width: () => 80, height: () => height },
    };
    const text = (answers: Readonly<Record<string, unknown>>, now: Date): string =>
      `${JSON.stringify(answers)}${now.getTime() < 0 ? 'never' : ''}\n`;
    this.done = watch(task, { session: { follow }, terminal, text, separator: '\n' }, this.stop.signal);
  }

  answer(id: string, answer: unknown): void {
    this.followers.get(id)?.onAnswer(answer);
  }
}

describe('a watch', () => {
  it('shows nothing before it has all answers, and then each change, one after the other', async () => {
    const watched = new Watched(false);
    watched.answer('getOverview', 1);
    assert.equal(watched.out, '');
    watched.answer('listPools', 2);
    watched.answer('listPools', 2);
    watched.answer('listPools', 3);
    assert.equal(watched.out, '{"overview":1,"pools":2}\n\n{"overview":1,"pools":3}\n');
    watched.stop.abort();
    await watched.done;
  });

  it('takes the place of what was there on a terminal, and no more than it has', async () => {
    const watched = new Watched(true, 4);
    watched.answer('getOverview', 1);
    watched.answer('listPools', 2);
    assert.equal(watched.out, '\u001b[H\u001b[2J\u001b[3J{"overview":1,"pools":2}\n');
    watched.stop.abort();
    await watched.done;
  });

  it('says once that there is no answer, and shows it again when there is', async () => {
    const watched = new Watched(false);
    watched.answer('getOverview', 1);
    watched.answer('listPools', 2);
    watched.followers.get('listPools')?.onTrouble('the connection broke');
    watched.followers.get('getOverview')?.onTrouble('the connection broke');
    assert.equal(watched.err, 'the connection broke; trying again\n');
    watched.answer('listPools', 2);
    assert.equal(watched.out.match(/pools/g)?.length, 2);
    watched.stop.abort();
    await watched.done;
  });

  it('ends with what can not get better, and lets go of the others', async () => {
    const watched = new Watched(false);
    watched.failing.get('listPools')?.(new Failure(EXIT.refused, 'you may not'));
    await assert.rejects(watched.done, { message: 'you may not' });
  });
});
