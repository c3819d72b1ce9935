/** What comes with a new leader: histories of the objects that it finds, and of writes of the last one that show up only then. */
import type { Labels } from '../../domain/selector.ts';
import { LOAD_BALANCER_CLASS, type Service } from '../../domain/service.ts';
import { aService, sharingTerms } from '../../domain/testing/builders.ts';
import { familyOf, holdersOf, mayGive, type Candidate } from './rules.ts';
import type { SmallCluster } from './small-cluster.ts';

/** After a restart, and after the new leader has given it to a new Service `rival`, an address turns up that the last one had given. */
export interface Late {
  readonly what: 'late';
  readonly key: string;
  readonly ip: string;
  readonly pool: string;
  readonly rival: string;
  /** If it turns up with its Service: how much older than the other one that is, in milliseconds. */
  readonly older: number;
}

/** A status is forged while there is no leader, or while the next one believes what the last one may have written. */
export interface Usurp {
  readonly what: 'usurp';
  readonly key: string;
  readonly ips: readonly string[];
  readonly pool: string;
  readonly when: 'without a leader' | 'after a change';
}

/** A leader ends, and before the next one begins somebody edits a Service's labels or those of a namespace: no leader has seen it. */
export interface Unseen {
  readonly what: 'unseen';
  readonly key: string;
  readonly labels: Labels;
  readonly of: 'the Service' | 'its namespace';
}

export function unseen(cluster: SmallCluster, { key, labels, of }: Unseen): void {
  const service = cluster.services.get(key);
  // What was forged is judged by the rules as the next leader finds them.
  if (service === undefined || cluster.forged.size > 0 || cluster.unjudged.size > 0) return;
  if (hasLostRecord(cluster)) return;
  if (of === 'the Service') cluster.services.set(key, { ...service, labels, resourceVersion: String(cluster.count()) });
  else cluster.namespaces.set(service.namespace, labels);
  restart(cluster);
}

/** Returns whether it could be. */
export function restart(cluster: SmallCluster): boolean {
  // Without a record the oldest pool that has an address counts: `believed.test.ts` says so.
  if (hasLostRecord(cluster)) return false;
  // What was forged and stands there when a leader begins is believed as far as the pools allow.
  for (const key of cluster.forged) {
    const recorded = cluster.services.get(key)?.recorded ?? [];
    cluster.doubt(
      key,
      recorded.map(({ ip }) => ip),
    );
  }
  cluster.restart();
  return true;
}

/** Whether the leader before may have given the address to the Service, which has none. */
function mayHaveGiven(cluster: SmallCluster, service: Service, candidate: Candidate): boolean {
  const { loadBalancerClass, isLoadBalancer, claims, deleting, familyPolicy, sharing } = service;
  const isPlain = familyPolicy === 'SingleStack' && sharing.key === undefined;
  const isOurs = loadBalancerClass === LOAD_BALANCER_CLASS && isLoadBalancer && !claims && !deleting;
  return isPlain && isOurs && mayGive(service, candidate, cluster);
}

/** The new leader gives the address to a new Service, if it can. */
function giveAnew(cluster: SmallCluster, key: string, ip: string): boolean {
  if (cluster.services.has(key)) return false;
  const [namespace = ''] = key.split('/');
  const own = {
    uid: cluster.newUid(),
    createdAt: cluster.now,
    families: [familyOf(ip)],
    sharing: sharingTerms({ namespace }),
  };
  cluster.put(aService(key, { ...own, wantedIPs: [ip] }));
  // Before its pool's status names it: what the last leader wrote shows up sooner.
  cluster.work([true]);
  return holdersOf(ip, cluster).some((holder) => holder.key === key);
}

export function late(cluster: SmallCluster, { key, ip, pool, rival, older }: Late): void {
  cluster.twice = undefined;
  if (!restart(cluster)) return;
  cluster.settle([true]);
  const isGiven = rival !== key && giveAnew(cluster, rival, ip);
  const [namespace = ''] = key.split('/');
  const own = {
    uid: cluster.newUid(),
    createdAt: cluster.now - older,
    families: [familyOf(ip)],
    sharing: sharingTerms({ namespace }),
  };
  const service = cluster.services.get(key) ?? aService(key, own);
  if (!mayHaveGiven(cluster, service, { pool, ip })) return;
  if (isGiven) cluster.twice = { ip, late: key, rival };
  cluster.freed.delete(ip);
  const from = cluster.pools.get(pool);
  if (from !== undefined) cluster.saysFirst(from, ip, service.namespace);
  const marks = { claims: true, hasCondition: true, hasFinalizer: true };
  cluster.put({ ...service, ...marks, recorded: [{ pool, ip }], ingressIPs: [ip] });
}

export function usurp(cluster: SmallCluster, { key, ips, pool, when }: Usurp): void {
  const isLate = when === 'after a change';
  if (isLate && restart(cluster)) cluster.settle([true]);
  const service = cluster.services.get(key);
  if (service?.isLoadBalancer !== true || cluster.forged.size > 0 || hasLostRecord(cluster)) return;
  cluster.forged.add(key);
  cluster.doubt(key, ips);
  cluster.put(forgedStatus(service, ips, pool));
  if (!isLate) cluster.restart();
}

/** What whoever may write `services/status` makes of a Service. */
export function forgedStatus(service: Service, ips: readonly string[], pool: string): Service {
  return {
    ...service,
    recorded: ips.map((ip) => ({ pool, ip })),
    ingressIPs: ips,
    claims: true,
    hasCondition: true,
  };
}

function hasLostRecord({ services }: SmallCluster): boolean {
  return [...services.values()].some(({ claims, recorded }) => claims && recorded.some(({ pool }) => pool === ''));
}
