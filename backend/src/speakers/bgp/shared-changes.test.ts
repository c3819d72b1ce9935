import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../platform/fake/clock.ts';
import type { Route } from './model.ts';
import { SharedChanges } from './shared-changes.ts';
import { route, Scene, table } from './testing/rib-scene.ts';

const prefixOf = (i: number): string => `10.1.${i >> 8}.${i & 255}/32`;
const full = table(...Array.from({ length: 500 }, (_, i) => route(prefixOf(i), [1, 2, 3], { med: 100 })));

/** All that there is to send, as the octets that are written. */
function octets(scene: Scene): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let batch = scene.rib.take(65_536); batch !== undefined; batch = scene.rib.take(65_536)) {
    if (batch.messages > 0) all.push(batch.bytes);
  }
  return all;
}

function scenes(count: number, more: readonly (object | undefined)[] = []): Scene[] {
  const shared = new SharedChanges(new FakeClock());
  return Array.from({ length: count }, (_, i) => new Scene(more[i] ?? {}, shared));
}

test('peers that are told the same get the same buffers, a change included, whoever is first', () => {
  const [one, two] = scenes(2);
  assert.ok(one !== undefined && two !== undefined);
  for (const scene of [one, two]) {
    scene.start();
    scene.rib.replace(full);
  }
  const [first, second] = [octets(one), octets(two)];
  assert.ok(first.length >= 2);
  // The last one is End-of-RIB.
  for (const [i, bytes] of first.slice(0, -1).entries()) assert.equal(second[i], bytes);
  assert.deepEqual(second, first);
  const changes = new Map([[prefixOf(7), route(prefixOf(7), [2, 4])]]);
  for (const scene of [one, two]) scene.rib.update(changes);
  const change = octets(two);
  assert.equal(change.length, 1);
  assert.equal(octets(one)[0], change[0]);
});

test('peers of other ASs share them, those of another capability or limit, or of our own AS, do not', () => {
  const [one, ...others] = scenes(4, [{}, { sendMax: 2 }, { addPath: [] }, { localAs: 65001 }]);
  const buffers = [one, ...others].map((scene) => {
    scene?.start();
    scene?.rib.replace(full);
    return scene === undefined ? [] : octets(scene);
  });
  for (const [i, other] of buffers.slice(1).entries()) assert.notDeepEqual(other[0], buffers[0]?.[0], `${i}`);
});

test('one that has something else follows as far as it is the same, and goes on by itself', () => {
  const [one, two] = scenes(2);
  assert.ok(one !== undefined && two !== undefined);
  one.start();
  one.rib.replace(full);
  two.start();
  two.rib.replace(
    new Map([...full, [prefixOf(499), route(prefixOf(499), [9])], ['10.2.0.0/32', route('10.2.0.0/32', [1])]]),
  );
  one.flush();
  two.flush();
  assert.deepEqual(one.peer.nextHops(prefixOf(499)), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  assert.deepEqual(two.peer.nextHops(prefixOf(499)), ['192.0.2.9']);
  assert.deepEqual(two.peer.nextHops('10.2.0.0/32'), ['192.0.2.1']);
  assert.equal(two.peer.paths.size, 501);
});

test('what was made is forgotten after a second in which nothing was', () => {
  const clock = new FakeClock();
  const shared = new SharedChanges(clock);
  const [one, two] = [new Scene({}, shared), new Scene({}, shared)];
  for (const scene of [one, two]) {
    scene.start();
    scene.rib.replace(full);
  }
  const first = octets(one);
  clock.advance(1_001);
  const second = octets(two);
  assert.notEqual(second[0], first[0]);
  assert.deepEqual(second, first);
});

/** One of three peers, or all, is told something or takes a little. */
const step = fc.record({
  who: fc.constantFrom([0], [1], [2], [0, 1, 2]),
  what: fc.constantFrom('update', 'withdraw', 'take', 'restart', 'refresh'),
  prefix: fc.integer({ min: 0, max: 5 }).map(prefixOf),
  ids: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
  med: fc.constantFrom(100, 200),
});

class Told {
  readonly #scene: Scene;
  readonly #wanted = new Map<string, Route>();

  constructor(scene: Scene) {
    this.#scene = scene;
    scene.start();
    scene.rib.replace(new Map());
  }

  tell(prefix: string, told: Route | null): void {
    this.#scene.rib.update(new Map([[prefix, told]]));
    if (told === null) this.#wanted.delete(prefix);
    else this.#wanted.set(prefix, told);
  }

  act(what: 'take' | 'restart' | 'refresh'): void {
    if (what === 'restart') return this.#scene.start();
    if (what === 'refresh') return this.#scene.rib.refresh('ipv4-unicast');
    const batch = this.#scene.rib.take(20);
    if (batch !== undefined) this.#scene.peer.receive(batch.bytes);
  }

  check(): void {
    this.#scene.flush();
    const { paths } = this.#scene.peer;
    const has = [...paths].map(([prefix, byId]) => [prefix, [...byId].map(([id, { med }]) => [id, med]).sort()]);
    const wanted = [...this.#wanted].map(([prefix, route]) => [
      prefix,
      route.paths.map(({ id }) => [id, route.med]).sort(),
    ]);
    assert.deepEqual(has.sort(), wanted.sort());
  }
}

test('whatever the order in which several peers are told and take: each has in the end what it was told last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const peers = scenes(3).map((scene) => new Told(scene));
      for (const { who, what, prefix, ids, med } of steps) {
        const told = what === 'update' ? route(prefix, ids, { med }) : null;
        for (const peer of who.map((i) => peers[i])) {
          if (what === 'update' || what === 'withdraw') peer?.tell(prefix, told);
          else peer?.act(what);
        }
      }
      for (const peer of peers) peer.check();
    }),
    { numRuns: 300 },
  );
});
