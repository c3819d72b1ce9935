import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Route } from './model.ts';
import { route, Scene, table, type SessionOptions } from './testing/rib-scene.ts';

/** As a session has it. */
const maxBytes = 128 * 1024;

const worse = { med: 150 };
const prefixOf = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`;

/** Each prefix has eight of the next hops, others than the one before. @param draining one of them is worse than the others */
function tableOf(prefixes: number, hops: number, draining = false): Map<string, Route> {
  const routes = Array.from({ length: prefixes }, (_, i) => {
    const ids = Array.from({ length: Math.min(8, hops) }, (_, at) => 1 + ((i + at) % hops));
    const { prefix, paths } = route(prefixOf(i), ids);
    return { prefix, paths: paths.map((path, at) => (draining && at === 7 ? { ...path, attributes: worse } : path)) };
  });
  return table(...routes);
}

function started(routes: ReadonlyMap<string, Route>, options: SessionOptions = {}): Scene {
  const scene = new Scene(options);
  scene.rib.replace(routes);
  while (scene.rib.advance());
  scene.start();
  return scene;
}

/** UPDATEs that are sent, and the most octets at once. */
function sent(scene: Scene): { updates: number; most: number } {
  let [updates, most] = [0, 0];
  for (let batch = scene.take(maxBytes); batch !== undefined; batch = scene.take(maxBytes)) {
    updates += batch.updates;
    most = Math.max(most, batch.bytes.length);
    scene.peer.receive(batch.bytes);
  }
  return { updates, most };
}

suite('a table fills its messages', () => {
  const prefixes = 10_000;
  // 450 paths of 9 octets have room in 4,096: each of 32 next hops has 2,500.
  const fewest = 32 * Math.ceil(2_500 / 450);
  const endsOfRib = 2;

  test('of 4,096 octets, also when the router asks for it again', () => {
    const scene = started(tableOf(prefixes, 32));
    const first = sent(scene);
    assert.equal(first.updates, fewest + endsOfRib);
    assert.ok(first.most <= maxBytes * 1.1, `${first.most} octets at once`);
    scene.peer.paths.clear();
    scene.rib.refresh('ipv4-unicast');
    assert.equal(sent(scene).updates, fewest);
    assert.equal(scene.peer.paths.size, prefixes);
    assert.ok([...scene.peer.paths.values()].every(({ size }) => size === 8));
  });

  test('of 65,535 octets: fewer than of 4,096, though none of them gets full', () => {
    const scene = started(tableOf(prefixes, 32), { extendedMessages: true });
    const { updates } = sent(scene);
    assert.ok(updates < 0.9 * fewest, `${updates} for ${fewest}`);
    assert.equal(scene.peer.paths.size, prefixes);
  });
});

suite('a withdrawal while a table is on its way', () => {
  const tables = {
    'one next hop': tableOf(40_000, 1),
    '32 next hops': tableOf(10_000, 32),
    '250 next hops': tableOf(10_000, 250),
    '32 next hops, one of each address draining': tableOf(10_000, 32, true),
  };
  for (const [name, routes] of Object.entries(tables)) {
    for (const extendedMessages of [false, true]) {
      test(`waits for no more than 128 KiB: ${name}, messages of ${extendedMessages ? 65_535 : 4_096}`, () => {
        const scene = started(routes, { extendedMessages });
        scene.peer.receive(scene.take(maxBytes)?.bytes ?? new Uint8Array());
        // Some more is collected, and isn't sent yet.
        for (let i = 0; i < 3; i++) scene.peer.receive(scene.rib.take(maxBytes)?.bytes ?? new Uint8Array());
        const [prefix = ''] = scene.peer.paths.keys();
        scene.rib.update(new Map([[prefix, null]]));
        let before = 0;
        while (scene.peer.paths.has(prefix)) {
          const batch = scene.take(maxBytes);
          assert.ok(batch !== undefined);
          scene.peer.receive(batch.bytes);
          before += batch.bytes.length;
        }
        // Headers of messages that aren't full come on top.
        assert.ok(before < maxBytes * 1.1, `${before} octets`);
        assert.ok(scene.peer.paths.size < 0.9 * routes.size, `${scene.peer.paths.size} prefixes`);
      });
    }
  }

  test('of all routes, as for a router that is left, waits for no more either', () => {
    const scene = started(tableOf(20_000, 32));
    scene.peer.receive(scene.take(maxBytes)?.bytes ?? new Uint8Array());
    scene.rib.replace(new Map());
    const announced: number[] = [];
    for (let batch = scene.take(maxBytes); batch !== undefined; batch = scene.take(maxBytes)) {
      const had = scene.peer.paths.size;
      scene.peer.receive(batch.bytes);
      if (scene.peer.paths.size > had) announced.push(batch.bytes.length);
    }
    assert.equal(scene.peer.paths.size, 0);
    assert.ok(announced.reduce((sum, bytes) => sum + bytes, 0) < maxBytes, announced.join());
  });
});

/** A peer is told something or takes a little. */
const step = fc.record({
  what: fc.constantFrom('update', 'update', 'withdraw', 'take', 'take', 'restart', 'refresh'),
  prefix: fc.integer({ min: 0, max: 9 }).map(prefixOf),
  ids: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  med: fc.constantFrom(100, 200),
  own: fc.option(fc.constantFrom(50, 300), { nil: undefined }),
});

class Told {
  readonly #scene = new Scene();
  readonly #wanted = new Map<string, Route>();

  constructor() {
    this.#scene.start();
    this.#scene.rib.replace(new Map());
  }

  tell(prefix: string, told: Route | null): void {
    this.#scene.rib.update(new Map([[prefix, told]]));
    if (told === null) this.#wanted.delete(prefix);
    else this.#wanted.set(prefix, told);
  }

  act(what: 'take' | 'restart' | 'refresh', bytes: number): void {
    if (what === 'restart') return this.#scene.start();
    if (what === 'refresh') return this.#scene.rib.refresh('ipv4-unicast');
    this.#scene.peer.receive(this.#scene.rib.take(bytes)?.bytes ?? new Uint8Array());
  }

  check(bytes: number): void {
    this.#scene.flush(bytes);
    const { paths } = this.#scene.peer;
    const has = [...paths].map(([prefix, byId]) => [prefix, [...byId].map(([id, { med }]) => [id, med]).sort()]);
    const wanted = [...this.#wanted].map(([prefix, { paths, med }]) => [
      prefix,
      paths.map(({ id, attributes }) => [id, attributes?.med ?? med]).sort(),
    ]);
    assert.deepEqual(has.sort(), wanted.sort());
  }
}

test('whatever a peer is told while what was before is partly sent: it has in the end what it was told last', () => {
  const steps = fc.array(step, { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.constantFrom(20, 60, 150), (all, bytes) => {
      const peer = new Told();
      for (const { what, prefix, ids, med, own } of all) {
        if (what === 'withdraw') peer.tell(prefix, null);
        else if (what !== 'update') peer.act(what, bytes);
        else {
          const { paths, ...rest } = route(prefix, ids, { med });
          const [first, ...others] = paths;
          const last = own === undefined || first === undefined ? first : { ...first, attributes: { med: own } };
          peer.tell(prefix, { ...rest, paths: last === undefined ? others : [...others, last] });
        }
      }
      peer.check(bytes);
    }),
    { numRuns: 500 },
  );
});
