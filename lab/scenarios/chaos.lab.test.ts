/** A few minutes' worth of bad luck in half a minute: see `npm run test:chaos` for more of it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runChaos } from '../chaos/run.ts';
import { summary } from '../chaos/summary.ts';

/** The node of the first replica loses power while another one is suspended and a Service comes; endpoints move, a session is reset. */
const seed = 25;
const batches = 2;

suite('chaos', () => {
  test('faults that overlap: no address twice, no route to a dead node, none withdrawn without need, all right afterwards', async () => {
    const say = (line: string): void => void process.stderr.write(`      ${line}\n`);
    const report = await runChaos({ seed, goesOn: ({ number }) => number <= batches, say });
    assert.equal(report.batches, batches);
    say(summary(report));
  });
});
