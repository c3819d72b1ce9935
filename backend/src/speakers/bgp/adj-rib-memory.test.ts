import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FakeClock } from '../../platform/fake/clock.ts';
import { SharedChanges } from './shared-changes.ts';
import { route, Scene, table } from './testing/rib-scene.ts';

/** Octets of living objects. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

const [peers, prefixes] = [20, 2_000];
const hops = [1, 2, 3, 4, 5, 6, 7, 8];

test('of a prefix that many peers have, with eight next hops, each costs no more than an entry in a map', () => {
  const routes = table(...Array.from({ length: prefixes }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, hops)));
  const changed = table(...[...routes.values()].map((one) => ({ ...one, med: 200 })));
  const before = heap();
  const shared = new SharedChanges(new FakeClock());
  const scenes = Array.from({ length: peers }, () => new Scene({}, shared));
  for (const { rib, session } of scenes) {
    rib.start(session);
    rib.replace(routes);
    while (rib.take(65_536) !== undefined);
    rib.update(changed);
    while (rib.take(65_536) !== undefined);
  }
  shared.forget();
  const each = (heap() - before) / (peers * prefixes);
  assert.ok(scenes.every(({ rib }) => rib.prefixesSent === prefixes));
  assert.ok(each < 200, `${each.toFixed(0)} octets each`);
});
