import { decide } from '../../announce/announce.ts';
import type { HoldingService, NodeHealth, Snapshot } from '../../announce/snapshot.ts';
import { parseAddress } from '../../domain/address.ts';
import type { Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../../domain/service.ts';
import { selects } from '../../domain/selector.ts';
import { parseEip } from '../../resources/parse-eip.ts';
import type { Word } from '../replicas/gather.ts';
import type { Simulation, SimulationRequest } from '../schemas/simulation.ts';
import { Allocation } from './allocation.ts';
import { visible, type Audience } from './audience.ts';
import { foremost } from './services.ts';
import type { ClusterPicture } from './picture.ts';

/** A change that can't be made, with what is wrong in the request. */
export interface Refusal {
  readonly field: string;
  readonly message: string;
}

/** Everything that the answer depends on, as it is or as it would be. */
interface World {
  readonly snapshot: Snapshot;
  readonly peers: ReadonlyMap<string, Peer>;
}

type Standing = Simulation['changes'][number]['before'];
type Change = Simulation['changes'][number];

/** The changes that are listed; all are counted. */
const MAX_CHANGES = 1_000;

function healthBy(words: readonly Word[]): ReadonlyMap<string, NodeHealth> {
  const first = foremost(words);
  const word = words.find((each) => 'facts' in each && each.facts.replica === first);
  const nodes = word !== undefined && 'facts' in word ? word.facts.nodes : [];
  return new Map(nodes.map(({ node, health }) => [node, health]));
}

function worldOf({ view }: ClusterPicture, words: readonly Word[]): World {
  const { services = new Map(), endpoints = new Map(), nodes = new Map(), pools = new Map() } = view.inputs();
  const present = <T>(map: ReadonlyMap<string, T | null>): Map<string, T> =>
    new Map([...map].flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  return {
    snapshot: {
      services: present<HoldingService>(services),
      endpoints: present<ServiceEndpoints>(endpoints),
      nodes: present(nodes),
      pools: present<Pool>(pools),
      ...{ gone: new Map(), drains: new Map(), health: healthBy(words) },
      protocols: new Set(['bgp', 'layer2']),
    },
    peers: new Map(view.peers.values()),
  };
}

function withoutNodes(endpoints: FamilyEndpoints, gone: ReadonlySet<string>): FamilyEndpoints {
  const stay = (nodes: readonly string[]): string[] => nodes.filter((node) => !gone.has(node));
  const [ready, serving] = [stay(endpoints.ready), stay(endpoints.serving)];
  const named = endpoints.ready.length + endpoints.serving.length > 0;
  return { ready, serving, any: named ? ready.length + serving.length > 0 : endpoints.any };
}

function drained(snapshot: Snapshot, names: readonly string[]): Snapshot {
  if (names.length === 0) return snapshot;
  const gone = new Set(names);
  const endpoints = [...snapshot.endpoints].map(([key, { ipv4, ipv6 }]) => {
    return [key, { ipv4: withoutNodes(ipv4, gone), ipv6: withoutNodes(ipv6, gone) }] as const;
  });
  const nodes = [...snapshot.nodes].filter(([name]) => !gone.has(name));
  return { ...snapshot, nodes: new Map(nodes), endpoints: new Map(endpoints) };
}

function editedPool(
  { name, spec, disable, delete: deleted }: SimulationRequest['pools'][number],
  before: Pool | undefined,
  picture: ClusterPicture,
): Pool | Refusal {
  let pool = before;
  if (spec !== undefined) {
    const object = picture.view.poolObject(name) ?? { metadata: { name } };
    const parsed = parseEip({ ...object, spec });
    if (!parsed.ok) {
      const [{ field, message } = { field: 'spec', message: '' }] = parsed.problems;
      return { field: `body.pools.${name}.${field}`, message };
    }
    pool = parsed.value;
  }
  if (pool === undefined) return { field: 'body.pools', message: `there is no Eip ${name}` };
  return { ...pool, disabled: disable ?? pool.disabled, deleting: deleted ?? pool.deleting };
}

function isRefusal(value: object): value is Refusal {
  return 'field' in value && 'message' in value;
}

/** The world after all changes, or what is wrong with them. */
function changed(world: World, request: SimulationRequest, picture: ClusterPicture): World | Refusal {
  const unknown = request.drainNodes.find((name) => !world.snapshot.nodes.has(name));
  if (unknown !== undefined) return { field: 'body.drainNodes', message: `there is no node ${unknown}` };
  const pools = new Map(world.snapshot.pools);
  for (const change of request.pools) {
    const pool = editedPool(change, pools.get(change.name), picture);
    if (isRefusal(pool)) return pool;
    pools.set(change.name, pool);
  }
  const peers = new Map(world.peers);
  for (const { name, adminDown, delete: deleted } of request.peers) {
    const peer = peers.get(name);
    if (peer === undefined) return { field: 'body.peers', message: `there is no BgpPeer ${name}` };
    if (deleted === true) peers.delete(name);
    else peers.set(name, { ...peer, adminDown: adminDown ?? peer.adminDown });
  }
  return { snapshot: { ...drained(world.snapshot, request.drainNodes), pools }, peers };
}

function hearers(ip: string, pool: Pool, peers: World['peers']): string[] {
  const family = parseAddress(ip)?.family;
  const heard = [...peers.values()].filter(
    (peer) =>
      !peer.deleting &&
      !peer.adminDown &&
      selects(pool.bgp.peerSelector, peer.labels) &&
      peer.families.some((each) => each.family === family),
  );
  return heard.map(({ name }) => name).sort();
}

function standingOf(ip: string, holders: readonly HoldingService[], { snapshot, peers }: World): Standing {
  const { finding, announcement } = decide(ip, holders, snapshot);
  if (announcement === undefined) return { announced: false, reason: finding.reason, nodes: [], peers: [] };
  const nodes = announcement.nodes.map(({ name }) => name);
  if (announcement.pool.protocol !== 'bgp') {
    // On a link one node answers for the address.
    return { announced: true, reason: finding.reason, nodes: nodes.slice(0, 1), peers: [] };
  }
  const heard = hearers(ip, announcement.pool, peers);
  if (heard.length === 0) return { announced: false, reason: 'NoPeer', nodes, peers: [] };
  return { announced: true, reason: finding.reason, nodes, peers: heard };
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
function newlyServed(picture: ClusterPicture, pools: ReadonlyMap<string, Pool>, now: number): Change[] {
  const waiting = [...picture.index.entries.values()].filter(
    (entry) => entry.notServed === undefined && !entry.service.held,
  );
  if (waiting.length === 0) return [];
  const [before, after] = [new Allocation(picture, now), new Allocation(picture, now, picture.poolSetWith(pools))];
  const nobody = { announced: false, nodes: [], peers: [] };
  return waiting.flatMap(({ service }): Change[] => {
    const [was, is] = [before.finding(service).reason, after.finding(service).reason];
    if (was === 'Allocated' || is !== 'Allocated') return [];
    const change = { before: { ...nobody, reason: was }, after: { ...nobody, reason: is } };
    return [{ effect: 'gains', ip: null, services: [service.key], ...change }];
  });
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
  const before = worldOf(picture, words);
  const after = changed(before, request, picture);
  if (isRefusal(after)) return after;
  yield;
  const { changes, keeps } = yield* addressChanges(before, after);
  const gained = request.pools.length === 0 ? [] : newlyServed(picture, after.snapshot.pools, now);
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
