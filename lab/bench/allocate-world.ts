/**
 * A large cluster as the planner sees it: pools of every kind and Services that use them, the same at every run. Of each 100 Services
 * 30 take from the default pool, 10 of them with both families; 20 are in namespaces bound to pools by name and 15 by labels; 25 name
 * their pool and 5 their address; 5 share addresses by tens. The rest wait, most of them for one pool that is full.
 */
import type { AddressRange } from '../../backend/src/domain/address.ts';
import type { Pool } from '../../backend/src/domain/pool.ts';
import type { Labels } from '../../backend/src/domain/selector.ts';
import type { Service } from '../../backend/src/domain/service.ts';
import { aPool, aService, sharingTerms } from '../../backend/src/domain/testing/builders.ts';

export interface World {
  readonly pools: Map<string, Pool>;
  readonly services: Map<string, Service>;
  readonly namespaces: Map<string, Labels>;
  readonly serviceRanges: readonly AddressRange[];
  /** Number of Services that find their pools full. */
  readonly waiting: number;
}

const byName = 40;
const byLabels = 30;
const named = 107;
const full = 20;
/** The pool that most of those wait for who wait. */
export const FULL_POOL = 'full-0';
/** A pool that nobody waits for. */
export const QUIET_POOL = 'named-7';
/** A namespace to which no pool is bound. */
export const FREE_NAMESPACE = 'shop-0';
const startedAt = Date.UTC(2025, 0, 1);

function rangesOf(index: number): string {
  return `10.${64 + (index >> 4)}.${(index & 15) * 16}.0/20`;
}

/** 200 pools: default for both families, bound by name and by labels, named ones of Layer 2 and BGP, and small ones that get full. */
function allPools(): Pool[] {
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  return [
    aPool('default', ['10.0.0.0/15'], { isDefault: true }),
    aPool('default6', ['2001:db8:0:1::/64'], { isDefault: true, priority: 1 }),
    aPool('wanted', ['10.32.0.0/15'], { avoidBuggyIPs: true }),
    ...numbers(byName).map((i) => aPool(`by-name-${i}`, [rangesOf(i)], { namespaces: [`bound-${i}`] })),
    ...numbers(byLabels).map((i) =>
      aPool(`by-labels-${i}`, [rangesOf(byName + i)], { namespaceSelector: { team: `team-${i}` }, priority: i % 3 }),
    ),
    ...numbers(named).map((i) =>
      aPool(`named-${i}`, [rangesOf(byName + byLabels + i)], {
        protocol: i % 4 === 0 ? 'layer2' : 'bgp',
        reuseAfterSeconds: i % 5 === 0 ? 300 : 0,
      }),
    ),
    ...numbers(full).map((i) => aPool(`full-${i}`, [`10.${144 + i}.0.0/26`])),
  ];
}

/** A Service with its place in the mix; `i` counts all Services. */
function oneService(i: number): Service {
  const turn = Math.floor(i / 100);
  const kind = KINDS.find(({ below }) => i % 100 < below) ?? { make: fromDefault };
  return kind.make(i, turn);
}

function made(namespace: string, i: number, overrides: Partial<Service> = {}): Service {
  return aService(`${namespace}/service-${i}`, {
    createdAt: startedAt + i * 1_000,
    labels: { app: `app-${i}` },
    ...overrides,
  });
}

function fromDefault(i: number): Service {
  return made(`shop-${i % 50}`, i, { loadBalancerClass: undefined });
}

function dualStack(i: number): Service {
  const familyPolicy = i % 2 === 0 ? 'RequireDualStack' : 'PreferDualStack';
  return made(`shop-${i % 50}`, i, { families: ['ipv4', 'ipv6'], familyPolicy });
}

function naming(i: number): Service {
  return made(`shop-${i % 50}`, i, { wantedPools: [`named-${i % named}`] });
}

function wanting(i: number, turn: number): Service {
  const number = turn * 5 + (i % 5);
  const ip = `10.${32 + (number >> 15)}.${(number >> 7) & 255}.${1 + (number & 127)}`;
  return made(`shop-${i % 50}`, i, { wantedIPs: [ip] });
}

function sharing(i: number, turn: number): Service {
  const group = turn >> 1;
  const namespace = `shop-${group % 50}`;
  const ports = [`TCP/${1_000 + (i % 200)}`];
  return made(namespace, i, { sharing: sharingTerms({ key: `group-${group}`, namespace, ports }) });
}

interface Kind {
  /** Applies to those of each 100 whose number is below. */
  readonly below: number;
  readonly make: (i: number, turn: number) => Service;
}

const KINDS: readonly Kind[] = [
  { below: 20, make: fromDefault },
  { below: 30, make: dualStack },
  { below: 50, make: (i) => made(`bound-${i % byName}`, i) },
  { below: 65, make: (i) => made(`labelled-${i % byLabels}`, i) },
  { below: 90, make: naming },
  { below: 95, make: wanting },
  { below: 100, make: sharing },
];

/** Services that fill the small pools, and `waiting` more, of which three in four want the same pool. */
function crowded(count: number, from: number): Service[] {
  return Array.from({ length: count }, (_, n) => {
    const pool = n < full * 64 ? `full-${n % full}` : n % 4 === 0 ? `full-${n % full}` : FULL_POOL;
    return made(`shop-${n % 50}`, from + n, { wantedPools: [pool] });
  });
}

/** `count` Services in all, new ones without an address. */
export function buildWorld(count: number): World {
  const waiting = Math.min(1_334, Math.floor(count / 4));
  const crowd = crowded(waiting + full * 64, count);
  const ordinary = Array.from({ length: Math.max(0, count - crowd.length) }, (_, i) => oneService(i));
  const all = [...ordinary, ...crowd];
  const namespaces = new Map(all.map(({ namespace }): [string, Labels] => [namespace, labelsOf(namespace)]));
  return {
    pools: new Map(allPools().map((pool) => [pool.name, pool])),
    services: new Map(all.map((service) => [service.key, service])),
    namespaces,
    serviceRanges: [{ family: 'ipv4', first: 0x0a60_0000n, last: 0x0a6f_ffffn }],
    waiting,
  };
}

function labelsOf(namespace: string): Labels {
  const [kind, number = ''] = namespace.split('-');
  const labels = { 'kubernetes.io/metadata.name': namespace };
  return kind === 'labelled' ? { ...labels, team: `team-${number}` } : labels;
}
