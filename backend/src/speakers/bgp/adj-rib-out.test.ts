import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Route } from './model.ts';
import { route, Scene, session, table, type SessionOptions } from './testing/rib-scene.ts';
import { decodeMessage } from './wire/message.ts';
import { framesOf } from './wire/testing/frames.ts';
import type { ReceivedUpdate } from './wire/update.ts';

const a = '10.0.0.1/32';
const six = 'fd00:77::1/128';

test('all routes, then End-of-RIB of each family; nothing more until something changes', () => {
  const scene = new Scene();
  scene.rib.replace(table(route(a, [1, 2]), route(six, [3])));
  scene.start();
  assert.deepEqual(scene.flush(), [
    `+${a} 1 192.0.2.1`,
    `+${a} 2 192.0.2.2`,
    `+${six} 3 fd00::3`,
    'EoR ipv4-unicast',
    'EoR ipv6-unicast',
  ]);
  assert.equal(scene.rib.prefixesSent, 2);
  assert.equal(scene.rib.pending, false);
  scene.rib.replace(table(route(a, [1, 2]), route(six, [3])));
  assert.deepEqual(scene.flush(), []);
});

test('"I don\'t know yet" sends nothing, "none" sends End-of-RIB', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.update(new Map([[a, route(a, [1])]]));
  assert.equal(scene.rib.pending, false);
  assert.deepEqual(scene.flush(), []);
  scene.rib.replace(new Map());
  assert.deepEqual(scene.flush(), ['EoR ipv4-unicast', 'EoR ipv6-unicast']);
});

test('a path with attributes of its own: it alone is sent anew when it gets and when it loses them', () => {
  const scene = new Scene();
  scene.start();
  const own = { med: 150, communities: ['65535:0'] };
  const paths = route(a, [1, 2]).paths;
  const marked = paths.map((path) => (path.id === 2 ? { ...path, attributes: own } : path));
  const change = (now: Route['paths']): string[] => {
    scene.rib.update(new Map([[a, { prefix: a, paths: now, med: 100 }]]));
    const log = scene.flush();
    return [...log, ...[...(scene.peer.paths.get(a) ?? [])].map(([id, { med }]) => `${id}: ${med}`)];
  };
  scene.rib.replace(table({ prefix: a, paths, med: 100 }));
  scene.flush();
  assert.deepEqual(change(marked), [`+${a} 2 192.0.2.2`, '1: 100', '2: 150']);
  assert.deepEqual(change(marked), ['1: 100', '2: 150']);
  assert.deepEqual(change(paths), [`+${a} 2 192.0.2.2`, '1: 100', '2: 100']);
});

test('only what changed is sent: new paths first, replaced ones never withdrawn, vanished ones last', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1, 2]), route('10.0.0.2/32', [1])));
  scene.flush();
  const changed: Route = {
    prefix: a,
    paths: [
      { id: 2, nextHop: '192.0.2.22' },
      { id: 3, nextHop: '192.0.2.3' },
    ],
  };
  scene.rib.update(new Map([[a, changed]]));
  assert.deepEqual(scene.flush(), [`+${a} 2 192.0.2.22`, `+${a} 3 192.0.2.3`, `-${a} 1`]);
  scene.rib.update(new Map([[a, null]]));
  assert.deepEqual(scene.flush(), [`-${a} 2`, `-${a} 3`]);
  assert.equal(scene.rib.prefixesSent, 1);
});

test('without ADD-PATH only the first path goes out, and a change of it is one replacement', () => {
  const scene = new Scene({ addPath: [] });
  scene.start();
  scene.rib.replace(table(route(a, [5, 1])));
  scene.flush();
  assert.deepEqual(scene.peer.nextHops(a), ['192.0.2.5']);
  scene.rib.replace(table(route(a, [1, 5])));
  assert.deepEqual(scene.flush(), [`+${a} 0 192.0.2.1`]);
});

test('sendMax caps the paths, in order of preference; a new cap is applied to what is there', () => {
  const scene = new Scene({ sendMax: 2 });
  scene.start();
  scene.rib.replace(table(route(a, [3, 1, 2])));
  scene.flush();
  assert.deepEqual(scene.peer.nextHops(a), ['192.0.2.1', '192.0.2.3']);
  scene.rib.reconfigure(session({ sendMax: 3 }));
  assert.deepEqual(scene.flush(), [`+${a} 2 192.0.2.2`]);
  scene.rib.reconfigure(session({ sendMax: 1 }));
  assert.deepEqual(scene.flush(), [`-${a} 1`, `-${a} 2`]);
});

test('a family that was not negotiated is left out', () => {
  const scene = new Scene({ families: ['ipv6-unicast'] });
  scene.rib.replace(table(route(a, [1]), route(six, [1])));
  scene.start();
  assert.deepEqual(scene.flush(), [`+${six} 1 fd00::1`, 'EoR ipv6-unicast']);
  assert.equal(scene.rib.prefixesSent, 1);
});

test('a refresh repeats one family and withdraws nothing', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1, 2]), route(six, [1])));
  scene.flush();
  scene.rib.refresh('ipv4-unicast');
  assert.deepEqual(scene.flush(), [`+${a} 1 192.0.2.1`, `+${a} 2 192.0.2.2`]);
});

test('a new session gets everything again; what went meanwhile is not withdrawn', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1]), route(six, [1])));
  scene.flush();
  scene.rib.stop();
  assert.equal(scene.rib.prefixesSent, 0);
  scene.rib.update(new Map([[six, null]]));
  scene.start();
  assert.deepEqual(scene.flush(), [`+${a} 1 192.0.2.1`, 'EoR ipv4-unicast', 'EoR ipv6-unicast']);
});

test('a withdrawal that was not sent before the session broke is not sent after', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1])));
  scene.flush();
  scene.rib.replace(new Map());
  scene.rib.stop();
  scene.start();
  assert.deepEqual(scene.flush(), ['EoR ipv4-unicast', 'EoR ipv6-unicast']);
});

test('another MED for 1,000 routes with 3 paths is packed as well as the routes were', () => {
  const routes = (med: number): Map<string, Route> =>
    table(...Array.from({ length: 1_000 }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, [1, 2, 3], { med })));
  const scene = new Scene();
  scene.start();
  scene.rib.replace(routes(100));
  scene.flush();
  const before = scene.peer.updates;
  assert.ok(before <= 12, `${before} UPDATEs`);
  scene.rib.replace(routes(0));
  assert.equal(scene.flush().length, 3_000);
  assert.ok(scene.peer.updates - before <= 9, `${scene.peer.updates - before} UPDATEs`);
  assert.ok([...scene.peer.paths.values()].every((paths) => [...paths.values()].every(({ med }) => med === 0)));
});

test('1,500 routes withdrawn at once take as many messages as they need, none too long', () => {
  const scene = new Scene();
  const routes = Array.from({ length: 1_500 }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, [1]));
  scene.start();
  scene.rib.replace(table(...routes));
  scene.flush();
  scene.rib.replace(new Map());
  assert.equal(scene.flush().length, 1_500);
  assert.equal(scene.peer.paths.size, 0);
});

test('a batch is about as long as asked for', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(...Array.from({ length: 10_000 }, (_, i) => route(`10.1.${i >> 8}.${i & 255}/32`, [1, 2]))));
  const sizes: number[] = [];
  for (let batch = scene.rib.take(16_384); batch !== undefined; batch = scene.rib.take(16_384)) {
    sizes.push(batch.bytes.length);
  }
  assert.ok(sizes.length >= 10);
  assert.ok(Math.max(...sizes) < 20_000);
});

test('attributes: iBGP has LOCAL_PREF and an empty path, eBGP our AS, an old peer AS4_PATH', () => {
  const attributesFor = (options: SessionOptions): unknown => {
    const scene = new Scene({ ...options, addPath: [] });
    const more = { med: 5, communities: ['65000:1'], largeCommunities: ['65000:1:2'], localPref: 200 };
    scene.rib.replace(table(route(a, [1], more)));
    scene.start();
    const batch = scene.take();
    const [frame] = framesOf(batch?.bytes ?? new Uint8Array());
    assert.ok(frame);
    const { attributes } = decodeMessage(frame, scene.session.sending) as ReceivedUpdate;
    return attributes;
  };
  const head = (segments: object[]): object[] => [
    { type: 'origin', origin: 'igp' },
    { type: 'as-path', segments },
    { type: 'next-hop', address: '192.0.2.1' },
    { type: 'med', value: 5 },
  ];
  const communities = { type: 'communities', values: ['65000:1'] };
  const large = { type: 'large-communities', values: ['65000:1:2'] };
  const sequence = (as: number): object[] => [{ kind: 'sequence', ases: [as] }];
  assert.deepEqual(attributesFor({}), [...head(sequence(65000)), communities, large]);
  const internal = [...head([]), { type: 'local-pref', value: 200 }, communities, large];
  assert.deepEqual(attributesFor({ localAs: 65001 }), internal);
  assert.deepEqual(attributesFor({ localAs: 65536, fourOctetAs: false }), [
    ...head(sequence(23456)),
    communities,
    { type: 'as4-path', segments: sequence(65536) },
    large,
  ]);
});

test('what BGP cannot carry is left out and told; a route that becomes such is withdrawn', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route('10.0.0.1', [1]), route('10.0.0.2/33', [1]), route('x/8', [1]), route(a, [1])));
  scene.flush();
  assert.equal(scene.invalid.length, 1);
  assert.match(scene.invalid[0] ?? '', /^3 10\.0\.0\.1: /);
  scene.rib.update(new Map([[a, { prefix: a, paths: [{ id: 1, nextHop: 'fd00::1' }] }]]));
  assert.deepEqual(scene.flush(), [`-${a} 1`]);
  assert.match(scene.invalid[1] ?? '', /^1 10\.0\.0\.1\/32: fd00::1 is no next hop of ipv4-unicast/);
  scene.rib.update(new Map([[a, route(a, [1], { communities: ['no'] })]]));
  assert.deepEqual(scene.flush(), []);
  assert.match(scene.invalid[2] ?? '', /no community/);
});

test('of two paths with one identifier the preferred one counts', () => {
  const scene = new Scene();
  scene.start();
  const paths = [
    { id: 1, nextHop: '192.0.2.1' },
    { id: 1, nextHop: '192.0.2.2' },
  ];
  scene.rib.replace(table({ prefix: a, paths }));
  scene.flush();
  assert.deepEqual(scene.peer.nextHops(a), ['192.0.2.1']);
});

const prefixes = ['10.0.0.1/32', '10.0.0.2/32', '10.0.1.0/24', 'fd00::1/128', 'fd00:1::/64'] as const;
const someRoute = fc
  .tuple(
    fc.constantFrom(...prefixes),
    fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
    fc.option(fc.nat(2)),
  )
  .map(([prefix, ids, med]) => route(prefix, ids, med === null ? {} : { med }));
const change = fc.oneof(
  fc.array(someRoute, { maxLength: 5 }).map((routes) => ({ kind: 'replace', routes }) as const),
  fc.array(someRoute, { maxLength: 3 }).map((routes) => ({ kind: 'update', routes }) as const),
  fc.subarray([...prefixes]).map((gone) => ({ kind: 'withdraw', gone }) as const),
  fc.constant({ kind: 'restart' } as const),
  fc.constant({ kind: 'refresh' } as const),
  fc.record({ kind: fc.constant('flush' as const), batches: fc.nat(3), looks: fc.integer({ min: 1, max: 8 }) }),
);

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What is wanted, kept beside the rib by simpler means. */
class Model {
  readonly wanted = new Map<string, Route>();
  /** Prefixes whose withdrawal may be in a batch that is being collected. */
  readonly #going = new Set<string>();
  readonly scene: Scene;

  constructor(options: SessionOptions) {
    this.scene = new Scene(options);
    this.scene.rib.replace(new Map());
    this.scene.start();
  }

  apply(one: Change): void {
    const { rib } = this.scene;
    switch (one.kind) {
      case 'replace':
        this.wanted.clear();
        for (const wanted of one.routes) this.wanted.set(wanted.prefix, wanted);
        return rib.replace(new Map(this.wanted));
      case 'update':
        for (const wanted of one.routes) this.wanted.set(wanted.prefix, wanted);
        return rib.update(table(...one.routes));
      case 'withdraw':
        for (const prefix of one.gone) this.wanted.delete(prefix);
        return rib.update(new Map(one.gone.map((prefix) => [prefix, null])));
      case 'restart':
        rib.stop();
        return this.scene.start();
      case 'refresh':
        return rib.refresh('ipv4-unicast');
      case 'flush':
        return this.send(one.batches, one.looks);
    }
  }

  /** Sends some batches; no prefix that the peer has and that stays wanted may be gone after any message. */
  send(batches: number, looks: number): void {
    const { peer, rib, session: agreed } = this.scene;
    const isWanted = (prefix: string): boolean => (this.wanted.get(prefix)?.paths.length ?? 0) > 0;
    const kept = [...peer.paths.keys()].filter((prefix) => isWanted(prefix) && !this.#going.has(prefix));
    for (let i = 0; i < batches; i++) {
      for (const frame of framesOf(rib.take(20, looks)?.bytes ?? new Uint8Array())) {
        peer.apply(decodeMessage(frame, agreed.sending) as ReceivedUpdate);
        for (const prefix of kept) assert.ok(peer.paths.has(prefix), `${prefix} is gone for a moment`);
      }
    }
    if (!rib.pending) this.#going.clear();
    else for (const prefix of prefixes) if (!isWanted(prefix)) this.#going.add(prefix);
  }

  /** What the peer should have in the end. */
  expected(limit: number, addPath: boolean): string[] {
    return [...this.wanted.values()].flatMap(({ prefix, paths, med }) =>
      paths.slice(0, limit).map(({ id, nextHop }) => `${prefix} ${addPath ? id : 0} ${nextHop} ${med}`),
    );
  }

  actual(): string[] {
    return [...this.scene.peer.paths].flatMap(([prefix, paths]) =>
      [...paths].map(([id, { nextHop, med }]) => `${prefix} ${id} ${nextHop} ${med}`),
    );
  }
}

test('whatever changes in whatever order, the peer ends up with what is wanted, and never without a wanted prefix', () => {
  const changes = fc.array(change, { maxLength: 25 });
  fc.assert(
    fc.property(changes, fc.boolean(), fc.integer({ min: 1, max: 4 }), (all, addPath, sendMax) => {
      const model = new Model({ sendMax, addPath: addPath ? ['ipv4-unicast', 'ipv6-unicast'] : [] });
      for (const one of all) model.apply(one);
      model.send(200, 1);
      assert.deepEqual(model.actual().sort(), model.expected(addPath ? sendMax : 1, addPath).sort());
      assert.equal(model.scene.rib.prefixesSent, model.scene.peer.paths.size);
      assert.equal(model.scene.rib.pending, false);
    }),
    { numRuns: 500 },
  );
});
