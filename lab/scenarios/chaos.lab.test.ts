/** A few minutes' worth of bad luck in half a minute: see `npm run test:chaos` for more of it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runChaos } from '../chaos/run.ts';
import { summary } from '../chaos/summary.ts';

/**
 * The node of the first replica loses power while another one is cordoned and somebody else writes all that the replicas write; then a clock is
 * set back, a node loses packets, another one's label takes it out, the BgpConf is edited to nonsense, and a router crashes.
 */
const seed = 19_200;
const batches = 2;

suite('chaos', () => {
  test('faults that overlap: all that must hold is judged, and holds', async () => {
    const say = (line: string): void => void process.stderr.write(`      ${line}\n`);
    const report = await runChaos({ seed, goesOn: ({ number }) => number <= batches, say });
    assert.equal(report.batches, batches);
    say(summary(report));
  });
});
