import { decide } from '../../announce/announce.ts';
import type { HoldingService } from '../../announce/snapshot.ts';
import type { Family } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import { selects } from '../../domain/selector.ts';
import type { Word } from '../replicas/gather.ts';
import type { Simulation, SimulationRequest } from '../schemas/simulation.ts';
import { Allocation } from './allocation.ts';
import { visible, type Audience } from './audience.ts';
import type { ClusterPicture } from './picture.ts';
import { changedWorld, exchangeKey, isRefusal, presentWorld, type Refusal, type World } from './simulated-world.ts';

type Standing = Simulation['changes'][number]['before'];
type Change = Simulation['changes'][number];

/** The changes that are listed; all are counted. */
const MAX_CHANGES = 1_000;

/** Peers that are told of an address of the pool, and which of them nobody has a session with. */
function hearers(
  family: Family,
  pool: Pool,
  { peers, silent }: World,
): { readonly heard: string[]; readonly meant: number } {
  const meant = [...peers.values()].filter(
    (peer) =>
      !peer.deleting &&
      !peer.adminDown &&
      selects(pool.bgp.peerSelector, peer.labels) &&
      peer.families.some((each) => each.family === family),
  );
  const heard = meant.filter(({ name }) => !silent.has(exchangeKey(name, family)));
  return { heard: heard.map(({ name }) => name).sort(), meant: meant.length };
}

/** On a link one node answers for the address, the first one with a replica; which links it has is not asked. */
function onLink(finding: Finding, nodes: readonly string[], { speakers }: World): Standing {
  const [owner] = nodes.filter((node) => speakers?.has(node) !== false);
  if (owner === undefined) return { announced: false, reason: 'NoReplicaOnLink', nodes: [], peers: [] };
  return { announced: true, reason: finding.reason, nodes: [owner], peers: [] };
}

function standingOf(ip: string, holders: readonly HoldingService[], world: World): Standing {
  const { finding, announcement } = decide(ip, holders, world.snapshot);
  if (announcement === undefined) return { announced: false, reason: finding.reason, nodes: [], peers: [] };
  const { pool, address } = announcement;
  const nodes = announcement.nodes.map(({ name }) => name);
  if (pool.protocol !== 'bgp') return onLink(finding, nodes, world);
  const { heard, meant } = hearers(address.family, pool, world);
  if (heard.length > 0) return { announced: true, reason: finding.reason, nodes, peers: heard };
  return { announced: false, reason: meant > 0 ? 'NoPeerEstablished' : 'NoPeer', nodes, peers: [] };
}

function effectOf(before: Standing, after: Standing): Change['effect'] | undefined {
  if (before.announced !== after.announced) return after.announced ? 'gains' : 'loses';
  if (!after.announced) return undefined;
  const told = (standing: Standing): string => JSON.stringify([standing.nodes.toSorted(), standing.peers]);
  return told(before) === told(after) ? undefined : 'moves';
}

/** One address after the other: with many Services it takes a second and more, which others need not wait for. */
function* addressChanges(before: World, after: World): Generator<void, { changes: Change[]; keeps: number }> {
  const holders = new Map<string, HoldingService[]>();
  for (const service of before.snapshot.services.values()) {
    yield;
    for (const { ip } of service.assignments) holders.set(ip, [...(holders.get(ip) ?? []), service]);
  }
  const changes: Change[] = [];
  for (const [ip, group] of holders) {
    yield;
    const [was, is] = [standingOf(ip, group, before), standingOf(ip, group, after)];
    const effect = effectOf(was, is);
    if (effect === undefined) continue;
    changes.push({ effect, ip, services: group.map(({ key }) => key), before: was, after: is });
  }
  return { changes, keeps: holders.size - changes.length };
}

/** Services that wait for an address, and would get one. */
function* newlyServed(
  picture: ClusterPicture,
  pools: ReadonlyMap<string, Pool>,
  now: number,
): Generator<void, Change[]> {
  const waiting = [...picture.index.entries.values()].filter(
    (entry) => entry.notServed === undefined && !entry.service.claims,
  );
  if (waiting.length === 0) return [];
  const before = yield* Allocation.made(picture, now);
  const after = yield* Allocation.made(picture, now, picture.poolSetWith(pools));
  const nobody = { announced: false, nodes: [], peers: [] };
  const changes: Change[] = [];
  for (const { service } of waiting) {
    yield;
    const [was, is] = [before.finding(service).reason, after.finding(service).reason];
    if (was === 'Allocated' || is !== 'Allocated') continue;
    const change = { before: { ...nobody, reason: was }, after: { ...nobody, reason: is } };
    changes.push({ effect: 'gains', ip: null, services: [service.key], ...change });
  }
  return changes;
}

const WORST_FIRST = ['loses', 'moves', 'gains'] as const;

export interface SimulationView {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What would change for whom; nothing is done. It yields now and then, so that it can be made in slices. */
export function* simulate(
  request: SimulationRequest,
  { picture, words, now }: SimulationView,
): Generator<void, Simulation | Refusal> {
  const before = yield* presentWorld(picture, words);
  const after = yield* changedWorld(before, request, picture);
  if (isRefusal(after)) return after;
  yield;
  const { changes, keeps } = yield* addressChanges(before, after);
  const gained = request.pools.length === 0 ? [] : yield* newlyServed(picture, after.snapshot.pools, now);
  const all = [...changes, ...gained];
  const count = (effect: Change['effect']): number => all.filter((each) => each.effect === effect).length;
  const sorted = WORST_FIRST.flatMap((effect) => all.filter((each) => each.effect === effect));
  return {
    ...{ loses: count('loses'), moves: count('moves'), gains: count('gains'), keeps },
    changes: sorted.slice(0, MAX_CHANGES),
  };
}

/** The same without the names of Services that the caller may not know. */
export function simulationFor(answer: Simulation, audience: Audience): Simulation {
  const named = (key: string | null): string | null => (key === null ? null : visible(key, audience));
  return { ...answer, changes: answer.changes.map((change) => ({ ...change, services: change.services.map(named) })) };
}
