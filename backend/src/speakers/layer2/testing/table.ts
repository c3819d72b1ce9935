import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import type { Link } from '../../../platform/ports.ts';
import type { Desired, Layer2Options, Observation } from '../model.ts';
import { Layer2Speaker } from '../speaker.ts';
import { addressOctets, isUnspecified, solicitedNodeGroup, multicastMac } from '../wire/address.ts';
import { arpAnnouncement, type ArpPacket } from '../wire/arp.ts';
import { BROADCAST, macText, NO_MAC } from '../wire/mac.ts';
import { neighborAnnouncement, neighborProbe, type NeighborSolicitation } from '../wire/neighbor.ts';
import { hex } from '../wire/testing/hex.ts';
import { FakeLan, type Sent } from './fake-lan.ts';

export const OUR_MAC: Uint8Array = hex('020000000001');
export const HOST_MAC: Uint8Array = hex('0200000000aa');
export const PEER_MAC: Uint8Array = hex('020000000002');

export function ip(text: string): Uint8Array {
  const octets = addressOctets(text);
  if (octets === undefined) throw new Error(`no address: ${text}`);
  return octets;
}

export function link(index: number, changes: Partial<Link> = {}): Link {
  const prefixes = ['192.0.2.1/24', '2001:db8::1/64', 'fe80::1/64'];
  return { index, name: `eth${index}`, mac: OUR_MAC, up: true, prefixes, ...changes };
}

export interface Table {
  readonly lan: FakeLan;
  readonly clock: FakeClock;
  readonly logger: FakeLogger;
  readonly speaker: Layer2Speaker;
  readonly seen: Observation[];
  /** Called with each observation, as an engine would be. */
  onObservation: (observation: Observation) => void;
}

/** A speaker on a host with one link (192.0.2.0/24, 2001:db8::/64), or with those given; node b has PEER_MAC. */
export function table(options: Partial<Layer2Options> = {}, links: readonly Link[] = [link(1)], random = 0.5): Table {
  const lan = new FakeLan();
  for (const each of links) lan.put(each);
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const seen: Observation[] = [];
  const onObservation = (observation: Observation): void => {
    seen.push(observation);
    made.onObservation(observation);
  };
  const peerOf = (mac: string): string | undefined => (mac === macText(PEER_MAC) ? 'b' : undefined);
  const deps = { links: lan, clock, random: { next: () => random }, logger, onObservation, peerOf };
  const made: Table = { lan, clock, logger, seen, speaker: new Layer2Speaker(deps, options), onObservation: () => {} };
  return made;
}

export function wanted(changes: Partial<Desired> = {}): Desired {
  return { interface: '', probe: false, ...changes };
}

export function wants(...texts: readonly string[]): Map<string, Desired> {
  return new Map(texts.map((text) => [text, wanted()]));
}

/** Who has `target`? From a host of the LAN, to all. */
export function arpQuestion(target: string, changes: Partial<ArpPacket> = {}): ArpPacket {
  return {
    ...{ kind: 'arp', destination: BROADCAST, source: HOST_MAC, operation: 'request' },
    ...{ senderMac: HOST_MAC, senderIp: ip('192.0.2.200'), targetMac: NO_MAC, targetIp: ip(target) },
    ...changes,
  };
}

export function solicitation(target: string, changes: Partial<NeighborSolicitation> = {}): NeighborSolicitation {
  const destinationIp = solicitedNodeGroup(ip(target));
  return {
    ...{ kind: 'neighbor-solicitation', destination: multicastMac(destinationIp), source: HOST_MAC, destinationIp },
    ...{ sourceIp: ip('2001:db8::200'), target: ip(target) },
    options: [{ type: 'source-link-layer', mac: HOST_MAC }],
    ...changes,
  };
}

/** Somebody says to all that they have the address. */
export function claim(text: string, mac: Uint8Array): ReturnType<typeof arpAnnouncement | typeof neighborAnnouncement> {
  const speaking = { source: mac, mac, ip: ip(text) };
  return text.includes(':') ? neighborAnnouncement(speaking) : arpAnnouncement(speaking, 'reply');
}

/** Somebody probes for the address. */
export function probeBy(text: string, mac: Uint8Array): ArpPacket | NeighborSolicitation {
  if (text.includes(':')) return neighborProbe({ source: mac, mac, ip: ip(text) });
  return arpQuestion(text, { source: mac, senderMac: mac, senderIp: ip('0.0.0.0') });
}

/** A frame in a word or two, for comparing many: what it says of which address, and the MAC that it names. */
export function gist({ packet }: Sent): string {
  if (packet.kind === 'neighbor-solicitation')
    return `${isUnspecified(packet.sourceIp) ? 'probe' : 'question'} ${text(packet.target)}`;
  if (packet.kind === 'neighbor-advertisement') {
    const [option] = packet.options;
    const mac = option?.type === 'target-link-layer' ? macText(option.mac) : 'none';
    return `${packet.solicited ? 'answer' : 'announcement'} ${text(packet.target)} is ${mac}`;
  }
  if (packet.senderIp.every((octet) => octet === 0)) return `probe ${text(packet.targetIp)}`;
  const kind = macText(packet.destination) === macText(BROADCAST) ? `announcement (${packet.operation})` : 'answer';
  return `${kind} ${text(packet.senderIp)} is ${macText(packet.senderMac)}`;
}

function text(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const last = octets.at(-1) ?? 0;
  return `..:${last.toString(16)}`;
}

/** Announced already, the burst over. */
export function settled(text: string): Table {
  const made = table();
  made.speaker.set(wants(text));
  made.clock.advance(10_000);
  made.lan.take();
  made.seen.length = 0;
  return made;
}
