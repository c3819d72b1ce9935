import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { sharingProblem, type SharingTerms } from '../domain/sharing.ts';
import { NO_ENDPOINTS, type ServiceEndpoints } from '../domain/service.ts';
import type { TrafficPolicy } from '../domain/traffic-policy.ts';
import { aPool, endpointsOn, sharingTerms, someEndpoints } from '../domain/testing/builders.ts';
import { decide, type Decision } from './announce.ts';
import { groupHolders, joinEndpoints } from './holders.ts';
import type { HoldingService, Snapshot } from './snapshot.ts';
import { holding, IP, snapshot, WEB } from './testing/world.ts';

/** A Service that shares under the key `front`. */
function sharer(
  key: string,
  port: string,
  createdAt: number,
  { trafficPolicy = 'Cluster', ...terms }: Partial<SharingTerms> = {},
): HoldingService {
  const sharing = sharingTerms({ key: 'front', ports: [port], trafficPolicy, ...terms });
  return holding(key, { createdAt, trafficPolicy, sharing });
}

function world(endpoints: Readonly<Record<string, ServiceEndpoints>>): Snapshot {
  return { ...snapshot({}), endpoints: new Map(Object.entries(endpoints)) };
}

function nodesOf({ announcement }: Decision): string[] {
  return announcement?.nodes.map(({ name }) => name).sort() ?? [];
}

const HTTP = sharer('shop/http', 'TCP/80', 1);
const HTTPS = sharer('shop/https', 'TCP/443', 2);
const DNS = sharer('shop/dns', 'UDP/53', 3);
const ALSO_HTTPS = sharer('shop/https-2', 'TCP/443', 4);
const STRANGER = holding('evil/web', { createdAt: 5 });

suite('an address that Services share', () => {
  const everywhere = endpointsOn(['n1']);

  test('those that have nothing to answer with are named', () => {
    const some = world({ 'shop/http': everywhere, 'shop/dns': endpointsOn([]) });
    assert.deepEqual(decide(IP, [HTTP, HTTPS, DNS], some).idle, ['shop/https', 'shop/dns']);
    assert.equal(
      decide(IP, [HTTP, HTTPS], world({ 'shop/http': everywhere, 'shop/https': everywhere })).idle,
      undefined,
    );
    // Who is alone is told by the reason.
    assert.equal(decide(IP, [HTTP], world({})).idle, undefined);
  });

  test('is announced for all of them, the oldest first', () => {
    const decision = decide(IP, [DNS, HTTP, HTTPS], world({ 'shop/http': everywhere }));
    assert.equal(decision.finding.reason, 'Announced');
    assert.deepEqual(decision.services, ['shop/http', 'shop/https', 'shop/dns']);
    assert.deepEqual(decision.younger, []);
  });

  test('is announced while one of them has endpoints, whichever', () => {
    const withEndpoints = (key: string): string =>
      decide(IP, [HTTP, HTTPS, DNS], world({ [key]: everywhere })).finding.reason;
    for (const { key } of [HTTP, HTTPS, DNS]) assert.equal(withEndpoints(key), 'Announced');
    assert.equal(withEndpoints('shop/other'), 'NoEndpoints');
  });

  test('is not announced for a younger one with a port of its own twice, nor for one that has not agreed', () => {
    const decision = decide(IP, [STRANGER, ALSO_HTTPS, DNS, HTTPS, HTTP], world({ 'shop/http': everywhere }));
    assert.deepEqual(decision.services, ['shop/http', 'shop/https', 'shop/dns']);
    assert.deepEqual(decision.younger, ['shop/https-2', 'evil/web']);
  });

  test('endpoints of one that may not share keep nothing announced', () => {
    const decision = decide(IP, [HTTP, STRANGER], world({ 'evil/web': everywhere }));
    assert.equal(decision.finding.reason, 'NoEndpoints');
    assert.deepEqual(decision.services, ['shop/http']);
  });

  test('has the attributes of the pool in the record of the oldest', () => {
    const overlapping = [aPool('public', ['192.0.2.0/24']), aPool('edge', ['192.0.2.0/28'])];
    const moved = { ...HTTPS, assignments: [{ pool: 'edge', ip: IP }] };
    const decision = decide(IP, [moved, HTTP], {
      ...snapshot({ pools: overlapping }),
      endpoints: new Map([['shop/http', everywhere]]),
    });
    assert.equal(decision.announcement?.pool.name, 'public');
  });

  test('Local: through the nodes where one of them has endpoints', () => {
    const local = { trafficPolicy: 'Local' } as const;
    const group = [sharer('shop/http', 'TCP/80', 1, local), sharer('shop/https', 'TCP/443', 2, local)];
    const decision = decide(
      IP,
      group,
      world({ 'shop/http': endpointsOn(['n1']), 'shop/https': endpointsOn([], ['n3']) }),
    );
    assert.deepEqual(nodesOf(decision), ['n1', 'n3']);
    assert.deepEqual(nodesOf(decide(IP, group, world({ 'shop/https': endpointsOn(['n2']) }))), ['n2']);
  });

  test('of two with unlike policies the older one decides', () => {
    const local = sharer('shop/local', 'TCP/25', 2, { trafficPolicy: 'Local' });
    const endpoints = { 'shop/http': endpointsOn(['n1']), 'shop/local': endpointsOn(['n2']) };
    const decision = decide(IP, [local, HTTP], world(endpoints));
    assert.deepEqual([decision.services, decision.younger], [['shop/http'], ['shop/local']]);
    assert.equal(nodesOf(decision).length, 3);
    const older = decide(IP, [{ ...local, createdAt: 0 }, HTTP], world(endpoints));
    assert.deepEqual([older.services, older.younger], [['shop/local'], ['shop/http']]);
    assert.deepEqual(nodesOf(older), ['n2']);
  });
});

suite('two Services with one address that do not share', () => {
  const young = holding('a/young', { createdAt: 2_000 });

  test('announced for the older', () => {
    for (const holders of [
      [young, WEB],
      [WEB, young],
    ]) {
      const decision = decide(IP, holders, snapshot({}));
      assert.equal(decision.finding.reason, 'Announced');
      assert.deepEqual([decision.services, decision.younger], [['shop/web'], ['a/young']]);
    }
  });

  test('the older has no endpoints: not announced for the younger instead', () => {
    const decision = decide(IP, [young, WEB], world({ 'a/young': endpointsOn(['n1']) }));
    assert.equal(decision.finding.reason, 'NoEndpoints');
    assert.deepEqual([decision.services, decision.younger], [['shop/web'], ['a/young']]);
  });

  test('of one age: by name, as the allocator decides, whatever the UIDs and the order', () => {
    const twin = holding('a/twin', { uid: 'zzz' });
    for (const holders of [
      [WEB, twin],
      [twin, WEB],
    ]) {
      assert.deepEqual(decide(IP, holders, world({ 'a/twin': endpointsOn(['n1']) })).services, ['a/twin']);
    }
  });
});

suite('the endpoints of a group', () => {
  test('are those of its Services together', () => {
    assert.deepEqual(joinEndpoints([someEndpoints(['n1', 'n2'], ['n3']), someEndpoints(['n2', 'n4'])]), {
      ready: ['n1', 'n2', 'n4'],
      serving: ['n3'],
      any: true,
    });
    assert.deepEqual(joinEndpoints([NO_ENDPOINTS.ipv4, NO_ENDPOINTS.ipv4]), NO_ENDPOINTS.ipv4);
    assert.equal(joinEndpoints([NO_ENDPOINTS.ipv4, { ready: [], serving: [], any: true }]).any, true);
  });
});

const anyTerms = fc.record({
  key: fc.constantFrom(undefined, 'front', 'front', 'back'),
  namespace: fc.constantFrom('shop', 'shop', 'evil'),
  ports: fc.uniqueArray(fc.constantFrom('TCP/80', 'TCP/443', 'UDP/53', 'TCP/25'), { minLength: 1, maxLength: 2 }),
  trafficPolicy: fc.constantFrom<TrafficPolicy>('Cluster', 'Cluster', 'Local'),
  selector: fc.constantFrom(undefined, 'app=web', 'app=web', 'app=db'),
});

/** Holders of one address of any age and terms, real ones and forged ones, and a shuffle of them. */
const anyHolders = fc
  .array(fc.record({ sharing: anyTerms, createdAt: fc.nat(3) }), { minLength: 1, maxLength: 8 })
  .map((some) =>
    some.map(({ sharing, createdAt }, i) =>
      holding(`${sharing.namespace}/s${i}`, { sharing, createdAt, trafficPolicy: sharing.trafficPolicy }),
    ),
  )
  .chain((holders) =>
    fc.tuple(
      fc.constant(holders),
      fc.shuffledSubarray(holders, { minLength: holders.length, maxLength: holders.length }),
    ),
  );

suite('whoever holds an address, in whatever order they are told', () => {
  test('the group is the same, pairwise agreed, and has the oldest; all others are younger than it', () => {
    fc.assert(
      fc.property(anyHolders, ([holders, shuffled]) => {
        const { group, younger } = groupHolders(holders);
        assert.deepEqual(groupHolders(shuffled), { group, younger });
        assert.deepEqual(new Set([...group, ...younger]), new Set(holders));
        assert.equal(group.length + younger.length, holders.length);
        const age = Math.min(...holders.map(({ createdAt }) => createdAt));
        const oldest = holders.filter(({ createdAt }) => createdAt === age).map(({ key }) => key);
        assert.equal(group[0]?.key, oldest.sort()[0]);
        for (const a of group) {
          for (const b of group) if (a !== b) assert.equal(sharingProblem(a.sharing, b.sharing), undefined);
        }
      }),
    );
  });

  test('nobody is refused who agrees with all older ones of the group', () => {
    fc.assert(
      fc.property(anyHolders, ([holders]) => {
        const { group, younger } = groupHolders(holders);
        for (const refused of younger) {
          const older = group.filter(({ createdAt, key }) =>
            createdAt === refused.createdAt ? key < refused.key : createdAt < refused.createdAt,
          );
          assert.ok(older.some((member) => sharingProblem(member.sharing, refused.sharing) !== undefined));
        }
      }),
    );
  });

  test('who comes later pushes nobody out', () => {
    fc.assert(
      fc.property(anyHolders, anyTerms, ([holders], sharing) => {
        const late = holding('zoo/late', { createdAt: 9, sharing, trafficPolicy: sharing.trafficPolicy });
        const before = groupHolders(holders).group;
        assert.deepEqual(groupHolders([late, ...holders]).group.slice(0, before.length), before);
      }),
    );
  });

  test('it is announced for Services that share, with endpoints of one of them', () => {
    const someoneHasEndpoints = fc.uniqueArray(fc.nat(7), { maxLength: 4 });
    fc.assert(
      fc.property(anyHolders, someoneHasEndpoints, ([holders, shuffled], ready) => {
        const endpoints = new Map(ready.flatMap((i) => holders[i]?.key ?? []).map((key) => [key, endpointsOn(['n1'])]));
        const decision = decide(IP, holders, { ...snapshot({}), endpoints });
        assert.deepEqual(decide(IP, shuffled, { ...snapshot({}), endpoints }), decision);
        const answers = decision.services.some((key) => endpoints.has(key));
        assert.equal(decision.finding.reason, answers ? 'Announced' : 'NoEndpoints');
      }),
    );
  });
});

test('of many as of few, each joins who may share with all that are older and have joined', () => {
  const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
    fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  const terms = fc
    .record({
      key: mostly<string | undefined>('front', undefined, 'other'),
      trafficPolicy: mostly<TrafficPolicy>('Cluster', 'Local'),
      selector: mostly<string | undefined>('app=web', undefined),
      port: fc.nat(300),
    })
    .map(({ port, ...rest }) => ({ ...rest, ports: [`TCP/${port}`, `UDP/${port % 97}`] }));
  fc.assert(
    fc.property(fc.array(terms, { maxLength: 120, size: 'max' }), (all) => {
      const holders = all.map((own, i) => sharer(`shop/${i}`, '', i % 50, own));
      const joined: HoldingService[] = [];
      for (const one of holders.toSorted((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1)))
        if (joined.every((member) => sharingProblem(member.sharing, one.sharing) === undefined)) joined.push(one);
      const { group, younger } = groupHolders(holders);
      const keys = group.map(({ key }) => key);
      assert.deepEqual(
        keys,
        joined.map(({ key }) => key),
      );
      assert.equal(group.length + younger.length, holders.length);
      assert.ok(younger.every(({ key }) => !keys.includes(key)));
    }),
    { numRuns: 100, seed: 1 },
  );
});
