import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isBelieved } from '../../allocate/believed.ts';
import { poolOf, type Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Service } from '../../domain/service.ts';
import { sharingProblem, type SharingTerms } from '../../domain/sharing.ts';
import { aPool, aService, sharingTerms } from '../../domain/testing/builders.ts';
import { Admission } from './admission.ts';

const IP = '192.0.2.1';

/** A cluster as the admission sees it, with what it says of each Service. */
class Bench {
  readonly pools = new Map<string, Pool>();
  readonly namespaces = new Map<string, Labels>();
  readonly services = new Map<string, Service>();
  readonly admission = new Admission({ pools: () => this.pools, namespaces: this.namespaces });

  begin(): this {
    this.admission.begin(this.services.values());
    return this;
  }

  pool(pool: Pool): string[] {
    this.pools.set(pool.name, pool);
    return this.admission.poolsChanged();
  }

  noPool(name: string): string[] {
    this.pools.delete(name);
    return this.admission.poolsChanged();
  }

  namespace(name: string, labels: Labels): string[] {
    this.namespaces.set(name, labels);
    return this.admission.namespaceChanged(name);
  }

  service(service: Service): string[] {
    this.services.set(service.key, service);
    return this.admission.serviceChanged(service.key, service);
  }

  remove(key: string): string[] {
    this.services.delete(key);
    return this.admission.serviceChanged(key, undefined);
  }

  /** `pool=ip` of what the engine may hear of. */
  passed(key: string): string[] {
    return this.admission.passed(key).map(({ pool, ip }) => `${pool}=${ip}`);
  }
}

const FOR_A = aPool('p', ['192.0.2.0/28'], { namespaces: ['a'] });
const FOR_ALL = aPool('p', ['192.0.2.0/28']);

function holder(key: string, overrides: Partial<Service> = {}, ip = IP, pool = 'p'): Service {
  return aService(key, { held: true, recorded: [{ pool, ip }], ingressIPs: [ip], ...overrides });
}

function withPool(pool: Pool): Bench {
  const bench = new Bench();
  bench.pools.set(pool.name, pool);
  return bench;
}

suite('an address that stands in the status of a Service', () => {
  test('is passed on if the pool lets the namespace in, and not if it does not', () => {
    const bench = withPool(FOR_A).begin();
    assert.deepEqual(bench.service(holder('a/s')), ['a/s']);
    bench.service(holder('b/s', {}, '192.0.2.2'));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/s')], [['p=192.0.2.1'], []]);
  });

  test('is nothing while the leader’s proof is missing, the type is another, or the Service goes', () => {
    const bench = withPool(FOR_ALL).begin();
    for (const gone of [{ held: false }, { isLoadBalancer: false }, { deleting: true }]) {
      bench.service(holder('a/s', gone));
      assert.deepEqual(bench.passed('a/s'), []);
    }
  });

  test('is judged one by one where there are several, and they stay in their order', () => {
    const bench = withPool(FOR_A);
    bench.pools.set('six', aPool('six', ['2001:db8::/120']));
    bench.begin();
    const recorded = [
      { pool: 'six', ip: '2001:db8::1' },
      { pool: 'p', ip: IP },
    ];
    bench.service(holder('b/s', { recorded }));
    bench.service(holder('a/s', { recorded: [{ pool: 'six', ip: '2001:db8::2' }, ...recorded.slice(1)] }));
    assert.deepEqual(
      [bench.passed('b/s'), bench.passed('a/s')],
      [['six=2001:db8::1'], ['six=2001:db8::2', 'p=192.0.2.1']],
    );
  });
});

suite('an address that was believed once', () => {
  const edits: [string, (bench: Bench) => void][] = [
    ['its pool’s namespaces', (bench) => void bench.pool({ ...FOR_ALL, namespaces: ['other'] })],
    ['its pool’s namespaceSelector', (bench) => void bench.pool({ ...FOR_ALL, namespaceSelector: { team: 'x' } })],
    ['its pool’s addresses', (bench) => void bench.pool(aPool('p', ['198.51.100.0/28'], { namespaces: ['other'] }))],
    ['its namespace’s labels', (bench) => void bench.namespace('a', { team: 'y' })],
    ['its pool’s existence', (bench) => void bench.noPool('p')],
  ];
  for (const [what, edit] of edits) {
    test(`stays after an edit of ${what}, and whatever else becomes of its Service`, () => {
      const bench = withPool({ ...FOR_ALL, namespaceSelector: { team: 'x' } });
      bench.namespaces.set('a', { team: 'x' });
      bench.begin().service(holder('a/s'));
      edit(bench);
      bench.service(holder('a/s', { labels: { app: 'other' }, resourceVersion: '2' }));
      assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
    });
  }

  test('is judged anew once its Service has let go of it', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.pool({ ...FOR_ALL, namespaces: ['other'] });
    bench.service(holder('a/s', { held: false }));
    bench.service(holder('a/s'));
    assert.deepEqual(bench.passed('a/s'), []);
  });

  test('is judged anew for another Service of the same name', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.pool({ ...FOR_ALL, namespaces: ['other'] });
    bench.service(holder('a/s', { uid: 'another' }));
    assert.deepEqual(bench.passed('a/s'), []);
  });

  test('keeps the pool that it was believed with, when its record names one that bars the namespace', () => {
    const bench = withPool(FOR_ALL);
    bench.pools.set('q', aPool('q', ['192.0.2.0/24'], { namespaces: ['other'] }));
    bench.begin().service(holder('a/s'));
    bench.service(holder('a/s', {}, IP, 'q'));
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
    assert.deepEqual(bench.pool(aPool('q', ['192.0.2.0/24'])), ['a/s']);
    assert.deepEqual(bench.passed('a/s'), ['q=192.0.2.1']);
  });
});

suite('an address that is not believed', () => {
  test('is, as soon as its pool lets the namespace in', () => {
    const bench = withPool(FOR_A).begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.pool({ ...FOR_A, namespaces: ['a', 'b'] }), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
    assert.deepEqual(bench.pool(FOR_A), [], 'nobody waits any more');
  });

  test('is, as soon as the pool’s status says that its namespace holds addresses', () => {
    const bench = withPool(FOR_A).begin();
    bench.service(holder('b/s'));
    bench.pool({ ...FOR_A, heldNamespaces: ['b'] });
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
  });

  test('is, as soon as its namespace has the label; other namespaces make no difference', () => {
    const bench = withPool({ ...FOR_ALL, namespaceSelector: { team: 'x' } }).begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.namespace('bb', { team: 'x' }), []);
    assert.deepEqual(bench.namespace('b', { team: 'x' }), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
  });
});

suite('an address in no pool', () => {
  test('is passed on, so that it is reported, but is no holding that stays', () => {
    const bench = new Bench().begin();
    bench.service(holder('b/s'));
    assert.deepEqual(bench.passed('b/s'), ['p=192.0.2.1']);
    assert.deepEqual(bench.pool(FOR_A), ['b/s']);
    assert.deepEqual(bench.passed('b/s'), []);
  });

  test('keeps nobody else from getting it', () => {
    const bench = new Bench().begin();
    bench.service(holder('b/s'));
    bench.pool(FOR_A);
    bench.service(holder('a/s'));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/s')], [['p=192.0.2.1'], []]);
  });
});

suite('two Services with one address', () => {
  const shared = (port: string): Partial<Service> => ({
    sharing: sharingTerms({ key: 'k', namespace: 'a', ports: [port] }),
  });

  test('found at the start: both are passed on, whichever came first', () => {
    const bench = withPool(FOR_ALL);
    for (const key of ['b/young', 'a/old']) bench.services.set(key, holder(key));
    bench.begin();
    assert.deepEqual([bench.passed('a/old'), bench.passed('b/young')], [['p=192.0.2.1'], ['p=192.0.2.1']]);
  });

  test('one turns up later, even if it is the older: it waits until the other lets go', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/forger', { createdAt: 1 }));
    assert.deepEqual([bench.passed('a/s'), bench.passed('b/forger')], [['p=192.0.2.1'], []]);
    assert.deepEqual(bench.service(holder('a/s', { resourceVersion: '2' })), ['a/s']);
    assert.deepEqual(bench.remove('a/s').sort(), ['a/s', 'b/forger']);
    assert.deepEqual(bench.passed('b/forger'), ['p=192.0.2.1']);
  });

  test('of several that wait, the oldest gets it', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/young', { createdAt: 3_000 }));
    bench.service(holder('b/old', { createdAt: 2_000 }));
    bench.service(holder('a/s', {}, '192.0.2.2'));
    assert.deepEqual(
      ['a/s', 'b/young', 'b/old'].map((key) => bench.passed(key)),
      [['p=192.0.2.2'], [], ['p=192.0.2.1']],
    );
  });

  test('of several of one age, the first by name gets it, as everywhere', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('b/second', { uid: '1', createdAt: 2_000 }));
    bench.service(holder('b/first', { uid: '2', createdAt: 2_000 }));
    bench.remove('a/s');
    assert.deepEqual([bench.passed('b/first'), bench.passed('b/second')], [['p=192.0.2.1'], []]);
  });

  test('a Service made anew under its name does not wait for itself', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s'));
    bench.service(holder('a/s', { uid: 'another' }));
    assert.deepEqual(bench.passed('a/s'), ['p=192.0.2.1']);
  });

  test('that agree to share it: both have it, at once or from when the terms fit', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s', shared('TCP/80')));
    bench.service(holder('a/dns', shared('UDP/53')));
    bench.service(holder('a/web', shared('TCP/80')));
    assert.deepEqual(
      ['a/s', 'a/dns', 'a/web'].map((key) => bench.passed(key).length),
      [1, 1, 0],
    );
    bench.service(holder('a/s', shared('TCP/8080')));
    assert.deepEqual(bench.passed('a/web'), ['p=192.0.2.1']);
  });

  test('that do not agree any more keep it: no edit of one takes it from the other', () => {
    const bench = withPool(FOR_ALL).begin();
    bench.service(holder('a/s', shared('TCP/80')));
    bench.service(holder('a/dns', shared('UDP/53')));
    bench.service(holder('a/dns', shared('TCP/80')));
    assert.deepEqual([bench.passed('a/s').length, bench.passed('a/dns').length], [1, 1]);
  });
});

suite('under any history', () => {
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
    return aService(key, { uid: `${key}-${uid}`, held, recorded, sharing, createdAt: keys.indexOf(key) });
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
      (service) => service.uid === uid && service.held && service.recorded.some((each) => each.ip === ip),
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

  /** What is believed is passed on, unless another Service has the address; what is not believed is not, unless it was. */
  function checkService(bench: Bench, service: Service, earlier: ReadonlySet<string>): void {
    const passed = bench.admission.passed(service.key).map(({ ip }) => ip);
    if (!service.held) return assert.deepEqual(passed, []);
    for (const assignment of service.recorded.filter((each) => poolOf(each, bench.pools) !== undefined)) {
      const { ip } = assignment;
      const was = earlier.has(`${service.uid} ${ip}`);
      const mayHave =
        isBelieved(service.namespace, poolOf(assignment, bench.pools), bench.namespaces.get(service.namespace)) &&
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
});
