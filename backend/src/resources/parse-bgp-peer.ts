import { canonicalAddress } from '../domain/address.ts';
import type { Family } from '../domain/address.ts';
import type { Peer, PeerBfd, PeerFamily } from '../domain/peer.ts';
import { bgpPeerSpec, MAX_PASSWORD } from './bgp-peer.ts';
import type { BgpPeerSpec } from './bgp-peer.ts';
import { identityOf, ignoredRestartFields, meaningless, parseSpec, toGracefulRestart, toSelector } from './parse.ts';
import type { Notice, Refused, Remarks, StoredObject } from './parse.ts';

/** Where the TCP-MD5 password of a session is. The second form is the password itself: never log it. */
export type PasswordSource =
  | { readonly from: 'secret'; readonly name: string; readonly key: string }
  | { readonly from: 'object'; readonly password: string };

export type PeerParse =
  ({ readonly ok: true; readonly value: Peer; readonly password: PasswordSource | undefined } & Remarks) | Refused;

const BGP_PORT = 179;
const DEFAULT_HOLD_SECONDS = 90;
/** GoBGP's 120 s would be the outage after every restart of a router. */
const DEFAULT_CONNECT_RETRY_SECONDS = 5;
/** OpenELB's default of next hops per address. */
const DEFAULT_SEND_MAX = 10;
const MAX_TTL = 255;
/** FRR's and BIRD's default, nearly: a router is given up after 0.9 s. */
const DEFAULT_BFD_INTERVAL_MS = 300;
const DEFAULT_BFD_MULTIPLIER = 3;
/** What is asked for below it is had on a node with processor time to spare only. */
const DELICATE_BFD_INTERVAL_MS = 100;

/** The address in canonical form with its zone, which only makes sense on a link-local one (RFC 4007). */
function readAddress(text: string): { ok: true; address: string; family: Family } | { ok: false; message: string } {
  const [literal = '', zone] = text.split('%');
  const address = canonicalAddress(literal);
  if (address === undefined) return { ok: false, message: `"${literal}" is not an IP address` };
  const family = literal.includes(':') ? 'ipv6' : 'ipv4';
  if (zone === undefined) return { ok: true, address, family };
  if (!/^fe[89ab]/.test(address)) return { ok: false, message: `"${text}" has an interface, but is not link-local` };
  return { ok: true, address: `${address}%${zone}`, family };
}

type AfiSafi = NonNullable<BgpPeerSpec['afiSafis']>[number];

function familyOf({ config }: AfiSafi): Family | undefined {
  const { afi, safi = 'SAFI_UNICAST' } = config?.family ?? {};
  if (safi !== 'SAFI_UNICAST') return undefined;
  if (afi === 'AFI_IP') return 'ipv4';
  return afi === 'AFI_IP6' ? 'ipv6' : undefined;
}

interface Families {
  readonly families: readonly PeerFamily[];
  readonly ignoredFields: readonly string[];
}

/**
 * What a peer without a list is offered: both families, that of the session first. A router that speaks only one of them says so in
 * its OPEN, and then only that one is used.
 */
function defaultFamilies(sessionFamily: Family): PeerFamily[] {
  const both: readonly Family[] = sessionFamily === 'ipv4' ? ['ipv4', 'ipv6'] : ['ipv6', 'ipv4'];
  return both.map((family) => ({ family, sendMax: DEFAULT_SEND_MAX }));
}

function ignoredInFamily(field: string, { addPaths, mpGracefulRestart }: AfiSafi): string[] {
  return [
    ...meaningless(`${field}.addPaths.config`, { receive: addPaths?.config?.receive }),
    ...meaningless(`${field}.mpGracefulRestart.config`, { enabled: mpGracefulRestart?.config?.enabled }),
  ];
}

function sendMaxOf({ addPaths }: AfiSafi): number {
  return addPaths?.config?.sendMax ?? 0;
}

/** What is announced of a family where each replica has but one next hop to tell. */
function withoutAddPath({ family }: PeerFamily): PeerFamily {
  return { family, sendMax: 1 };
}

/** An entry without `addPaths` asks for none, as in OpenELB; of two entries for one family the first counts. */
function readFamilies(list: BgpPeerSpec['afiSafis'], sessionFamily: Family): Families {
  if (list === undefined || list.length === 0) return { families: defaultFamilies(sessionFamily), ignoredFields: [] };
  const families: PeerFamily[] = [];
  const ignoredFields: string[] = [];
  for (const [index, entry] of list.entries()) {
    if (entry.config?.enabled === false) continue;
    const field = `spec.afiSafis[${index}]`;
    const family = familyOf(entry);
    if (family === undefined || families.some((known) => known.family === family)) {
      ignoredFields.push(field);
      continue;
    }
    families.push({ family, sendMax: sendMaxOf(entry) });
    ignoredFields.push(...ignoredInFamily(field, entry));
  }
  return { families, ignoredFields };
}

function readTimers(spec: BgpPeerSpec): Pick<Peer, 'holdTimeSeconds' | 'keepaliveSeconds' | 'connectRetrySeconds'> {
  const { holdTime, keepaliveInterval, connectRetry } = spec.timers?.config ?? {};
  return {
    holdTimeSeconds: Number(holdTime ?? 0) || DEFAULT_HOLD_SECONDS,
    keepaliveSeconds: Number(keepaliveInterval ?? 0) || undefined,
    connectRetrySeconds: Number(connectRetry ?? 0) || DEFAULT_CONNECT_RETRY_SECONDS,
  };
}

function readPassword(spec: BgpPeerSpec): PasswordSource | undefined {
  if (spec.passwordSecretRef !== undefined) return { from: 'secret', ...spec.passwordSecretRef };
  const password = spec.conf.authPassword ?? '';
  return password === '' ? undefined : { from: 'object', password };
}

function ignoredOf(spec: BgpPeerSpec): string[] {
  const {
    peerGroup,
    removePrivateAs,
    replacePeerAs,
    routeFlapDamping,
    sendCommunity,
    neighborInterface,
    vrf,
    allowOwnAs,
  } = spec.conf;
  const { remoteAddress, mtuDiscovery, tcpMss } = spec.transport ?? {};
  const { minimumAdvertisementInterval } = spec.timers?.config ?? {};
  return [
    ...meaningless('spec.conf', {
      peerGroup,
      replacePeerAs,
      routeFlapDamping,
      sendCommunity,
      neighborInterface,
      vrf,
      allowOwnAs,
    }),
    ...(removePrivateAs === 'NONE' ? [] : meaningless('spec.conf', { removePrivateAs })),
    ...(Number(minimumAdvertisementInterval) === 0
      ? []
      : meaningless('spec.timers.config', { minimumAdvertisementInterval })),
    ...meaningless('spec.transport', { remoteAddress, mtuDiscovery, tcpMss }),
    ...ignoredInBfd(spec),
    ...(spec.ttlSecurity?.enabled === true ? meaningless('spec', { ebgpMultihop: spec.ebgpMultihop?.enabled }) : []),
    ...ignoredRestartFields(spec.gracefulRestart),
  ];
}

function ignoredInBfd(spec: BgpPeerSpec): string[] {
  const { enabled, minimumTtl } = spec.bfd ?? {};
  return enabled === true && !isBfdMultihop(spec) ? meaningless('spec.bfd', { minimumTtl }) : [];
}

function warningsOf(peer: Peer): Notice[] {
  return [...keepaliveWarnings(peer), ...bfdWarnings(peer)];
}

function keepaliveWarnings({ keepaliveSeconds, holdTimeSeconds }: Peer): Notice[] {
  if (keepaliveSeconds === undefined || keepaliveSeconds < holdTimeSeconds) return [];
  const message = `${keepaliveSeconds} s is not shorter than the hold time of ${holdTimeSeconds} s`;
  return [{ field: 'spec.timers.config.keepaliveInterval', message }];
}

function bfdWarnings({ bfd }: Peer): Notice[] {
  const { transmitIntervalMs = Infinity, receiveIntervalMs = Infinity } = bfd ?? {};
  const least = Math.min(transmitIntervalMs, receiveIntervalMs);
  if (least >= DELICATE_BFD_INTERVAL_MS) return [];
  const message = `with ${least} ms between packets a replica that lacks processor time for a moment looks dead to the router`;
  return [{ field: 'spec.bfd', message }];
}

function readTtl({ ebgpMultihop, ttlSecurity }: BgpPeerSpec): Pick<Peer, 'multihopTtl' | 'ttlSecurityHops'> {
  if (ttlSecurity?.enabled === true) return { multihopTtl: undefined, ttlSecurityHops: ttlSecurity.hops || 1 };
  const multihopTtl = ebgpMultihop?.enabled === true ? ebgpMultihop.multihopTtl || MAX_TTL : undefined;
  return { multihopTtl, ttlSecurityHops: undefined };
}

function isBfdMultihop({ bfd, ebgpMultihop, ttlSecurity }: BgpPeerSpec): boolean {
  const isFar = ttlSecurity?.enabled === true ? (ttlSecurity.hops ?? 0) > 1 : ebgpMultihop?.enabled === true;
  return bfd?.multihop ?? isFar;
}

function readBfd(spec: BgpPeerSpec): PeerBfd | undefined {
  const { bfd, ttlSecurity } = spec;
  if (bfd?.enabled !== true) return undefined;
  // RFC 5082 section 3: what has come over n hops has lost n - 1 of the 255.
  const secured = ttlSecurity?.enabled === true ? MAX_TTL + 1 - (ttlSecurity.hops || 1) : 1;
  return {
    transmitIntervalMs: bfd.transmitIntervalMs ?? DEFAULT_BFD_INTERVAL_MS,
    receiveIntervalMs: bfd.receiveIntervalMs ?? DEFAULT_BFD_INTERVAL_MS,
    detectMultiplier: bfd.detectMultiplier ?? DEFAULT_BFD_MULTIPLIER,
    multihop: isBfdMultihop(spec),
    minTtl: bfd.minimumTtl ?? secured,
  };
}

function readTransport({ transport }: BgpPeerSpec): Pick<Peer, 'port' | 'localAddress' | 'passive'> {
  const localAddress = transport?.localAddress;
  return {
    port: transport?.remotePort || BGP_PORT,
    localAddress: localAddress === undefined ? undefined : canonicalAddress(localAddress),
    passive: transport?.passiveMode ?? false,
  };
}

function toPeer(object: StoredObject, spec: BgpPeerSpec, address: string, families: readonly PeerFamily[]): Peer {
  const { name, uid, createdAt, deleting } = identityOf(object);
  return {
    name,
    uid,
    createdAt,
    deleting,
    labels: object.metadata?.labels ?? {},
    address,
    peerAs: spec.conf.peerAs,
    localAs: spec.conf.localAs || undefined,
    ...readTimers(spec),
    ...readTransport(spec),
    ...readTtl(spec),
    families: spec.nextHopSelf === true ? families.map(withoutAddPath) : families,
    nextHopSelf: spec.nextHopSelf ?? false,
    gracefulRestart: spec.gracefulRestart === undefined ? undefined : toGracefulRestart(spec.gracefulRestart),
    bfd: readBfd(spec),
    nodeSelector: toSelector(spec.nodeSelector),
    hasPassword: readPassword(spec) !== undefined,
    gracefulShutdown: spec.gracefulShutdown ?? false,
    adminDown: spec.conf.adminDown ?? false,
  };
}

/**
 * A router from a stored BgpPeer. Refused: what the schema refuses, an interface on an address that is not link-local, a local
 * address of the other family, a list of families without one that is announced.
 */
export function parseBgpPeer(object: StoredObject): PeerParse {
  const parsed = parseSpec(bgpPeerSpec, object);
  if (!parsed.ok) return parsed;
  const { spec } = parsed;
  const neighbor = readAddress(spec.conf.neighborAddress);
  if (!neighbor.ok) return { ok: false, problems: [{ field: 'spec.conf.neighborAddress', message: neighbor.message }] };
  const { families, ignoredFields } = readFamilies(spec.afiSafis, neighbor.family);
  const value = toPeer(object, spec, neighbor.address, families);
  const problems: Notice[] = [];
  if (value.localAddress !== undefined && value.localAddress.includes(':') !== (neighbor.family === 'ipv6')) {
    problems.push({ field: 'spec.transport.localAddress', message: 'is not of the family of conf.neighborAddress' });
  }
  if (new TextEncoder().encode(spec.conf.authPassword).length > MAX_PASSWORD) {
    problems.push({ field: 'spec.conf.authPassword', message: `has more than ${MAX_PASSWORD} octets` });
  }
  if (families.length === 0) {
    problems.push({
      field: 'spec.afiSafis',
      message: 'enables no family that is announced: AFI_IP or AFI_IP6 with SAFI_UNICAST',
    });
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value,
    password: readPassword(spec),
    ignoredFields: [...ignoredOf(spec), ...ignoredFields],
    warnings: warningsOf(value),
  };
}
