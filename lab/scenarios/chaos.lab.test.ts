/** A few minutes' worth of bad luck in half a minute: see `npm run test:chaos` for more of it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runChaos } from '../chaos/run.ts';
import { summary } from '../chaos/summary.ts';

/**
 * The node of the first replica loses power while the API server refuses another one everything, and while it is being drained; then endpoints
 * move, a session is reset and a router is restarted.
 */
const seed = 5357;
const batches = 2;

suite('chaos', () => {
  test('faults that overlap: all that must hold is judged, and holds', async () => {
    const say = (line: string): void => void process.stderr.write(`      ${line}\n`);
    const report = await runChaos({ seed, goesOn: ({ number }) => number <= batches, say });
    assert.equal(report.batches, batches);
    say(summary(report));
  });
});
