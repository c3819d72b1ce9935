import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBelieved } from '../../allocate/believed.ts';
import { groupHolders } from '../../announce/holders.ts';
import { poolOf } from '../../domain/pool.ts';
import type { Service } from '../../domain/service.ts';
import { sharingProblem, type SharingTerms } from '../../domain/sharing.ts';
import { aPool, aService, sharingTerms } from '../../domain/testing/builders.ts';
import { toHoldingService } from './domain/holding.ts';
import { Bench } from './testing/admission-bench.ts';

const ips = ['192.0.2.1', '192.0.2.2', '198.51.100.1'];
const keys = ['a/1', 'a/2', 'b/1', 'b/2'];
const namespaceList = fc.constantFrom<string[]>([], ['a'], ['b']);
const pools = fc.record({
  name: fc.constantFrom('p', 'q'),
  ranges: fc.constantFrom(['192.0.2.0/28'], ['192.0.2.1'], ['198.51.100.0/28'], ['192.0.2.2', '198.51.100.1']),
  namespaces: namespaceList,
  namespaceSelector: fc.constantFrom(undefined, { team: 'x' }),
  heldNamespaces: namespaceList,
});
const terms = fc.record({ key: fc.constantFrom(undefined, 'k'), ports: fc.constantFrom(['TCP/1'], ['TCP/2']) });
const services = fc.record({
  key: fc.constantFrom(...keys),
  uid: fc.constantFrom('u', 'v'),
  held: fc.boolean(),
  ip: fc.uniqueArray(fc.constantFrom(...ips), { minLength: 1, maxLength: 2 }),
  pool: fc.constantFrom('p', 'q', ''),
  terms,
});
type Step = (bench: Bench) => string[];
const steps: fc.Arbitrary<Step> = fc.oneof(
  pools.map(
    ({ name, ranges, ...rest }): Step =>
      (bench) =>
        bench.pool(aPool(name, ranges, rest)),
  ),
  fc.constantFrom('p', 'q').map(
    (name): Step =>
      (bench) =>
        bench.noPool(name),
  ),
  fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y')).map(
    ([name, team]): Step =>
      (bench) =>
        bench.namespace(name, { team }),
  ),
  {
    weight: 4,
    arbitrary: services.map(
      (fields): Step =>
        (bench) =>
          bench.service(serviceOf(fields)),
    ),
  },
  fc.constantFrom(...keys).map(
    (key): Step =>
      (bench) =>
        bench.remove(key),
  ),
);

function serviceOf(fields: {
  key: string;
  uid: string;
  held: boolean;
  ip: string[];
  pool: string;
  terms: Pick<SharingTerms, 'key' | 'ports'>;
}): Service {
  const { key, uid, held, ip, pool } = fields;
  const recorded = ip.map((each) => ({ ip: each, pool }));
  const namespace = key.slice(0, 1);
  const sharing = sharingTerms({ ...fields.terms, namespace });
  return aService(key, { uid: `${key}-${uid}`, claims: held, recorded, sharing, createdAt: keys.indexOf(key) });
}

/** Addresses that a Service is passed and that lie in a pool, with who it is. */
function admitted(bench: Bench): Set<string> {
  const found = [...bench.services.values()].flatMap(({ key, uid }) =>
    bench.admission.passed(key).flatMap((given) => (poolOf(given, bench.pools) ? `${uid} ${given.ip}` : [])),
  );
  return new Set(found);
}

function asks(bench: Bench, holding: string): boolean {
  const [uid, ip] = holding.split(' ');
  return [...bench.services.values()].some(
    (service) => service.uid === uid && service.claims && service.recorded.some((each) => each.ip === ip),
  );
}

function isTaken(bench: Bench, service: Service, ip: string): boolean {
  return [...bench.services.values()].some(
    (other) =>
      other.key !== service.key &&
      bench.admission.passed(other.key).some((each) => each.ip === ip) &&
      sharingProblem(other.sharing, service.sharing) !== undefined,
  );
}

/** Of the addresses in a status, all of one family, a leader can have written one: that which was there before, or else the first. */
function isPossible({ uid, recorded }: Service, ip: string, earlier: ReadonlySet<string>): boolean {
  return recorded[0]?.ip === ip && !recorded.some((each) => earlier.has(`${uid} ${each.ip}`));
}

/** What is possible and believed is passed on, unless another Service has the address; what is not believed is not, unless it was. */
function checkService(bench: Bench, service: Service, earlier: ReadonlySet<string>): void {
  const passed = bench.admission.passed(service.key).map(({ ip }) => ip);
  if (!service.claims) return assert.deepEqual(passed, []);
  for (const assignment of service.recorded.filter((each) => poolOf(each, bench.pools) !== undefined)) {
    const { ip } = assignment;
    const was = earlier.has(`${service.uid} ${ip}`);
    const mayHave =
      isPossible(service, ip, earlier) &&
      isBelieved(
        { service, ip, pool: poolOf(assignment, bench.pools) },
        {
          ...{ pools: bench.poolSet(), labels: bench.namespaces.get(service.namespace) },
          ...{ isNamed: false, mayOmit: false },
        },
      ) &&
      !isTaken(bench, service, ip);
    if (mayHave || was) assert.ok(passed.includes(ip), `${service.key} has ${ip}`);
    else assert.ok(!passed.includes(ip), `${service.key} has not ${ip}`);
  }
}

test('what was admitted stays until its Service lets go, the rest is passed on if it is believed and nobody has it', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (history) => {
      const bench = new Bench().begin();
      let earlier = new Set<string>();
      for (const step of history) {
        const before = new Map(keys.map((key) => [key, bench.passed(key)]));
        const touched = step(bench);
        earlier = new Set([...earlier].filter((holding) => asks(bench, holding)));
        for (const service of bench.services.values()) checkService(bench, service, earlier);
        earlier = new Set([...earlier, ...admitted(bench)]);
        for (const key of keys)
          if (!touched.includes(key)) assert.deepEqual(bench.passed(key), before.get(key), `${key} is told of`);
      }
    }),
    { numRuns: 1000 },
  );
});

/** For whom an address would be announced. */
function announcedFor(bench: Bench, ip: string): Service[] {
  const holding = [...bench.services.values()].flatMap((service) => {
    const isPassed = bench.admission.passed(service.key).some((given) => given.ip === ip);
    const cut = isPassed ? toHoldingService(service) : undefined;
    return cut === undefined ? [] : [cut];
  });
  return groupHolders(holding).group.flatMap(({ key }) => bench.services.get(key) ?? []);
}

/** Nobody in one of the groups is kept from the address by somebody in the other one. */
function assertOfOneMind(some: readonly Service[], others: readonly Service[]): void {
  for (const one of some) {
    const rivals = others.filter(({ key, sharing }) => key !== one.key && sharingProblem(sharing, one.sharing));
    assert.deepEqual(rivals, [], `and ${one.key}`);
  }
}

test('a replica that starts announces no address for another Service than one that was there, whatever that has seen', () => {
  const claims = services.map(
    (fields): Step =>
      (bench) =>
        bench.service(serviceOf({ ...fields, pool: 'p' })),
  );
  const goes = fc.constantFrom(...keys).map(
    (key): Step =>
      (bench) =>
        bench.remove(key),
  );
  const started = (bench?: Bench): Bench => {
    const fresh = new Bench();
    fresh.pools.set('p', aPool('p', ['192.0.2.0/28', '198.51.100.0/28']));
    for (const service of bench?.services.values() ?? []) fresh.services.set(service.key, service);
    return fresh.begin();
  };
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 5, arbitrary: claims }, goes), { maxLength: 20 }), (history) => {
      const bench = started();
      for (const step of history) {
        step(bench);
        const other = started(bench);
        for (const ip of ips) assertOfOneMind(announcedFor(bench, ip), announcedFor(other, ip));
      }
    }),
    { numRuns: 300 },
  );
});
