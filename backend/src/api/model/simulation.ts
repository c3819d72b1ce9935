import { decide, type Announcement, type Decision } from '../../announce/announce.ts';
import { hears } from '../../announce/hearing.ts';
import { linkOwner } from '../../announce/link-owner.ts';
import type { HoldingService } from '../../announce/snapshot.ts';
import type { Pool } from '../../domain/pool.ts';
import { finding } from '../../domain/reason.ts';
import { findingOf, isAnnounced, isEstablished, type PeerSessions } from '../../report/announced.ts';
import type { Simulation, SimulationRequest } from '../schemas/simulation.ts';
import { Allocation } from './allocation.ts';
import { visible, type Audience } from './audience.ts';
import type { ClusterPicture } from './picture.ts';
import {
  changedWorld,
  isRefusal,
  presentWorld,
  type Refusal,
  type SimulationView,
  type World,
} from './simulated-world.ts';

type Standing = Simulation['changes'][number]['before'];
type Change = Simulation['changes'][number];

/** The changes that are listed; all are counted. */
const MAX_CHANGES = 1_000;

const NOT_ANNOUNCED = { announced: false, nodes: [], peers: [] };

/** Who hears of an address. */
function hearers({ pool, address }: Announcement, { sessions }: World): PeerSessions[] {
  const { family } = address;
  return sessions.filter((each) => hears(each.peer, pool, family) && isEstablished(each, family));
}

/** On a link one node answers for the address; which links replicas have is not asked. */
function linkDecision(
  decision: Decision,
  ip: string,
  { speakers }: World,
): Pick<Decision, 'finding'> & { nodes: string[] } {
  const eligible = decision.announcement?.nodes.map(({ name }) => name) ?? [];
  if (decision.announcement?.pool.protocol !== 'layer2' || speakers === undefined) {
    return { finding: decision.finding, nodes: eligible };
  }
  const { name: pool } = decision.announcement.pool;
  const owner = linkOwner(ip, eligible, speakers);
  if (owner === undefined) return { finding: finding('NoReplicaOnLink', { ip, pool }), nodes: [] };
  const [node = owner.node] = owner.onBehalfOf ?? [];
  return { finding: finding(owner.onBehalfOf === undefined ? 'Announced' : 'AnnouncedForNode', { ip }), nodes: [node] };
}

/** How an address is for each of the Services that it is for. */
type Standings = ReadonlyMap<string, Standing>;

function standingsOf(ip: string, holders: readonly HoldingService[], world: World): Standings {
  const decision = decide(ip, holders, world.snapshot);
  const { announcement, services, younger, idle = [] } = decision;
  const { finding: said, nodes } = linkDecision(decision, ip, world);
  const heard = announcement === undefined ? [] : hearers(announcement, world);
  const peers = heard.map(({ peer }) => peer.name).sort();
  const reports = new Map([[ip, { services, younger, idle, finding: said }]]);
  const view = { reports, pools: world.snapshot.pools, peers: world.sessions };
  const holding = holders.filter(({ key }) => services.includes(key));
  return new Map(
    holding.map((service) => {
      const assignment = service.assignments.find((each) => each.ip === ip) ?? { ip, pool: '' };
      const { reason } = findingOf(service, assignment, view) ?? said;
      return [
        service.key,
        isAnnounced(reason) ? { announced: true, reason, nodes, peers } : { ...NOT_ANNOUNCED, reason, nodes },
      ];
    }),
  );
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
  let keeps = 0;
  for (const [ip, group] of holders) {
    yield;
    const found = changesOf(ip, standingsOf(ip, group, before), standingsOf(ip, group, after));
    changes.push(...found);
    if (found.length === 0) keeps += 1;
  }
  return { changes, keeps };
}

/** Services that share an address mostly fare alike. */
function changesOf(ip: string, before: Standings, after: Standings): Change[] {
  const changes = [...before].flatMap(([key, was]): Change[] => {
    const is = after.get(key) ?? was;
    const effect = effectOf(was, is);
    return effect === undefined ? [] : [{ effect, ip, services: [key], before: was, after: is }];
  });
  const alike = Map.groupBy(changes, ({ effect, before: was, after: is }) => JSON.stringify([effect, was, is]));
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    return { ...first, services: [first, ...others].flatMap(({ services }) => services) };
  });
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

/** What would change for whom; nothing is done. It yields now and then, so that it can be made in slices. */
export function* simulate(request: SimulationRequest, view: SimulationView): Generator<void, Simulation | Refusal> {
  const { picture, words, now } = view;
  const before = yield* presentWorld(picture, words);
  const after = yield* changedWorld(before, request, view);
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
