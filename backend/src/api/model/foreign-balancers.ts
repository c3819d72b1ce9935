import { parseAddress } from '../../domain/address.ts';
import { holds, type Pool } from '../../domain/pool.ts';
import type { Service } from '../../domain/service.ts';
import { visible, type Reading } from './audience.ts';
import type { ClusterPicture } from './picture.ts';

/** By what a controller leaves in the annotations of Services: how such a key begins, and who it is. */
const SIGNS: readonly (readonly [beginning: string, name: string])[] = [
  ['metallb.io/', 'MetalLB'],
  ['metallb.universe.tf/', 'MetalLB'],
  ['kube-vip.io/', 'kube-vip'],
  ['io.cilium/', 'Cilium'],
  ['lbipam.cilium.io/', 'Cilium'],
  ['purelb.io/', 'PureLB'],
  ['loxilb.io/', 'LoxiLB'],
];

/** What another load balancer has given to one Service. */
interface Foreign {
  readonly service: Service;
  /** Those of its addresses that lie in a pool of ours. */
  readonly inside: readonly { readonly ip: string; readonly pool: string }[];
  /** Its own class or annotation keeps us from it. */
  readonly apart: boolean;
}

export type ForeignFound = Named &
  (
    | { readonly result: 'passed' | 'warning'; readonly text?: 'apart' }
    | { readonly result: 'failed'; readonly text: 'inside' }
  );

interface Named {
  /** Those that may be named. */
  readonly objects: readonly string[];
  /** How many there are. */
  readonly count: number;
}

function poolAround(ip: string, pools: readonly Pool[]): string | undefined {
  const address = parseAddress(ip);
  return address === undefined ? undefined : pools.find((pool) => holds(pool, address))?.name;
}

/** Addresses and host names in the status that are not those of our record. */
function foreignOf(service: Service, pools: readonly Pool[], notServed: string | undefined): Foreign[] {
  const ours = new Set(service.claims ? service.recorded.map(({ ip }) => ip) : []);
  const given = service.ingressIPs.filter((ip) => !ours.has(ip));
  if (given.length === 0) return [];
  const inside = given.flatMap((ip) => {
    const pool = poolAround(ip, pools);
    return pool === undefined ? [] : [{ ip, pool }];
  });
  return [{ service, inside, apart: notServed === 'ForeignClass' || notServed === 'OptedOut' }];
}

/** Who serves it, by what it leaves there, else by the class. */
function controllerOf(
  { key, loadBalancerClass }: Service,
  { view }: ClusterPicture,
  { texts }: Reading,
): string | undefined {
  const keys = Object.keys(view.serviceObject(key)?.metadata?.annotations ?? {});
  const sign = SIGNS.find(([beginning]) => keys.some((each) => each.startsWith(beginning)));
  if (sign !== undefined) return sign[1];
  return loadBalancerClass === undefined ? undefined : texts.explain('foreign.class', { name: loadBalancerClass });
}

function named({ service, inside }: Foreign, picture: ClusterPicture, reading: Reading): string[] {
  if (visible(service.key, reading.audience) === null) return [];
  // Of a Service that is ours the class says nothing.
  const by = picture.notServed(service) === undefined ? undefined : controllerOf(service, picture, reading);
  const where = inside.map((each) => reading.texts.explain('foreign.inside', each));
  const about = [...(by === undefined ? [] : [by]), ...where].join('; ');
  return [about === '' ? service.key : `${service.key} (${about})`];
}

/**
 * Addresses that other load balancers have given. Two that give the same ones announce them against each other; Services without a class
 * could be taken by either; those with a class of their own and addresses elsewhere are in nobody's way.
 */
export function foreignServices(picture: ClusterPicture, reading: Reading): ForeignFound {
  const pools = [...picture.view.poolsInForce().values()];
  const all = [...picture.index.entries.values()]
    .flatMap(({ service, notServed }) => foreignOf(service, pools, notServed?.reason))
    .sort((a, b) => (a.service.key < b.service.key ? -1 : 1));
  const these = (some: readonly Foreign[]): Named => {
    return { objects: some.flatMap((each) => named(each, picture, reading)), count: some.length };
  };
  const inside = all.filter((each) => each.inside.length > 0);
  if (inside.length > 0) return { result: 'failed', text: 'inside', ...these(inside) };
  const close = all.filter(({ apart }) => !apart);
  if (close.length > 0) return { result: 'warning', ...these(close) };
  return all.length === 0 ? { result: 'passed', ...these([]) } : { result: 'passed', text: 'apart', ...these(all) };
}
