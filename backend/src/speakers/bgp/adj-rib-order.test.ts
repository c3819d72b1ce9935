import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Route } from './model.ts';
import { Scene, table } from './testing/rib-scene.ts';
import { decodeMessage } from './wire/message.ts';
import { framesOf } from './wire/testing/frames.ts';
import type { ReceivedUpdate } from './wire/update.ts';

/** What a router chooses of one replica's paths while their UPDATEs come in, one by one. */

const prefix = '10.0.0.1/32';

/** MEDs by path identifier. */
type Meds = Readonly<Record<number, number>>;

/** The same of others, too, for which there is hardly room in one batch. */
const crowd = ['10.0.0.0/32', prefix, '10.0.0.2/32', '10.0.0.3/32'];

function routeOf(meds: Meds, prefix: string): Route {
  const paths = Object.entries(meds).map(([id, med]) => {
    return { id: Number(id), nextHop: `192.0.2.${id}`, attributes: { med } };
  });
  return { prefix, paths };
}

function best(meds: Meds): string {
  const lowest = Math.min(...Object.values(meds));
  return Object.keys(meds)
    .filter((id) => meds[Number(id)] === lowest)
    .join();
}

/** The best paths of one prefix after each message on the way from one route to another, the first state included. */
function choices(from: Meds, to: Meds, refresh?: 'before' | 'after', isCrowded = false): string[] {
  const prefixes = isCrowded ? crowd : [prefix];
  const maxBytes = isCrowded ? 40 : 65_536;
  const tableOf = (meds: Meds): Map<string, Route> => table(...prefixes.map((one) => routeOf(meds, one)));
  const scene = new Scene();
  scene.start();
  scene.rib.replace(tableOf(from));
  scene.flush();
  if (refresh === 'before') scene.rib.refresh('ipv4-unicast');
  scene.rib.replace(tableOf(to));
  if (refresh === 'after') scene.rib.refresh('ipv4-unicast');
  const chosen = [best(from)];
  for (let batch = scene.rib.take(maxBytes); batch !== undefined; batch = scene.rib.take(maxBytes)) {
    for (const frame of framesOf(batch.bytes)) {
      scene.peer.apply(decodeMessage(frame, scene.session.sending) as ReceivedUpdate);
      const paths = [...(scene.peer.paths.get(prefix) ?? [])];
      chosen.push(best(Object.fromEntries(paths.map(([id, { med }]) => [id, med ?? 0]))));
    }
  }
  return chosen;
}

suite('paths by several next hops, of which some are better', () => {
  test('a replica that is not the first any more: the draining node is never left as the best', () => {
    assert.deepEqual(choices({ 1: 100, 2: 100, 3: 150 }, { 1: 200, 2: 200, 3: 250 }), ['1,2', '1,2', '2', '1,2']);
  });

  test('a replica that becomes the first: the draining node is not the first to be told of', () => {
    assert.deepEqual(choices({ 1: 400, 2: 400, 3: 450 }, { 1: 100, 2: 100, 3: 150 }), ['1,2', '1', '1,2', '1,2']);
  });

  for (const refresh of ['before', 'after'] as const) {
    test(`the same where the router has asked for all ${refresh} that`, () => {
      const chosen = choices({ 1: 100, 2: 100, 3: 150 }, { 1: 200, 2: 200, 3: 250 }, refresh);
      assert.ok(!chosen.includes('3'), chosen.join(' | '));
    });
  }

  test('one that was a little better vanishes while the other gets worse: the other is never as good as it was', () => {
    assert.deepEqual(choices({ 1: 0, 2: 50 }, { 2: 100 }), ['1', '1', '2']);
  });

  test('a next hop goes while the others get worse: it is gone before it would be the only good one', () => {
    assert.deepEqual(choices({ 1: 100, 2: 100, 3: 100 }, { 1: 200, 2: 200 }), ['1,2,3', '1,2', '2', '1,2']);
  });

  test('whatever paths come, go, stay and get better or worse, only what was or will be the best is ever chosen', () => {
    const meds = fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.nat(4), { minKeys: 1 });
    const refresh = fc.constantFrom(undefined, 'before' as const, 'after' as const);
    fc.assert(
      fc.property(meds, meds, refresh, fc.boolean(), (from, to, asked, isCrowded) => {
        const allowed = new Set(`${best(from)},${best(to)}`.split(','));
        for (const chosen of choices(from, to, asked, isCrowded)) {
          assert.notEqual(chosen, '');
          for (const id of chosen.split(',')) assert.ok(allowed.has(id), `${id} of ${chosen}`);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
