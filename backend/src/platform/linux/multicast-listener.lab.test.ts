/**
 * Groups that are joined on real links, behind a bridge with MLD snooping, in a network namespace that this process makes for
 * itself and that ends with it. Needs root and iproute2.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { addressOctets, ALL_NODES, multicastMac, solicitedNodeGroup } from '../../speakers/layer2/wire/address.ts';
import { decodeFrame, encodeFrame, type Packet } from '../../speakers/layer2/wire/frame.ts';
import { neighborAnnouncement } from '../../speakers/layer2/wire/neighbor.ts';
import { FakeLogger } from '../fake/logger.ts';
import type { Link, LinkSocket } from '../ports.ts';
import { openLinkLayer, type SystemLinkLayer } from './link-layer.ts';

const CLONE_NEWNET = 0x4000_0000;
const unshare = koffi.load(null).func('int unshare(int flags)') as (flags: number) => number;
assert.equal(unshare(CLONE_NEWNET), 0, 'a network namespace of its own needs root');

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const sysctl = (...args: readonly string[]): string => execFileSync('sysctl', ['-qw', ...args], { encoding: 'utf8' });

// As soon as a link is up it has its address, by which reports and queries are sent.
sysctl('net.ipv6.conf.default.disable_ipv6=0', 'net.ipv6.conf.default.accept_dad=0');

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 6_000 && !condition(); i++) await sleep(10);
  assert.ok(condition(), what);
}

interface Opened {
  readonly link: Link;
  readonly socket: LinkSocket;
  /** The ARP and neighbour discovery that came. */
  readonly got: Packet[];
}

function open(t: TestContext, layer: SystemLinkLayer, name: string): Opened {
  const link = layer.links().find((each) => each.name === name);
  assert.ok(link !== undefined, `there is a link ${name}`);
  const got: Packet[] = [];
  const socket = layer.open(link.index, {
    onFrame: (frame) => {
      const packet = decodeFrame(frame.slice());
      if (packet.kind !== 'drop') got.push(packet);
    },
    onGone: (reason) => assert.fail(reason),
  });
  t.after(() => socket.close());
  return { link, socket, got };
}

function octets(address: string): Uint8Array {
  return addressOctets(address) ?? assert.fail(address);
}

/** Who has it? As a kernel asks that is at another link-local address than any here. */
function question(address: string, { mac }: Link): Uint8Array {
  const destinationIp = solicitedNodeGroup(octets(address));
  return encodeFrame({
    ...{ kind: 'neighbor-solicitation', destination: multicastMac(destinationIp), source: mac },
    ...{ sourceIp: octets('fe80::c8'), destinationIp, target: octets(address) },
    options: [{ type: 'source-link-layer', mac }],
  });
}

/** The targets of packets of a kind, in hexadecimal. */
function targets(kind: Packet['kind'], { got }: Opened): string[] {
  return got.flatMap((packet) => ('target' in packet && packet.kind === kind ? [hex(packet.target)] : []));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A pair of links that are up; the ends with an address count as links of the host. */
function pair(t: TestContext, a: string, b: string, addresses: readonly string[]): void {
  ip('link', 'add', a, 'type', 'veth', 'peer', 'name', b);
  t.after(() => spawnSync('ip', ['link', 'del', b]));
  for (const [i, address] of addresses.entries()) ip('address', 'add', address, 'dev', [a, b][i] ?? '');
  for (const end of [a, b]) ip('link', 'set', end, 'up');
}

async function openLayer(t: TestContext, logger = new FakeLogger()): Promise<SystemLinkLayer> {
  const layer = await openLinkLayer({ logger });
  t.after(() => layer.close());
  return layer;
}

/** The IPv6 groups of a link, as its kernel reports them. */
function groupsOf(name: string): string[] {
  return ip('-6', 'maddr', 'show', 'dev', name).match(/(?<=inet6 )\S+/g) ?? [];
}

/** A switch that asks who listens (a second between questions and answers at most), and three links to it. */
async function snoopingSwitch(t: TestContext): Promise<Record<'asker' | 'member' | 'mute', Opened>> {
  t.after(() => spawnSync('ip', ['link', 'del', 'switch']));
  const soon = ['mcast_startup_query_interval', '100', 'mcast_query_response_interval', '100'];
  const leaving = ['mcast_last_member_interval', '10'];
  ip('link', 'add', 'switch', 'type', 'bridge', 'mcast_snooping', '1', 'mcast_querier', '1', ...soon, ...leaving);
  ip('link', 'set', 'switch', 'up');
  for (const [i, name] of ['asker', 'member', 'mute'].entries()) {
    pair(t, name, `${name}-port`, [`198.51.100.${i + 1}/24`]);
    ip('link', 'set', `${name}-port`, 'master', 'switch');
  }
  sysctl('net.ipv6.conf.asker.disable_ipv6=1', 'net.ipv6.conf.mute.disable_ipv6=1');
  const layer = await openLayer(t);
  await until('all links to be up', () => {
    const up = layer.links().filter((link) => link.up);
    return ['asker', 'member', 'mute'].every((name) => up.some((link) => link.name === name));
  });
  return { asker: open(t, layer, 'asker'), member: open(t, layer, 'member'), mute: open(t, layer, 'mute') };
}

test('a switch with MLD snooping sends questions to a link that has joined, and nowhere else', async (t) => {
  const { asker, member, mute } = await snoopingSwitch(t);
  const [ours, kernels] = ['2001:db8::12:3456', '2001:db8::65:4321'];
  const group = solicitedNodeGroup(octets(ours));
  member.socket.join(group);
  // Its kernel reports nothing, so that only its own filter knows.
  mute.socket.join(group);
  // Switches send what is for all nodes to all ports.
  const mark = { source: asker.link.mac, mac: asker.link.mac, ip: octets('2001:db8::c8') };
  for (const { socket } of [member, mute]) socket.join(ALL_NODES);
  /** Which of them heard the question, as of the mark that comes after it. */
  const heardBy = async (): Promise<string[]> => {
    const ends = Object.entries({ member, mute });
    for (const [, { got }] of ends) got.length = 0;
    asker.socket.send(question(ours, asker.link));
    asker.socket.send(encodeFrame(neighborAnnouncement(mark)));
    const marked = (end: Opened): boolean => targets('neighbor-advertisement', end).includes(hex(mark.ip));
    await until('the mark to arrive', () => ends.every(([, end]) => marked(end)));
    const heard = (end: Opened): boolean => targets('neighbor-solicitation', end).includes(hex(octets(ours)));
    return ends.filter(([, end]) => heard(end)).map(([name]) => name);
  };
  for (let i = 0; i < 1_000 && (await heardBy()).includes('mute'); i++) await sleep(10);
  for (let i = 0; i < 5; i++) assert.deepEqual(await heardBy(), ['member']);

  // The kernel that is in the group answers for its own addresses still, and for no other.
  ip('address', 'add', `${kernels}/64`, 'dev', 'member', 'nodad');
  await until("an answer for the kernel's own address", () => {
    asker.socket.send(question(ours, asker.link));
    asker.socket.send(question(kernels, asker.link));
    return targets('neighbor-advertisement', asker).includes(hex(octets(kernels)));
  });
  assert.ok(!targets('neighbor-advertisement', asker).includes(hex(octets(ours))));

  const switched = (): boolean => execFileSync('bridge', ['mdb', 'show'], { encoding: 'utf8' }).includes('ff12:3456');
  assert.ok(switched());
  member.socket.leave(group);
  await until('the switch to know that nobody is left', () => !switched());
});

test('a thousand groups are joined on one link, left one by one or all with the socket', async (t) => {
  pair(t, 'near', 'far', ['198.51.100.1/24', '203.0.113.1/24']);
  // The default of older kernels, which have one for all namespaces: theirs stays as it is.
  spawnSync('sysctl', ['-qw', 'net.core.optmem_max=20480']);
  const layer = await openLayer(t);
  // The kernel joins that of its own link-local address a moment after the link is up.
  await until('the kernel to be in its own group', () =>
    groupsOf('near').some((group) => group.startsWith('ff02::1:ff')),
  );
  const before = groupsOf('near');
  const descriptors = readdirSync('/proc/self/fd').length;
  const { socket } = open(t, layer, 'near');
  const groups = Array.from({ length: 1_000 }, (_, i) => solicitedNodeGroup(octets(`2001:db8::ff:${i.toString(16)}`)));
  const joined = (): number => groupsOf('near').length - before.length;
  for (const group of groups) socket.join(group);
  assert.equal(joined(), 1_000);
  for (const group of groups.slice(200, 700)) socket.leave(group);
  assert.equal(joined(), 500);
  const opened = readdirSync('/proc/self/fd').length;
  for (const group of groups.slice(200, 700)) socket.join(group);
  assert.equal(joined(), 1_000);
  assert.equal(readdirSync('/proc/self/fd').length, opened, 'what has been left makes room');
  socket.close();
  assert.deepEqual(groupsOf('near'), before);
  assert.equal(readdirSync('/proc/self/fd').length, descriptors);
});

test('a link without IPv6 hears its groups all the same, and says once that nobody is told of them', async (t) => {
  pair(t, 'near', 'far', ['198.51.100.1/24', '203.0.113.1/24']);
  // Below what IPv6 needs, where the kernel has none on a link.
  for (const end of ['near', 'far']) ip('link', 'set', end, 'mtu', '1200');
  const logger = new FakeLogger();
  const layer = await openLayer(t, logger);
  const [near, far] = [open(t, layer, 'near'), open(t, layer, 'far')];
  const addresses = ['2001:db8::1', '2001:db8::2'];
  for (const address of addresses) far.socket.join(solicitedNodeGroup(octets(address)));
  for (const address of addresses) near.socket.send(question(address, near.link));
  await until('both questions to arrive', () => targets('neighbor-solicitation', far).length === 2);
  const warned = logger.entries.filter(({ level }) => level === 'warn');
  assert.deepEqual(
    warned.map(({ fields }) => fields['link']),
    [far.link.index],
  );
  far.socket.leave(solicitedNodeGroup(octets('2001:db8::2')));

  ip('link', 'set', 'far', 'mtu', '1500');
  const reported = (): boolean => groupsOf('far').includes('ff02::1:ff00:1');
  await until('the group to be joined as soon as the link has IPv6', reported);
  assert.ok(!groupsOf('far').includes('ff02::1:ff00:2'));
  far.socket.leave(solicitedNodeGroup(octets('2001:db8::1')));
  assert.ok(!reported());
});
