import { hears } from '../announce/hearing.ts';
import { parseAddress, type Family } from '../domain/address.ts';
import type { Peer } from '../domain/peer.ts';
import { poolOf, type Pool } from '../domain/pool.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { AddressReport } from '../engine/messages.ts';
import type { ReplicaPeerStatus } from '../resources/bgp-peer-status.ts';
import { SERVICE_CONDITIONS } from '../resources/keys.ts';
import type { NewCondition } from './conditions.ts';
import { reasonText, reasonTextWithin } from './reason-text.ts';
import { shortened } from './shortened.ts';

/** A BgpPeer, with all that its replicas have in sessions with it. */
export interface PeerSessions {
  readonly peer: Peer;
  readonly replicas: readonly Pick<ReplicaPeerStatus, 'sessionState' | 'negotiated' | 'node'>[];
  /** Names of the nodes that are the router itself, which is told of no way through them (`announce/announce`, `bgpRoute`). */
  readonly itself: readonly string[];
}

/** What an engine says of an address, as far as it matters here. */
type Report = Pick<AddressReport, 'services' | 'younger' | 'idle' | 'finding' | 'nodes' | 'draining'>;

/** What a Service's condition `Announced` depends on. */
export interface AnnouncedView {
  /** By address. */
  readonly reports: ReadonlyMap<string, Report>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly peers: readonly PeerSessions[];
}

/** What of a Service it depends on. */
export type AnnouncedService = Pick<Service, 'key' | 'announcedBefore'>;

/** With these the address is announced; the later ones say more of it. With any other it is not. */
const ANNOUNCED: readonly Reason[] = ['Announced', 'AnnouncedForNode', 'AnsweredByNode', 'AddressContested'];

/** Whether an address of which that is found is announced. */
export function isAnnounced(reason: Reason): boolean {
  return ANNOUNCED.includes(reason);
}

/** API conventions allow more; people read less. */
const MAX_MESSAGE = 1_024;

/**
 * Whether a replica on this node tells the peer of an address: with `nextHopSelf` only if the node is one of those that take its traffic
 * (`announce/announce`, `bgpRoute`), and not if the router itself is all that takes it. Of a replica that doesn't say where it is that is taken to be so.
 */
export function tells(
  node: string | undefined,
  { peer, itself }: Pick<PeerSessions, 'peer' | 'itself'>,
  { nodes, draining = [] }: Pick<Report, 'nodes' | 'draining'>,
): boolean {
  const takers = [...nodes, ...draining];
  if (takers.length > 0 && takers.every((name) => itself.includes(name))) return false;
  return !peer.nextHopSelf || node === undefined || (takers.includes(node) && !itself.includes(node));
}

/** Whether the peer is told of an address: over whichever session, as the routers' view of it is the sum of them. */
export function isTold(peer: PeerSessions, family: Family, report: Pick<Report, 'nodes' | 'draining'>): boolean {
  return peer.replicas.some(({ sessionState, negotiated, node }) => {
    const families = negotiated?.families;
    const isUp = sessionState === 'Established' && (families === undefined || families.includes(`${family}-unicast`));
    return isUp && tells(node, peer, report);
  });
}

/** How much a reason says; of those that keep an address from being announced each is as good as another. */
function weight(reason: Reason): number {
  return ANNOUNCED.includes(reason) ? ANNOUNCED.indexOf(reason) : ANNOUNCED.length;
}

/** What this replica's engine says of an address on a link, with what all replicas have heard there. */
const OF_LINKS: ReadonlySet<Reason> = new Set(['Announced', 'AnnouncedForNode', 'AddressProbing', 'AddressConflict']);

/** Who else answers for it: a stranger counts more than a node, and one that keeps it from being announced most. */
function onLink(ip: string, pool: Pool, said: Finding, announcedBefore: boolean): Finding {
  const conflicts = pool.conflicts.filter((conflict) => conflict.ip === ip);
  const strangers = conflicts.filter(({ node }) => node === undefined);
  const stranger = strangers.find(({ announced }) => !announced) ?? strangers[0];
  const params = { ip, pool: pool.name };
  const kept = announcedBefore ? 'AddressTaken' : 'AddressConflict';
  if (stranger !== undefined) {
    return finding(stranger.announced ? 'AddressContested' : kept, { ...params, mac: stranger.mac });
  }
  if (said.reason === 'AddressConflict') return finding(kept, said.params);
  const node = conflicts[0]?.node;
  return isAnnounced(said.reason) && node !== undefined ? finding('AnsweredByNode', { ...params, node }) : said;
}

/** Whether somebody hears what the engine announces. */
function heard(
  service: AnnouncedService,
  { ip, pool: recorded }: Assignment,
  report: Report,
  view: AnnouncedView,
): Finding {
  const said = report.finding;
  const pool = poolOf({ ip, pool: recorded }, view.pools);
  const family = parseAddress(ip)?.family;
  // The engine's view and ours differ for a moment.
  if (pool === undefined || family === undefined) return finding('NotInRecordedPool', { ip });
  if (pool.protocol !== 'bgp') return onLink(ip, pool, said, service.announcedBefore);
  if (said.reason !== 'Announced') return said;
  const listeners = view.peers.filter(({ peer }) => hears(peer, pool, family));
  const params = { ip, pool: pool.name };
  if (listeners.length === 0) return finding('NoPeer', params);
  return finding(listeners.some((peer) => isTold(peer, family, report)) ? 'Announced' : 'NoPeerEstablished', params);
}

/**
 * What is so of one address of a Service: whether it is announced for it, or what keeps it from that. The condition, and whatever else says
 * it, have it from here. Undefined: the engine has not said anything of this Service at this address yet.
 */
export function findingOf(service: AnnouncedService, assignment: Assignment, view: AnnouncedView): Finding | undefined {
  const { ip } = assignment;
  const report = view.reports.get(ip);
  if (report === undefined) return undefined;
  if (report.younger.includes(service.key)) {
    return finding('HeldByOlderService', { ip, holder: report.services[0] ?? '' });
  }
  if (!report.services.includes(service.key)) return undefined;
  const found = OF_LINKS.has(report.finding.reason) ? heard(service, assignment, report, view) : report.finding;
  const isIdle = report.idle?.includes(service.key) === true && isAnnounced(found.reason);
  return isIdle ? finding('SharerWithoutEndpoints', { ip }) : found;
}

/**
 * The condition `Announced` of a Service that holds addresses, or undefined as long as it is not known. Its message names neither nodes
 * nor sessions: it stays as it is while these come and go, as long as the Service can be reached.
 */
export function announced(service: Service, view: AnnouncedView): NewCondition | undefined {
  const findings = service.recorded.map((assignment) => findingOf(service, assignment, view));
  if (findings.length === 0 || findings.includes(undefined)) return undefined;
  const known = findings.filter((found) => found !== undefined);
  const [worst = 'Announced'] = known.map(({ reason }) => reason).sort((a, b) => weight(b) - weight(a));
  const texts = new Set(known.map((found) => reasonTextWithin(service.namespace, found)));
  return condition(worst, [...texts].join(' '));
}

/** The condition `Announced` of a Service that is ours and has no address. */
export const NOT_YET_ANNOUNCED: NewCondition = condition('NoAddress', reasonText(finding('NoAddress')));

/** Without `observedGeneration`: it follows from the network more than from the object, and need not be written anew with it. */
function condition(reason: Finding['reason'], message: string): NewCondition {
  return {
    type: SERVICE_CONDITIONS.announced,
    status: isAnnounced(reason) ? 'True' : 'False',
    reason,
    message: shortened(message, MAX_MESSAGE),
  };
}
