import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Route } from './model.ts';
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
  const scenes = Array.from({ length: peers }, () => new Scene());
  for (const { rib, session } of scenes) {
    rib.start(session);
    rib.replace(routes);
    while (rib.take(65_536) !== undefined);
    rib.update(changed);
    while (rib.take(65_536) !== undefined);
  }
  const each = (heap() - before) / (peers * prefixes);
  assert.ok(scenes.every(({ rib }) => rib.prefixesSent === prefixes));
  assert.ok(each < 200, `${each.toFixed(0)} octets each`);
});

test('while all routes change again and again, nothing of what was is kept', () => {
  const tableOf = (med: number): Map<string, Route> =>
    table(...Array.from({ length: 5 * prefixes }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, [1], { med })));
  const scene = new Scene();
  scene.start();
  const grown = [0, 1, 2, 3, 4, 5].map((round) => {
    const routes = tableOf(100 + round);
    if (round === 0) scene.rib.replace(routes);
    else scene.rib.update(routes);
    while (scene.rib.take(131_072) !== undefined);
    return heap();
  });
  const [, second = 0] = grown;
  const more = (grown.at(-1) ?? 0) - second;
  assert.equal(scene.rib.prefixesSent, 5 * prefixes);
  assert.ok(more < 2 ** 20, `${more} octets more`);
});

test('a router that takes no more after the first messages of a table has little kept for it', () => {
  const routes = table(...Array.from({ length: 5 * prefixes }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, hops)));
  const scenes = Array.from({ length: 5 }, () => new Scene());
  for (const { rib, session } of scenes) {
    rib.replace(routes);
    while (rib.advance());
    rib.start(session);
  }
  const before = heap();
  for (const scene of scenes) assert.ok(scene.take(131_072) !== undefined);
  const each = (heap() - before) / scenes.length;
  assert.ok(each < 2 ** 20, `${each.toFixed(0)} octets each`);
});
