import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPool } from '../domain/testing/builders.ts';
import { FakeWire } from '../platform/fake/link-layer.ts';
import { arpAnswer, arpProbe } from '../speakers/layer2/wire/arp.ts';
import { decodeFrame, encodeFrame } from '../speakers/layer2/wire/frame.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';
import { ALL, IPS, Lan, octets, running } from './testing/lan.ts';

const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0xee);

test('a host with more links than others can be told of: it takes no address there that they don’t leave to it', async () => {
  const lan = new Lan(2);
  const [{ links, mac, link } = assert.fail()] = lan.hosts;
  // The LAN's link is the last one, and the others have prefixes enough to fill what is told.
  links.remove(link);
  for (let i = 0; i < 120; i++) {
    const prefixes = [`10.100.${i}.1/24`, ...[1, 2, 3, 4].map((site) => `2001:db8:${site}:${i.toString(16)}::1/64`)];
    links.add({ name: `vlan${i}`, mac, prefixes, wire: new FakeWire(lan.clock) });
  }
  links.add({ name: 'eth0', mac, prefixes: ['192.0.2.1/24'], wire: lan.wire });
  lan.start('n1', 'n2');
  lan.want(...IPS);
  await lan.pass(2_000);
  for (const ip of IPS) {
    assert.deepEqual(lan.ask(ip), ['n2'], ip);
    for (const { layer2 } of lan.hosts) assert.deepEqual(layer2?.view(ip)?.nodes, ['n2'], ip);
  }
});

const reaching = aPool('reach', ['203.0.113.0/24'], { protocol: 'layer2', interface: 'can_reach:198.51.100.1' });

test('can_reach, by another route while no link changes: the address moves with it', async () => {
  const lan = await running(...ALL);
  /** The only host with a route. */
  let way = 'n2';
  for (const { name, links } of lan.hosts) {
    const known = links.linkTowards.bind(links);
    links.linkTowards = (address) => {
      if (address !== '198.51.100.1') return known(address);
      return name === way ? links.links()[0] : undefined;
    };
  }
  lan.wantAs({ pool: reaching }, '203.0.113.7');
  await lan.pass(400);
  assert.deepEqual(lan.ask('203.0.113.7'), ['n2']);
  way = 'n3';
  await lan.pass(6_000);
  assert.deepEqual(lan.ask('203.0.113.7'), ['n3']);
});

test('the pool names another interface: whoever has the address there is found before it is announced there', async () => {
  const lan = new Lan(1);
  const [{ links } = assert.fail()] = lan.hosts;
  const wire = new FakeWire(lan.clock);
  links.add({ name: 'eth1', mac: Uint8Array.of(2, 0, 0, 0, 1, 1), prefixes: ['198.51.100.1/24'], wire });
  const announced: string[] = [];
  const stranger = { source: STRANGER, mac: STRANGER, ip: octets('203.0.113.7') };
  const answer = wire.attach({}, (frame) => {
    const packet = decodeFrame(frame);
    if (packet.kind !== 'arp' || packet.operation !== 'request') return;
    if (packet.senderIp.every((octet) => octet === 0)) answer(encodeFrame(arpAnswer(stranger, packet)));
    else announced.push(packet.senderIp.join('.'));
  });
  const named = (name: string): ReturnType<typeof aPool> =>
    aPool('named', ['203.0.113.0/24'], { protocol: 'layer2', interface: name });
  lan.start('n1');
  lan.wantAs({ pool: named('eth0') }, '203.0.113.7');
  await lan.pass(3_000);
  assert.deepEqual(lan.ask('203.0.113.7'), ['n1']);
  lan.wantAs({ pool: named('eth1') }, '203.0.113.7');
  await lan.pass(1_000);
  assert.deepEqual(announced, []);
  assert.equal(lan.host('n1').layer2?.view('203.0.113.7')?.finding.reason, 'AddressConflict');
});

/** A second segment of a LAN's hosts, and who is heard to answer there. */
class SecondSegment {
  readonly #lan: Lan;
  readonly #send: (frame: Uint8Array) => void;
  #answers: string[] = [];

  /** Each host has a link there that looks like the CNI's: `ovs-lan1` of n1, with a subnet, `ovs-lan2` of n2 and so on, without. */
  constructor(lan: Lan) {
    this.#lan = lan;
    const wire = new FakeWire(lan.clock);
    this.#send = wire.attach(this, (frame) => {
      const packet = decodeFrame(frame);
      if (packet.kind === 'arp' && packet.operation === 'reply') this.#answers.push(macText(packet.senderMac));
    });
    for (const { links, number } of lan.hosts) {
      const mac = Uint8Array.of(2, 0, 0, 0, 1, number);
      const prefixes = number === 1 ? ['198.51.100.1/24'] : [];
      links.add({ name: `ovs-lan${number}`, mac, prefixes, wire, looksForeign: true });
    }
  }

  /** The MAC addresses that answer. */
  ask(ip: string): string[] {
    this.#answers = [];
    const source = Uint8Array.of(2, 0, 0, 0, 0, 0xcc);
    const question = arpProbe({ source, mac: source, ip: octets(ip) });
    this.#send(encodeFrame({ ...question, senderIp: octets('198.51.100.99') }));
    this.#lan.clock.advance(10);
    return this.#answers;
  }
}

const anywhere = aPool('anywhere', ['198.51.100.0/24'], { protocol: 'layer2' });

test('a pool names an interface that looks like the CNI’s: its addresses are answered for there, and no other pool’s', async () => {
  const lan = new Lan(2);
  const segment = new SecondSegment(lan);
  lan.start('n1', 'n2');
  lan.wantAs({ pool: anywhere }, '198.51.100.8');
  await lan.pass(2_000);
  const ips = ['198.51.100.17', '198.51.100.18'];
  for (const [i, ip] of ips.entries()) {
    const wishes = { protocol: 'layer2', interface: `ovs-lan${i + 1}` } as const;
    lan.wantAs({ pool: aPool(`named${i + 1}`, ['198.51.100.0/24'], wishes) }, ip);
  }
  await lan.pass(2_000);
  for (const [i, ip] of ips.entries()) {
    assert.deepEqual(segment.ask(ip), [`02:00:00:00:01:0${i + 1}`]);
    for (const { layer2 } of lan.hosts) assert.deepEqual(layer2?.view(ip)?.nodes, [`n${i + 1}`], ip);
  }
  assert.deepEqual(segment.ask('198.51.100.8'), []);
  for (const { layer2 } of lan.hosts) assert.equal(layer2?.view('198.51.100.8')?.finding.reason, 'NoReplicaOnLink');
});

test('one that has stopped tells and looks for nothing any more, whatever it hears of yet', async () => {
  const lan = new Lan(1);
  lan.start('n1');
  lan.wantAs({ pool: reaching }, '203.0.113.7');
  lan.want(...IPS);
  await lan.pass(1_000);
  const [{ layer2, prober } = assert.fail()] = lan.hosts;
  lan.crash('n1');
  await lan.pass(1_000);
  assert.equal(lan.clock.pendingTimers, 0);
  layer2?.replicasChanged();
  layer2?.setStale(true);
  layer2?.update(new Map(IPS.map((ip) => [ip, null])));
  await lan.pass(100);
  assert.equal(lan.clock.pendingTimers, 0);
  assert.deepEqual(prober?.answering(), []);
});
