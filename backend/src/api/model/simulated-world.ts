import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { LinkSpeaker } from '../../announce/link-owner.ts';
import type { NodeHealth, HoldingService, Snapshot } from '../../announce/snapshot.ts';
import type { Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../../domain/service.ts';
import { LinkPlaces } from '../../engine/link-places.ts';
import { bgpPeerSpec } from '../../resources/bgp-peer.ts';
import { eipSpec } from '../../resources/eip.ts';
import { parseBgpPeer } from '../../resources/parse-bgp-peer.ts';
import { parseEip } from '../../resources/parse-eip.ts';
import type { Parse, StoredObject } from '../../resources/parse.ts';
import type { Cause } from '../errors.ts';
import type { Word } from '../replicas/gather.ts';
import type { SimulationRequest } from '../schemas/simulation.ts';
import type { Texts } from '../texts.ts';
import type { ClusterPicture } from './picture.ts';
import { nodeOf, presentSessions, simulatedSessions, type Outlook } from './simulated-sessions.ts';
import { unknownFields } from './unknown-fields.ts';
import { foremost } from './verdict.ts';

export interface SimulationView {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly texts: Texts;
}

/** Changes that can't be made, with all that is wrong in the request. */
export interface Refusal {
  readonly causes: readonly Cause[];
}

const EIP = { schema: eipSpec, parse: parseEip };
const BGP_PEER = { schema: bgpPeerSpec, parse: parseBgpPeer };

/** Everything that the answer depends on, as it is or as it would be. */
export interface World {
  readonly snapshot: Snapshot;
  readonly sessions: readonly Outlook[];
  /** The replicas that answered, and which of them have a link for an address. */
  readonly speakers: readonly LinkSpeaker[];
  readonly places: LinkPlaces;
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

function speakersOf(words: readonly Word[]): Pick<World, 'speakers' | 'places' | 'unheard'> {
  const speaker = (word: Word): LinkSpeaker => {
    return { replica: word.replica.name, node: nodeOf(word) ?? '', stale: 'facts' in word && word.facts.stale };
  };
  const [heard, unheard] = [words.filter((word) => 'facts' in word), words.filter((word) => !('facts' in word))];
  const placed = heard.flatMap((word) => {
    if (!('facts' in word)) return [];
    const { replica: name, node, stale, links } = word.facts;
    return [{ name, node, stale, place: { links, towards: {} } }];
  });
  return { speakers: heard.map(speaker), places: new LinkPlaces(placed), unheard: unheard.map(speaker) };
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

/** What a spec of the request means, or all that is wrong with it. */
function readSpec<T>(
  { schema, parse }: { readonly schema: z.ZodType; readonly parse: (object: StoredObject) => Parse<T> },
  object: StoredObject,
  path: string,
): T | Refusal {
  const unknown = unknownFields(schema, object.spec, `${path}.spec`);
  const parsed = parse(object);
  if (parsed.ok && unknown.length === 0) return parsed.value;
  const problems = parsed.ok ? [] : parsed.problems;
  const said = problems.map(({ field, message }): Cause => {
    return { field: `${path}.${field}`, what: 'said', params: { message } };
  });
  return { causes: [...unknown, ...said] };
}

function notThere(field: string, kind: string, name: string): Refusal {
  return { causes: [{ field, what: 'notThere', params: { kind, name } }] };
}

function editedPool(
  { name, spec, isDefault, disable, delete: deleted }: SimulationRequest['pools'][number],
  before: Pool | undefined,
  { picture, now }: SimulationView,
): Edited<Pool> {
  const object = picture.view.poolObject(name) ?? newObject(name, now);
  const pool = spec === undefined ? before : readSpec(EIP, { ...object, spec }, `body.pools.${name}`);
  if (pool === undefined) return notThere('body.pools', 'Eip', name);
  if (isRefusal(pool)) return pool;
  const flags = { isDefault: isDefault ?? pool.isDefault, disabled: disable ?? pool.disabled };
  return { value: { ...pool, ...flags, deleting: deleted ?? pool.deleting } };
}

function editedPeer(
  { name, spec, adminDown, delete: deleted }: SimulationRequest['peers'][number],
  before: Peer | undefined,
  { picture, now }: SimulationView,
): Edited<Peer> {
  const object = picture.view.peerObject(name) ?? newObject(name, now);
  const peer = spec === undefined ? before : readSpec(BGP_PEER, { ...object, spec }, `body.peers.${name}`);
  if (peer === undefined) return notThere('body.peers', 'BgpPeer', name);
  if (isRefusal(peer)) return peer;
  return { value: deleted === true ? undefined : { ...peer, adminDown: adminDown ?? peer.adminDown } };
}

export function isRefusal(value: object): value is Refusal {
  return 'causes' in value;
}

interface Changed<T> {
  readonly all: ReadonlyMap<string, T>;
  /** What is wrong with the changes, all of it. */
  readonly causes: readonly Cause[];
}

/** What there is after an edit: undefined, it is gone. */
type Edited<T> = { readonly value: T | undefined } | Refusal;

/** Of several changes of one object each goes on from the one before. */
function changed<T, C extends { readonly name: string }>(
  before: ReadonlyMap<string, T>,
  changes: readonly C[],
  edit: (change: C, before: T | undefined) => Edited<T>,
): Changed<T> {
  const all = new Map(before);
  const causes: Cause[] = [];
  for (const change of changes) {
    const edited = edit(change, all.get(change.name));
    if (isRefusal(edited)) causes.push(...edited.causes);
    else if (edited.value === undefined) all.delete(change.name);
    else all.set(change.name, edited.value);
  }
  return { all, causes };
}

/** Those whose session would be another one than now. */
function reopened(before: ReadonlyMap<string, Peer>, after: ReadonlyMap<string, Peer>): Set<string> {
  const others = [...after.values()].filter((peer) => {
    const was = before.get(peer.name);
    // By its labels pools select it, and nobody speaks with it in another way.
    return was === undefined || (was !== peer && !isDeepStrictEqual({ ...was, labels: {} }, { ...peer, labels: {} }));
  });
  return new Set(others.map(({ name }) => name));
}

/** The world after all changes, or what is wrong with them. */
export function* changedWorld(
  { snapshot }: World,
  request: SimulationRequest,
  view: SimulationView,
): Generator<void, World | Refusal> {
  const { picture, words } = view;
  const unknown = request.drainNodes.filter((name) => !snapshot.nodes.has(name));
  const noNodes = unknown.flatMap((name) => notThere('body.drainNodes', 'node', name).causes);
  const pools = changed(snapshot.pools, request.pools, (change, pool) => editedPool(change, pool, view));
  const before = { peers: new Map(picture.view.peers.values()), nodes: snapshot.nodes, words };
  const peers = changed(before.peers, request.peers, (change, peer) => editedPeer(change, peer, view));
  const causes = [...noNodes, ...pools.causes, ...peers.causes];
  if (causes.length > 0) return { causes };
  const gone = new Set(request.drainNodes);
  const left = yield* drained(snapshot, gone);
  // Its replica goes with a node, and so do that one's sessions.
  const stay = words.filter((word) => !gone.has(nodeOf(word) ?? ''));
  const stage = { peers: peers.all, nodes: left.nodes, words: stay };
  return {
    snapshot: { ...left, pools: pools.all },
    sessions: simulatedSessions(stage, before, reopened(before.peers, peers.all), picture),
    ...speakersOf(stay),
  };
}
