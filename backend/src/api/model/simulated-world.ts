import { isDeepStrictEqual } from 'node:util';
import type { LinkSpeaker } from '../../announce/link-owner.ts';
import type { NodeHealth, HoldingService, Snapshot } from '../../announce/snapshot.ts';
import type { Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../../domain/service.ts';
import { bgpPeerSpec } from '../../resources/bgp-peer.ts';
import { eipSpec } from '../../resources/eip.ts';
import { parseBgpPeer } from '../../resources/parse-bgp-peer.ts';
import { parseEip } from '../../resources/parse-eip.ts';
import type { StoredObject } from '../../resources/parse.ts';
import type { Cause } from '../errors.ts';
import type { Word } from '../replicas/gather.ts';
import type { SimulationRequest } from '../schemas/simulation.ts';
import type { Texts } from '../texts.ts';
import type { ClusterPicture } from './picture.ts';
import { nodeOf, presentSessions, simulatedSessions, type Outlook } from './simulated-sessions.ts';
import { unknownField } from './unknown-fields.ts';
import { foremost } from './verdict.ts';

export interface SimulationView {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly texts: Texts;
}

/** A change that can't be made, with what is wrong in the request. */
export type Refusal = Cause;

/** Everything that the answer depends on, as it is or as it would be. */
export interface World {
  readonly snapshot: Snapshot;
  readonly sessions: readonly Outlook[];
  /** The replicas that answered: of these it is known that they can speak on a link. */
  readonly speakers: readonly LinkSpeaker[];
  /** Those that did not. */
  readonly unheard: readonly LinkSpeaker[];
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
export function* presentWorld(picture: ClusterPicture, words: readonly Word[]): Generator<void, World> {
  const { view } = picture;
  const inputs = view.inputs();
  yield;
  const services = present<HoldingService>(inputs.services ?? new Map());
  yield;
  const endpoints = present<ServiceEndpoints>(inputs.endpoints ?? new Map());
  yield;
  const [nodes, pools] = [present<Node>(inputs.nodes ?? new Map()), present<Pool>(inputs.pools ?? new Map())];
  const now = { gone: new Map(), ...decisive(words), protocols: new Set(['bgp', 'layer2'] as const) };
  const stage = { peers: new Map(view.peers.values()), nodes, words };
  return {
    snapshot: { services, endpoints, nodes, pools, ...now },
    sessions: presentSessions(stage, picture),
    ...speakersOf(words),
  };
}

function speakersOf(words: readonly Word[]): Pick<World, 'speakers' | 'unheard'> {
  const speaker = (word: Word): LinkSpeaker => {
    return { replica: word.replica.name, node: nodeOf(word) ?? '', stale: 'facts' in word && word.facts.stale };
  };
  const [heard, unheard] = [words.filter((word) => 'facts' in word), words.filter((word) => !('facts' in word))];
  return { speakers: heard.map(speaker), unheard: unheard.map(speaker) };
}

function withoutNodes(endpoints: FamilyEndpoints, gone: ReadonlySet<string>): FamilyEndpoints {
  const stay = (nodes: readonly string[]): string[] => nodes.filter((node) => !gone.has(node));
  const [ready, serving] = [stay(endpoints.ready), stay(endpoints.serving)];
  const named = endpoints.ready.length + endpoints.serving.length > 0;
  return { ready, serving, any: named ? ready.length + serving.length > 0 : endpoints.any };
}

/** A step per Service of which Pods go along. */
function* drained(snapshot: Snapshot, gone: ReadonlySet<string>): Generator<void, Snapshot> {
  if (gone.size === 0) return snapshot;
  const endpoints = new Map<string, ServiceEndpoints>();
  for (const [key, { ipv4, ipv6 }] of snapshot.endpoints) {
    yield;
    endpoints.set(key, { ipv4: withoutNodes(ipv4, gone), ipv6: withoutNodes(ipv6, gone) });
  }
  const nodes = new Map([...snapshot.nodes].filter(([name]) => !gone.has(name)));
  return { ...snapshot, nodes, endpoints };
}

/** Of two that are in each other's way the older counts. */
function newObject(name: string, now: number): StoredObject {
  return { metadata: { name, creationTimestamp: new Date(now).toISOString() } };
}

function editedPool(
  { name, spec, isDefault, disable, delete: deleted }: SimulationRequest['pools'][number],
  before: Pool | undefined,
  { picture, now }: SimulationView,
): Pool | Refusal {
  let pool = before;
  if (spec !== undefined) {
    const object = picture.view.poolObject(name) ?? newObject(name, now);
    const unknown = unknownField(eipSpec, spec, `body.pools.${name}.spec`);
    if (unknown !== undefined) return unknown;
    const parsed = parseEip({ ...object, spec });
    if (!parsed.ok) {
      const [{ field, message } = { field: 'spec', message: '' }] = parsed.problems;
      return { field: `body.pools.${name}.${field}`, what: 'said', params: { message } };
    }
    pool = parsed.value;
  }
  if (pool === undefined) return { field: 'body.pools', what: 'notThere', params: { kind: 'Eip', name } };
  return {
    ...pool,
    isDefault: isDefault ?? pool.isDefault,
    disabled: disable ?? pool.disabled,
    deleting: deleted ?? pool.deleting,
  };
}

function editedPeer(
  { name, spec, adminDown }: SimulationRequest['peers'][number],
  before: Peer | undefined,
  { picture, now }: SimulationView,
): Peer | Refusal {
  let peer = before;
  if (spec !== undefined) {
    const object = picture.view.peerObject(name) ?? newObject(name, now);
    const unknown = unknownField(bgpPeerSpec, spec, `body.peers.${name}.spec`);
    if (unknown !== undefined) return unknown;
    const parsed = parseBgpPeer({ ...object, spec });
    if (!parsed.ok) {
      const [{ field, message } = { field: 'spec', message: '' }] = parsed.problems;
      return { field: `body.peers.${name}.${field}`, what: 'said', params: { message } };
    }
    peer = parsed.value;
  }
  if (peer === undefined) return { field: 'body.peers', what: 'notThere', params: { kind: 'BgpPeer', name } };
  return { ...peer, adminDown: adminDown ?? peer.adminDown };
}

export function isRefusal(value: object): value is Refusal {
  return 'field' in value && 'what' in value;
}

function changedPools(
  before: ReadonlyMap<string, Pool>,
  request: SimulationRequest,
  view: SimulationView,
): ReadonlyMap<string, Pool> | Refusal {
  const pools = new Map(before);
  for (const change of request.pools) {
    const pool = editedPool(change, pools.get(change.name), view);
    if (isRefusal(pool)) return pool;
    pools.set(change.name, pool);
  }
  return pools;
}

function changedPeers(
  before: ReadonlyMap<string, Peer>,
  request: SimulationRequest,
  view: SimulationView,
): ReadonlyMap<string, Peer> | Refusal {
  const peers = new Map(before);
  for (const change of request.peers) {
    const peer = editedPeer(change, peers.get(change.name), view);
    if (isRefusal(peer)) return peer;
    if (change.delete === true) peers.delete(change.name);
    else peers.set(change.name, peer);
  }
  return peers;
}

/** Those whose session would be another one than now. */
function reopened(before: ReadonlyMap<string, Peer>, after: ReadonlyMap<string, Peer>): Set<string> {
  const changed = [...after.values()].filter((peer) => {
    const was = before.get(peer.name);
    // By its labels pools select it, and nobody speaks with it in another way.
    return was === undefined || (was !== peer && !isDeepStrictEqual({ ...was, labels: {} }, { ...peer, labels: {} }));
  });
  return new Set(changed.map(({ name }) => name));
}

/** The world after all changes, or what is wrong with them. */
export function* changedWorld(
  { snapshot }: World,
  request: SimulationRequest,
  view: SimulationView,
): Generator<void, World | Refusal> {
  const { picture, words } = view;
  const unknown = request.drainNodes.find((name) => !snapshot.nodes.has(name));
  if (unknown !== undefined)
    return { field: 'body.drainNodes', what: 'notThere', params: { kind: 'node', name: unknown } };
  const pools = changedPools(snapshot.pools, request, view);
  if (isRefusal(pools)) return pools;
  const before = { peers: new Map(picture.view.peers.values()), nodes: snapshot.nodes, words };
  const peers = changedPeers(before.peers, request, view);
  if (isRefusal(peers)) return peers;
  const gone = new Set(request.drainNodes);
  const left = yield* drained(snapshot, gone);
  // Its replica goes with a node, and so do that one's sessions.
  const stay = words.filter((word) => !gone.has(nodeOf(word) ?? ''));
  const stage = { peers, nodes: left.nodes, words: stay };
  return {
    snapshot: { ...left, pools },
    sessions: simulatedSessions(stage, before, reopened(before.peers, peers), picture),
    ...speakersOf(stay),
  };
}
