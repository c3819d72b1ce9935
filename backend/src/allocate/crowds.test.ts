import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { Crowds } from './crowds.ts';
import { said } from './plan.ts';
import { PoolSet } from './pool-set.ts';

const SECONDS = 1_000;

/** An allocator with its Services, each of which is written at once. */
class Desk {
  readonly #services: Map<string, Service>;
  readonly #allocator: Allocator;
  /** By Service its addresses, and what its condition says. */
  readonly told = new Map<string, string>();
  #now = 1_000_000_000;

  constructor(pools: readonly Pool[], services: readonly Service[]) {
    this.#services = new Map(services.map((service) => [service.key, service]));
    this.#allocator = new Allocator({
      services: this.#services,
      namespaces: new Map([
        ['rude', {}],
        ['shop', {}],
      ]),
    });
    this.#work(this.#allocator.adopt(this.#set(pools), { released: new Map(), used: new Map() }, this.#now));
  }

  configure(pools: readonly Pool[]): void {
    this.#now += 10 * SECONDS;
    this.#work(this.#allocator.elapsed(this.#now).again);
    this.#work(this.#allocator.configure(this.#set(pools), this.#now).again);
  }

  remove(key: string): void {
    this.#services.delete(key);
    this.told.delete(key);
    this.#work(this.#allocator.forget(key, this.#now).again);
  }

  #set(pools: readonly Pool[]): PoolSet {
    return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), undefined, this.#allocator.pools);
  }

  #work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const service = this.#services.get(key);
      if (service === undefined) continue;
      const planned = this.#allocator.plan(service, this.#now);
      queue.push(...this.#allocator.take(service, planned, this.#now).again);
      const recorded = planned.served ? planned.assignments : [];
      const ingressIPs = recorded.map(({ ip }) => ip);
      this.told.set(key, `${ingressIPs.join()} ${said(planned)}`);
      if (ingressIPs.length > 0) this.#services.set(key, { ...service, claims: true, recorded, ingressIPs });
      queue.push(...this.#allocator.settle(service, planned, this.#now).again);
    }
  }
}

const RANGES = [['1'], ['1', '2'], ['2001:db8::1'], ['1', '2001:db8::1']] as const;

/** Of the pool at an index: its ranges don't overlap those of others. */
function rangesOf(which: number, index: number): Pool['ranges'] {
  const texts = (RANGES[which] ?? []).map((text) =>
    text.includes(':') ? `2001:db8:${index}::1` : `192.0.${index}.${text}`,
  );
  return aPool('p', texts).ranges;
}

const NAMES = ['p', 'q', 'r'];
const boundary = fc.record({
  namespaces: fc.constantFrom([], ['shop']),
  serviceSelector: fc.constantFrom(undefined, undefined, { matchLabels: { tier: 'gold' }, matchExpressions: [] }),
  isDefault: fc.boolean(),
});
const state = fc.record({ disabled: fc.boolean(), priority: fc.nat(1), reuseAfterSeconds: fc.constantFrom(0, 30) });
const service = fc.record({
  namespace: fc.constantFrom('shop', 'rude'),
  labels: fc.constantFrom({}, {}, { tier: 'gold' }),
  families: fc.constantFrom<Service['families']>(['ipv4'], ['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']),
  familyPolicy: fc.constantFrom<Service['familyPolicy']>('SingleStack', 'RequireDualStack', 'PreferDualStack'),
  wantedPools: fc.constantFrom([], [], ['p', 'q'], ['p', 'q'], ['q', 'p'], ['p', 'q', 'r'], ['gone', 'p']),
});
const scenario = fc.record({
  pools: fc.tuple(...NAMES.map(() => fc.tuple(fc.nat(RANGES.length - 1), boundary, state))),
  services: fc.array(service, { minLength: 5, maxLength: 9 }),
  edits: fc.array(
    fc.record({ pool: fc.nat(2), ranges: fc.nat(RANGES.length - 1), state, gone: fc.option(fc.nat(7), { freq: 5 }) }),
    { minLength: 2, maxLength: 6 },
  ),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** What the Services have and are told, after each edit. */
function course({ pools: first, services, edits }: Scenario): object[] {
  const pools = first.map(([which, bounds, is], i) =>
    aPool(NAMES[i] ?? '', [], { ranges: rangesOf(which, i), ...bounds, ...is }),
  );
  const all = services.map((given, i) => aService(`${given.namespace}/s${i}`, { ...given, createdAt: i }));
  const desk = new Desk(pools, all);
  const told = (): object => Object.fromEntries([...desk.told].sort());
  return [
    told(),
    ...edits.map(({ pool: at, ranges, state: is, gone }) => {
      const leaves = gone === null ? undefined : all[gone];
      if (leaves !== undefined) desk.remove(leaves.key);
      const edited = pools[at];
      if (edited !== undefined) pools[at] = { ...edited, ranges: rangesOf(ranges, at), ...is };
      desk.configure(pools);
      return told();
    }),
  ];
}

suite('of those who wait for the same only some are planned anew', () => {
  test('and all get and hear the same as if each was', (t) => {
    let spared = 0;
    let withCrowds = true;
    const original = Crowds.prototype.isHopeless;
    t.mock.method(Crowds.prototype, 'isHopeless', function (this: Crowds, given: Service) {
      const hopeless = withCrowds && original.call(this, given);
      if (hopeless) spared += 1;
      return hopeless;
    });
    const one = fc.property(scenario, (given) => {
      const [actual, expected] = [true, false].map((using) => {
        withCrowds = using;
        return course(given);
      });
      assert.deepEqual(actual, expected);
    });
    fc.assert(one, { numRuns: 1_000 });
    assert.ok(spared > 0, 'no crowd was met');
  });

  test('who names its pools has them in that order, who names none in that of their priorities', () => {
    const shut = (name: string, priority: number): Pool =>
      aPool(name, [`192.0.2.${priority}/32`], { isDefault: true, disabled: true, priority });
    const desk = new Desk(
      [shut('p', 1), shut('q', 2)],
      [aService('shop/naming', { createdAt: 1, wantedPools: ['p', 'q'] }), aService('shop/taking', { createdAt: 2 })],
    );
    const first = (): string[] =>
      ['shop/naming', 'shop/taking'].map((key) => /"pool":"(.)"/.exec(desk.told.get(key) ?? '')?.[1] ?? '');
    assert.deepEqual(first(), ['p', 'p']);
    desk.configure([shut('p', 3), shut('q', 2)]);
    assert.deepEqual(first(), ['p', 'q']);
  });

  for (const [what, shut] of [
    ['disabled', { disabled: true }],
    ['of the other family', { ranges: aPool('b', ['2001:db8::/64']).ranges }],
  ] as const) {
    for (const [how, bounds] of [
      ['namespaces', { namespaces: ['shop'] }],
      ['labels of Services', { serviceSelector: { matchLabels: { tier: 'gold' }, matchExpressions: [] } }],
    ] as const) {
      test(`a pool ${what} that is bound to ${how} opens: who is let in gets its address, whoever else names it`, () => {
        const full = aPool('full', ['192.0.2.1/32'], { isDefault: true });
        const bound = aPool('bound', ['192.0.2.8/29'], { ...bounds, priority: 5 });
        const desk = new Desk(
          [full, { ...bound, ...shut }],
          [
            aService('shop/first', { createdAt: 1, wantedPools: ['full'] }),
            aService('rude/older', { createdAt: 2, wantedPools: ['full', 'bound'] }),
            aService('shop/younger', { createdAt: 3, wantedPools: ['full', 'bound'], labels: { tier: 'gold' } }),
          ],
        );
        assert.match(desk.told.get('shop/younger') ?? '', /^ .*PoolFull/);
        desk.configure([full, bound]);
        assert.match(desk.told.get('shop/younger') ?? '', /^192\.0\.2\.8 .*Allocated/);
        assert.match(desk.told.get('rude/older') ?? '', /^ .*PoolFull/);
      });
    }
  }
});
