import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { SendHold } from './send-hold.ts';

/** After how many seconds a peer is given up that takes nothing. */
function givenUpAfter(holdTimeSeconds: number): number | undefined {
  const clock = new FakeClock();
  let at: number | undefined;
  const hold = new SendHold(clock, () => (at = clock.now() / 1_000));
  const never = (): never => assert.fail('only its count is asked for');
  const connection = { localAddress: '192.0.2.2', remoteAddress: '192.0.2.1', sentBytes: 7, delivery: undefined };
  hold.start({ ...connection, write: never, setPassword: never, end: never, destroy: never }, holdTimeSeconds);
  clock.advance(200_000_000);
  return at;
}

for (const [holdTimeSeconds, expected] of [
  [3, 480],
  [240, 480],
  [241, 482],
  [65_535, 131_070],
  [0, undefined],
] as const) {
  test(`with a hold time of ${holdTimeSeconds} s a peer that takes nothing is given up after ${expected ?? 'no'} s (RFC 9687)`, () => {
    assert.equal(givenUpAfter(holdTimeSeconds), expected);
  });
}
