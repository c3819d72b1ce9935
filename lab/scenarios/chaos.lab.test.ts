/** A few minutes' worth of bad luck in half a minute: see `npm run test:chaos` for more of it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runChaos } from '../chaos/run.ts';
import { summary } from '../chaos/summary.ts';

/** Kills, a power failure, a router's restart, edits and moving endpoints in three batches. */
const seed = 1;
const batches = 3;

suite('chaos', () => {
  test('faults that overlap: no address twice, no route to a dead node, none withdrawn without need, all right afterwards', async () => {
    const say = (line: string): void => void process.stderr.write(`      ${line}\n`);
    const report = await runChaos({ seed, goesOn: ({ number }) => number <= batches, say });
    assert.equal(report.batches, batches);
    say(summary(report));
  });
});
