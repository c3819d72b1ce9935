import { capabilityNames } from '../capability-names.ts';
import type { AddressFamily, FamilyConfig, NegotiatedStatus, PeerConfig, RestartTimes } from '../model.ts';
import { AddPathMode } from '../wire/capabilities/add-path.ts';
import { encodeCapability, type Capability } from '../wire/capabilities/capability.ts';
import type { CodecContext } from '../wire/context.ts';
import { ErrorCode, notification, OpenSubcode } from '../wire/notification.ts';
import { AS_TRANS, type OpenMessage } from '../wire/open.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { Writer } from '../wire/writer.ts';

/** What both OPEN messages together allow. */
export interface Negotiated extends NegotiatedStatus {
  readonly remoteIdentifier: string;
  /** How our UPDATEs are encoded, and the peer's. */
  readonly sending: CodecContext;
  readonly receiving: CodecContext;
}

/** Path identifiers are worth their octets, and the router's state, for several paths only. */
export function asksForAddPath({ addPathSendMax }: FamilyConfig): boolean {
  return addPathSendMax > 1;
}

const AFI_IPV6 = 2;

/** RFC 8950: a router that speaks with us over IPv6 may have no IPv4 on that link. */
function offersExtendedNextHop({ address, families }: PeerConfig): boolean {
  return address.includes(':') && families.some(({ family }) => family === 'ipv4-unicast');
}

/** @param restarting this process has not had a session with the peer yet (the R bit of RFC 4724). */
export function ourOpen(config: PeerConfig, restarting: boolean): OpenMessage {
  const addPath = config.families.filter(asksForAddPath);
  const capabilities: Capability[] = [
    ...config.families.map(({ family }) => ({ type: 'multiprotocol', family }) as const),
    { type: 'route-refresh' },
    { type: 'extended-message' },
    { type: 'four-octet-as', as: config.localAs },
    { type: 'enhanced-route-refresh' },
  ];
  if (offersExtendedNextHop(config)) {
    capabilities.push({ type: 'extended-next-hop', entries: [{ family: 'ipv4-unicast', nextHopAfi: AFI_IPV6 }] });
  }
  if (addPath.length > 0) {
    const families = addPath.map(({ family }) => ({ family, mode: AddPathMode.send }));
    capabilities.push({ type: 'add-path', families });
  }
  if (config.gracefulRestart !== undefined) {
    capabilities.push({
      type: 'graceful-restart',
      restarting,
      notification: true,
      restartTimeSeconds: config.gracefulRestart.restartTimeSeconds,
      // The nodes forward whether or not this process runs, so what was announced may stay in use.
      families: config.families.map(({ family }) => ({ family, forwardingPreserved: true })),
    });
  }
  return {
    type: 'open',
    as: config.localAs > 0xffff ? AS_TRANS : config.localAs,
    holdTimeSeconds: config.holdTimeSeconds,
    identifier: config.routerId,
    capabilities,
  };
}

/** @throws ProtocolError with the NOTIFICATION of RFC 4271 section 6.2 or RFC 5492 section 5 if the peer's OPEN doesn't suit. */
export function negotiate(config: PeerConfig, open: OpenMessage): Negotiated {
  checkPeer(config, open);
  const capabilities = capabilitySets(open);
  const families = commonFamilies(config, capabilities);
  const holdTimeSeconds = Math.min(config.holdTimeSeconds, open.holdTimeSeconds);
  const restartTimes = agreedRestart(config, capabilities);
  const gracefulRestart = restartTimes !== undefined;
  const fourOctetAs = capabilities.fourOctetAs !== undefined;
  const withIds = families.filter(({ addPath }) => addPath).map(({ family }) => family);
  const { extendedMessages } = capabilities;
  const extendedNextHop = offersExtendedNextHop(config) && capabilities.extendedNextHop;
  return {
    remoteIdentifier: open.identifier,
    holdTimeSeconds,
    keepaliveSeconds: Math.min(config.keepaliveSeconds || Infinity, holdTimeSeconds / 3),
    families,
    gracefulRestart,
    restartTimes,
    notificationGracefulRestart: gracefulRestart && capabilities.gracefulRestart?.notification === true,
    fourOctetAs,
    routeRefresh: capabilities.routeRefresh,
    enhancedRouteRefresh: capabilities.enhancedRouteRefresh,
    extendedMessages,
    extendedNextHop,
    capabilities: capabilityNames(open.capabilities),
    sending: { fourOctetAs, addPath: new Set(withIds), extendedMessages, extendedNextHop },
    // We never offer to receive additional paths. Long messages we do, and who sends them need not take them (RFC 8654 section 4).
    receiving: { fourOctetAs, addPath: new Set(), extendedMessages: true },
  };
}

/** Undefined: one of both sides has no graceful restart. */
function agreedRestart(config: PeerConfig, { gracefulRestart: peers }: CapabilitySets): RestartTimes | undefined {
  const { gracefulRestart: ours } = config;
  if (ours === undefined || peers === undefined) return undefined;
  return { oursSeconds: ours.restartTimeSeconds, peersSeconds: peers.restartTimeSeconds };
}

/** The AS that a speaker says it is of (RFC 6793 section 4.1). */
export function asOf(open: OpenMessage): number {
  return capabilitySets(open).fourOctetAs ?? open.as;
}

function checkPeer(config: PeerConfig, open: OpenMessage): void {
  const as = asOf(open);
  // AS_TRANS before an AS number that would have fit is odd, but says nothing else.
  const isSame = open.as === AS_TRANS || open.as === as;
  if (as !== config.peerAs || !isSame) {
    throw openError(`peer has AS ${as}, configured is ${config.peerAs}`, OpenSubcode.badPeerAs);
  }
  // RFC 6286 section 2.2: not zero, and within one AS not our own.
  const sameAs = config.peerAs === config.localAs;
  if (open.identifier === '0.0.0.0' || (sameAs && open.identifier === config.routerId)) {
    throw openError(`peer has BGP identifier ${open.identifier}`, OpenSubcode.badIdentifier);
  }
  if (open.holdTimeSeconds === 1 || open.holdTimeSeconds === 2) {
    throw openError(`peer wants a hold time of ${open.holdTimeSeconds} s`, OpenSubcode.unacceptableHoldTime);
  }
}

interface CapabilitySets {
  readonly families: ReadonlySet<string>;
  /** Families whose additional paths the peer takes. */
  readonly addPathReceive: ReadonlySet<string>;
  readonly fourOctetAs: number | undefined;
  readonly gracefulRestart: Extract<Capability, { type: 'graceful-restart' }> | undefined;
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  readonly extendedMessages: boolean;
  /** The peer takes IPv4 routes with IPv6 next hops. */
  readonly extendedNextHop: boolean;
}

function capabilitySets({ capabilities }: OpenMessage): CapabilitySets {
  const ofType = <T extends Capability['type']>(type: T): Extract<Capability, { type: T }>[] =>
    capabilities.filter((capability): capability is Extract<Capability, { type: T }> => capability.type === type);
  const has = (type: Capability['type']): boolean => ofType(type).length > 0;
  const multiprotocol = ofType('multiprotocol').map(({ family }) => family);
  const receives = (mode: number): boolean => mode === AddPathMode.receive || mode === AddPathMode.both;
  const addPath = ofType('add-path').flatMap(({ families }) => families.filter(({ mode }) => receives(mode)));
  return {
    // A speaker that lists no family has IPv4 unicast, as before RFC 4760.
    families: new Set<string>(multiprotocol.length > 0 ? multiprotocol : ['ipv4-unicast']),
    addPathReceive: new Set<string>(addPath.map(({ family }) => family)),
    fourOctetAs: ofType('four-octet-as').at(-1)?.as,
    // RFC 4724 section 3: of several, the last counts.
    gracefulRestart: ofType('graceful-restart').at(-1),
    routeRefresh: has('route-refresh'),
    // RFC 7313 section 3.1: it goes beyond the plain one.
    enhancedRouteRefresh: has('route-refresh') && has('enhanced-route-refresh'),
    extendedMessages: has('extended-message'),
    extendedNextHop: ofType('extended-next-hop').some(({ entries }) =>
      entries.some(({ family, nextHopAfi }) => family === 'ipv4-unicast' && nextHopAfi === AFI_IPV6),
    ),
  };
}

function commonFamilies(config: PeerConfig, peer: CapabilitySets): { family: AddressFamily; addPath: boolean }[] {
  const common = config.families.filter(({ family }) => peer.families.has(family));
  if (common.length === 0) {
    // RFC 5492 section 5: the data lists what we can't do without.
    const wanted = new Writer(255);
    for (const { family } of config.families) encodeCapability({ type: 'multiprotocol', family }, wanted);
    throw openError('no address family in common', OpenSubcode.unsupportedCapability, wanted.finish());
  }
  return common.map((wanted) => ({
    family: wanted.family,
    addPath: asksForAddPath(wanted) && peer.addPathReceive.has(wanted.family),
  }));
}

function openError(why: string, subcode: number, data: Uint8Array = new Uint8Array()): ProtocolError {
  return new ProtocolError(why, notification(ErrorCode.openMessage, subcode, data));
}
