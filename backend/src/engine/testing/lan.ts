import { linkOwner } from '../../announce/link-owner.ts';
import { rank } from '../../announce/rendezvous.ts';
import type { Node } from '../../domain/node.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Replica } from '../../domain/replica.ts';
import { aNode, aPool } from '../../domain/testing/builders.ts';
import { decodeProbe } from '../../health/probe-message.ts';
import { ReplicaProber } from '../../health/replicas.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeDatagrams } from '../../platform/fake/datagrams.ts';
import { FakeLinkLayer, FakeWire } from '../../platform/fake/link-layer.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { Datagrams } from '../../platform/ports.ts';
import { Layer2Speaker } from '../../speakers/layer2/speaker.ts';
import { arpAnnouncement, arpAnswer, type ArpPacket } from '../../speakers/layer2/wire/arp.ts';
import { addressOctets } from '../../speakers/layer2/wire/address.ts';
import { decodeFrame, encodeFrame } from '../../speakers/layer2/wire/frame.ts';
import { BROADCAST, macText, NO_MAC } from '../../speakers/layer2/wire/mac.ts';
import { Layer2 } from '../layer2.ts';
import type { LinkAddress } from '../layer2-deps.ts';
import type { ConflictReport } from '../messages.ts';

export const LAN_POOL: Pool = aPool('lan', ['192.0.2.128/25'], { protocol: 'layer2' });
const PORT = 17_981;
const CLIENT_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xcc);

export function octets(ip: string): Uint8Array {
  return addressOctets(ip) ?? new Uint8Array();
}

/** A frame that says of an address who has it. */
export interface Claim {
  readonly at: number;
  readonly ip: string;
  readonly mac: string;
  readonly how: 'answer' | 'announcement';
}

/** One host of the LAN: its links, and what a replica's engine has for Layer 2. */
export class LanHost {
  readonly name: string;
  readonly number: number;
  readonly node: Node;
  readonly mac: Uint8Array;
  readonly links: FakeLinkLayer;
  readonly link: number;
  readonly logger = new FakeLogger();
  conflicts: readonly ConflictReport[] = [];
  /** Addresses whose view may have changed, in order. */
  readonly changes: string[] = [];
  prober: ReplicaProber | undefined;
  layer2: Layer2 | undefined;

  constructor(lan: Lan, number: number) {
    this.name = `n${number}`;
    this.number = number;
    this.node = aNode(this.name, [`192.0.2.${number}`]);
    this.mac = Uint8Array.of(2, 0, 0, 0, 0, number);
    this.links = new FakeLinkLayer(lan.clock);
    const prefixes = [`192.0.2.${number}/24`];
    this.link = this.links.add({ name: 'eth0', mac: this.mac, prefixes, wire: lan.wire });
  }

  /** How many Pods it has had before this one. */
  podsBefore = 0;

  get replica(): Replica {
    const name = ['porter', this.name, ...(this.podsBefore > 0 ? [this.podsBefore] : [])].join('-');
    return { name, address: `192.0.2.${this.number}`, node: this.name };
  }
}

/** Hosts on one Ethernet segment whose engines find out about each other by UDP, all in fake time; a client listens to every frame. */
export class Lan {
  readonly clock = new FakeClock();
  readonly wire = new FakeWire(this.clock);
  readonly datagrams = new FakeDatagrams(this.clock);
  readonly hosts: LanHost[];
  readonly claims: Claim[] = [];
  readonly #client = {};
  readonly #send: (frame: Uint8Array) => void;
  #wanted = new Map<string, LinkAddress>();
  #members: readonly Replica[];
  #seed = 1;

  /** Engines run on the first `running` hosts once `start` was called. */
  constructor(count: number, unmet: readonly string[] = []) {
    this.#send = this.wire.attach(this.#client, (frame) => this.#hear(frame));
    this.hosts = Array.from({ length: count }, (_, i) => new LanHost(this, i + 1));
    this.#members = this.hosts.map(({ replica }) => replica);
    // As after some traffic: everybody has met everybody's kernel, but for those that nobody has met.
    for (const host of this.hosts) {
      for (const other of this.hosts) {
        if (other !== host && !unmet.includes(other.name))
          host.links.meet({ address: `192.0.2.${other.number}`, mac: other.mac, link: host.link });
      }
    }
  }

  host(name: string): LanHost {
    const found = this.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`there is no host ${name}`);
    return found;
  }

  get nodeNames(): string[] {
    return this.hosts.map(({ name }) => name);
  }

  /** The membership that every engine is told. */
  setMembers(...names: string[]): void {
    this.#members = names.map((name) => this.host(name).replica);
    for (const { prober } of this.hosts) prober?.setReplicas(this.#members);
  }

  start(...names: string[]): void {
    for (const name of names) this.#start(this.host(name), this.datagrams);
  }

  /**
   * Starts one whose version knows of a datagram's flags only those of the first: leaving, stale, announcing; and of no MED offsets. Each of
   * its answers has its place, as none could be left out.
   */
  startOlder(name: string): void {
    let lastPlace = new Uint8Array();
    const asOlder = (bytes: Uint8Array): Uint8Array => {
      const { kind, placeOmitted = false } = decodeProbe(bytes) ?? {};
      if (kind === 'answer' && !placeOmitted) lastPlace = bytes.slice(PLACE_AT);
      return withFirstFlags(placeOmitted ? Buffer.concat([bytes, lastPlace]) : bytes);
    };
    this.#start(this.host(name), {
      bind: (host, port, handlers) => {
        const socket = this.datagrams.bind(host, port, {
          ...handlers,
          onMessage: (bytes, from) => handlers.onMessage(withFirstFlags(bytes), from),
        });
        return { ...socket, send: (bytes, toPort, to) => socket.send(asOlder(bytes), toPort, to) };
      },
    });
  }

  /** Starts one whose datagrams take so much longer. */
  startSlow(name: string, delayMs: number): void {
    this.#start(this.host(name), {
      bind: (host, port, handlers) => {
        const socket = this.datagrams.bind(host, port, handlers);
        return { ...socket, send: (...what) => void this.clock.setTimer(delayMs, () => socket.send(...what)) };
      },
    });
  }

  /** Makes an engine that has no inputs yet, as before the first lists. */
  prepare(name: string): void {
    this.#make(this.host(name), this.datagrams);
  }

  /** Gives an engine that was made before its inputs, with members that the others may not know yet. */
  begin(name: string, ...members: string[]): void {
    const { prober, layer2 } = this.host(name);
    prober?.setReplicas(members.length > 0 ? members.map((member) => this.host(member).replica) : this.#members);
    prober?.start();
    layer2?.start();
    layer2?.set(this.#wanted);
  }

  /** An engine says that it leaves; it ends (`crash`) a good second later. */
  leave(name: string): void {
    const { prober, layer2 } = this.host(name);
    layer2?.leave();
    prober?.announceLeaving();
    layer2?.replicasChanged();
  }

  /** Ends an engine without a word, as a crash does: its host stays. */
  crash(name: string): void {
    const host = this.host(name);
    host.prober?.stop();
    host.layer2?.stop();
    host.prober = undefined;
    host.layer2 = undefined;
  }

  /** Cuts a host off from everything, as a power failure or a pulled cable does. */
  cut(name: string): void {
    const host = this.host(name);
    this.wire.cut(host.links.end(host.link));
    this.datagrams.cut(`192.0.2.${host.number}`);
  }

  heal(name: string): void {
    const host = this.host(name);
    this.wire.heal(host.links.end(host.link));
    this.datagrams.heal(`192.0.2.${host.number}`);
  }

  /** What every running engine shall speak for. */
  want(...ips: string[]): void {
    this.wantAs({}, ...ips);
  }

  wantAs(rest: Partial<LinkAddress>, ...ips: string[]): void {
    for (const ip of ips) {
      const nodes = rest.nodes ?? this.nodeNames;
      this.#wanted.set(ip, { pool: LAN_POOL, isNew: false, ...rest, nodes: rank(ip, nodes) });
    }
    for (const { layer2 } of this.hosts) layer2?.update(this.#wanted);
  }

  unwant(ip: string): void {
    this.#wanted.delete(ip);
    for (const { layer2 } of this.hosts) layer2?.update(new Map([[ip, null]]));
  }

  /** Name of the host that should own an address while these have a replica. */
  ownerOf(ip: string, ...replicas: string[]): string {
    const speakers = replicas.map((node) => ({ replica: `porter-${node}`, node, stale: false }));
    return linkOwner(ip, rank(ip, this.nodeNames), speakers)?.node ?? '';
  }

  /** Time passes in small steps, with room for what waits for a promise. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(Math.min(50, ms - passed));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Whose MAC the client would use after asking: all that answer, in order. */
  ask(ip: string): string[] {
    const before = this.claims.length;
    const question: ArpPacket = {
      ...{ kind: 'arp', destination: BROADCAST, source: CLIENT_MAC, operation: 'request' },
      ...{ senderMac: CLIENT_MAC, senderIp: octets('192.0.2.99') },
      ...{ targetMac: NO_MAC, targetIp: octets(ip) },
    };
    this.#send(encodeFrame(question));
    this.clock.advance(5);
    return this.claims
      .slice(before)
      .filter((claim) => claim.ip === ip && claim.how === 'answer')
      .map(({ mac }) => this.nameOf(mac));
  }

  /** A host that is none of the cluster's says that the address is its own, or a node's kernel does. */
  announce(ip: string, mac: Uint8Array): void {
    this.#send(encodeFrame(arpAnnouncement({ source: mac, mac, ip: octets(ip) }, 'reply')));
  }

  /** Answers each ARP question for the address from now on, as a kernel that has it does. Returns how to end that. */
  answerAs(mac: Uint8Array, ip: string): () => void {
    const end = {};
    const send = this.wire.attach(end, (frame) => {
      const packet = decodeFrame(frame);
      if (packet.kind !== 'arp' || packet.operation !== 'request') return;
      if (packet.targetIp.join() !== octets(ip).join() || packet.senderIp.join() === octets(ip).join()) return;
      send(encodeFrame(arpAnswer({ source: mac, mac, ip: octets(ip) }, packet)));
    });
    return () => this.wire.detach(end);
  }

  /** `n2`, or the MAC of a stranger. */
  nameOf(mac: string): string {
    return this.hosts.find((host) => macText(host.mac) === mac)?.name ?? mac;
  }

  /** Who announced an address, each once, in the order of the first time. */
  announcers(ip: string): string[] {
    const announced = this.claims.filter((claim) => claim.ip === ip && claim.how === 'announcement');
    return [...new Set(announced.map(({ mac }) => this.nameOf(mac)))];
  }

  #start(host: LanHost, datagrams: Datagrams): void {
    this.#make(host, datagrams);
    this.begin(host.name);
  }

  #make(host: LanHost, datagrams: Datagrams): void {
    const { clock } = this;
    const random = { next: (): number => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647 };
    const { logger, links } = host;
    const prober = new ReplicaProber(
      { clock, random, datagrams, logger, onChange: () => this.#replicasChanged(host) },
      { self: host.replica.name, host: host.replica.address, port: PORT },
    );
    const speaker: Layer2Speaker = new Layer2Speaker({
      ...{ links, clock, random, logger },
      onObservation: (observation) => host.layer2?.observe(observation),
      peerOf: (mac) => host.layer2?.nodeOf(mac),
    });
    host.prober = prober;
    host.layer2 = new Layer2(
      {
        ...{ clock, random, logger, links, speaker, datagrams: this.datagrams, replicas: prober },
        nodes: new Map(this.hosts.map(({ node }) => [node.name, node])),
        onChange: (ips) => host.changes.push(...ips),
        onConflicts: (conflicts) => (host.conflicts = conflicts),
      },
      { replica: host.replica.name, node: host.name, address: host.replica.address },
    );
  }

  /** As in an engine, whose rank among the replicas is news to them. */
  #replicasChanged({ prober, layer2, replica }: LanHost): void {
    layer2?.replicasChanged();
    const others = prober?.answering().filter(({ name }) => name < replica.name) ?? [];
    prober?.setRank(others.length, new Map());
  }

  #hear(frame: Uint8Array): void {
    const packet = decodeFrame(frame);
    if (packet.kind !== 'arp') return;
    const { senderIp, senderMac, operation, destination } = packet;
    const isBroadcast = macText(destination) === macText(BROADCAST);
    // Answers to others, as to a replica that probes.
    if (!isBroadcast && macText(destination) !== macText(CLIENT_MAC)) return;
    if (
      senderIp.every((octet) => octet === 0) ||
      (operation === 'request' && String(senderIp) !== String(packet.targetIp))
    )
      return;
    const claim = { at: this.clock.now(), ip: senderIp.join('.'), mac: macText(senderMac) };
    this.claims.push({ ...claim, how: isBroadcast ? 'announcement' : 'answer' });
  }
}

/** Where a datagram of a prober has the place. */
const PLACE_AT = 16;

function withFirstFlags(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes)
    .with(5, (bytes[5] ?? 0) & 0x07)
    .fill(0, 6, 8);
}

export const IPS: readonly string[] = Array.from({ length: 12 }, (_, i) => `192.0.2.${130 + i}`);
export const [IP = ''] = IPS;
export const ALL: readonly string[] = ['n1', 'n2', 'n3'];
/** Replicas find each other, and the bursts of new owners end. */
const SETTLED_MS = 6_000;

/** Three hosts; replicas run on these and speak for twelve addresses. */
export async function running(...names: readonly string[]): Promise<Lan> {
  const lan = new Lan(3);
  lan.setMembers(...names);
  lan.start(...names);
  lan.want(...IPS);
  await lan.pass(SETTLED_MS);
  lan.claims.length = 0;
  return lan;
}
