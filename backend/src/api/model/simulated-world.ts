import type { NodeHealth, HoldingService, Snapshot } from '../../announce/snapshot.ts';
import type { Family } from '../../domain/address.ts';
import type { Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../../domain/service.ts';
import { parseBgpPeer } from '../../resources/parse-bgp-peer.ts';
import { parseEip } from '../../resources/parse-eip.ts';
import type { ReplicaReport } from '../replicas/facts.ts';
import type { Word } from '../replicas/gather.ts';
import type { SimulationRequest } from '../schemas/simulation.ts';
import type { ClusterPicture } from './picture.ts';
import { foremost } from './verdict.ts';

/** A change that can't be made, with what is wrong in the request. */
export interface Refusal {
  readonly field: string;
  readonly message: string;
}

/** Everything that the answer depends on, as it is or as it would be. */
export interface World {
  readonly snapshot: Snapshot;
  readonly peers: ReadonlyMap<string, Peer>;
  /** `exchangeKey`s of those that are told nothing now, as no replica that answered has a session with them for it. */
  readonly silent: ReadonlySet<string>;
  /** Nodes with a replica: on a link they alone can answer. Undefined: no replica answered. */
  readonly speakers: ReadonlySet<string> | undefined;
}

export function exchangeKey(peer: string, family: Family): string {
  return `${peer} ${family}`;
}

function silentPeers(peers: Iterable<Peer>, facts: readonly ReplicaReport[]): Set<string> {
  const exchanges = ({ name }: Peer, family: Family): boolean =>
    facts.some(({ sessions }) =>
      sessions.some(
        ({ peer, state, families }) =>
          peer === name && state === 'Established' && families.some((agreed) => agreed.family.startsWith(family)),
      ),
    );
  if (facts.length === 0) return new Set();
  const keys = [...peers].flatMap((peer) =>
    peer.families.flatMap(({ family }) => (exchanges(peer, family) ? [] : [exchangeKey(peer.name, family)])),
  );
  return new Set(keys);
}

/** What the replica says whose routes count. */
function decisive(words: readonly Word[]): Pick<Snapshot, 'health' | 'drains'> {
  const first = foremost(words);
  const word = words.find((each) => 'facts' in each && each.facts.replica === first);
  const facts = word !== undefined && 'facts' in word ? word.facts : undefined;
  const health = new Map<string, NodeHealth>((facts?.nodes ?? []).map((verdict) => [verdict.node, verdict.health]));
  return { health, drains: new Map(facts?.drains) };
}

function present<T>(map: ReadonlyMap<string, T | null>): Map<string, T> {
  const all = new Map<string, T>();
  for (const [key, value] of map) if (value !== null) all.set(key, value);
  return all;
}

/** As it is now, by the cluster's objects and what replicas say. */
export function* presentWorld({ view }: ClusterPicture, words: readonly Word[]): Generator<void, World> {
  const inputs = view.inputs();
  yield;
  const services = present<HoldingService>(inputs.services ?? new Map());
  yield;
  const endpoints = present<ServiceEndpoints>(inputs.endpoints ?? new Map());
  yield;
  const [nodes, pools] = [present<Node>(inputs.nodes ?? new Map()), present<Pool>(inputs.pools ?? new Map())];
  const peers = new Map(view.peers.values());
  const facts = words.flatMap((word) => ('facts' in word ? word.facts : []));
  const now = { gone: new Map(), ...decisive(words), protocols: new Set(['bgp', 'layer2'] as const) };
  return {
    snapshot: { services, endpoints, nodes, pools, ...now },
    peers,
    silent: silentPeers(peers.values(), facts),
    speakers: facts.length === 0 ? undefined : new Set(facts.map(({ node }) => node)),
  };
}

function withoutNodes(endpoints: FamilyEndpoints, gone: ReadonlySet<string>): FamilyEndpoints {
  const stay = (nodes: readonly string[]): string[] => nodes.filter((node) => !gone.has(node));
  const [ready, serving] = [stay(endpoints.ready), stay(endpoints.serving)];
  const named = endpoints.ready.length + endpoints.serving.length > 0;
  return { ready, serving, any: named ? ready.length + serving.length > 0 : endpoints.any };
}

/** A step per Service of which Pods go along. */
function* drained(world: World, names: readonly string[]): Generator<void, World> {
  if (names.length === 0) return world;
  const { snapshot } = world;
  const gone = new Set(names);
  const endpoints = new Map<string, ServiceEndpoints>();
  for (const [key, { ipv4, ipv6 }] of snapshot.endpoints) {
    yield;
    endpoints.set(key, { ipv4: withoutNodes(ipv4, gone), ipv6: withoutNodes(ipv6, gone) });
  }
  const nodes = new Map([...snapshot.nodes].filter(([name]) => !gone.has(name)));
  const speakers = world.speakers === undefined ? undefined : new Set([...world.speakers].filter((n) => !gone.has(n)));
  return { ...world, snapshot: { ...snapshot, nodes, endpoints }, speakers };
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

function editedPeer(
  { name, spec, adminDown }: SimulationRequest['peers'][number],
  before: Peer | undefined,
  picture: ClusterPicture,
): Peer | Refusal {
  let peer = before;
  if (spec !== undefined) {
    const object = picture.view.peerObject(name) ?? { metadata: { name } };
    const parsed = parseBgpPeer({ ...object, spec });
    if (!parsed.ok) {
      const [{ field, message } = { field: 'spec', message: '' }] = parsed.problems;
      return { field: `body.peers.${name}.${field}`, message };
    }
    peer = parsed.value;
  }
  if (peer === undefined) return { field: 'body.peers', message: `there is no BgpPeer ${name}` };
  return { ...peer, adminDown: adminDown ?? peer.adminDown };
}

export function isRefusal(value: object): value is Refusal {
  return 'field' in value && 'message' in value;
}

function changedPools(
  world: World,
  request: SimulationRequest,
  picture: ClusterPicture,
): ReadonlyMap<string, Pool> | Refusal {
  const pools = new Map(world.snapshot.pools);
  for (const change of request.pools) {
    const pool = editedPool(change, pools.get(change.name), picture);
    if (isRefusal(pool)) return pool;
    pools.set(change.name, pool);
  }
  return pools;
}

/** Of a peer that is changed it is taken that its session comes up. */
function changedPeers(
  world: World,
  request: SimulationRequest,
  picture: ClusterPicture,
): Pick<World, 'peers' | 'silent'> | Refusal {
  const [peers, silent] = [new Map(world.peers), new Set(world.silent)];
  for (const change of request.peers) {
    const peer = editedPeer(change, peers.get(change.name), picture);
    if (isRefusal(peer)) return peer;
    if (change.delete === true) peers.delete(change.name);
    else peers.set(change.name, peer);
    const opens = change.spec !== undefined || change.adminDown === false;
    if (opens) for (const { family } of peer.families) silent.delete(exchangeKey(peer.name, family));
  }
  return { peers, silent };
}

/** The world after all changes, or what is wrong with them. */
export function* changedWorld(
  world: World,
  request: SimulationRequest,
  picture: ClusterPicture,
): Generator<void, World | Refusal> {
  const unknown = request.drainNodes.find((name) => !world.snapshot.nodes.has(name));
  if (unknown !== undefined) return { field: 'body.drainNodes', message: `there is no node ${unknown}` };
  const pools = changedPools(world, request, picture);
  if (isRefusal(pools)) return pools;
  const peers = changedPeers(world, request, picture);
  if (isRefusal(peers)) return peers;
  const after = yield* drained(world, request.drainNodes);
  return { ...after, ...peers, snapshot: { ...after.snapshot, pools } };
}
