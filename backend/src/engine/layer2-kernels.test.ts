import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { aPool } from '../domain/testing/builders.ts';
import { isMulticast6 } from '../speakers/layer2/wire/address.ts';
import { decodeFrame, encodeFrame } from '../speakers/layer2/wire/frame.ts';
import { BROADCAST, macText, NO_MAC } from '../speakers/layer2/wire/mac.ts';
import { neighborAnswer, neighborProbe } from '../speakers/layer2/wire/neighbor.ts';
import { Lan } from './testing/lan.ts';
import { ALL, IP, LAN_POOL, octets, running } from './testing/lan.ts';

/** As Linux asks for a client on account of a packet from an address that it has, unless arp_announce says otherwise. */
function askFrom(lan: Lan, mac: Uint8Array): void {
  const send = lan.wire.attach({}, () => undefined);
  send(
    encodeFrame({
      ...{ kind: 'arp', destination: BROADCAST, source: mac, operation: 'request' },
      ...{ senderMac: mac, senderIp: octets(IP), targetMac: NO_MAC, targetIp: octets('192.0.2.99') },
    }),
  );
}

const CLIENT_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xcc);

/** From now on a kernel has the IPv6 address on its interface, and answers as Linux does: who asks from no address, by telling all nodes. */
function answerSix(lan: Lan, mac: Uint8Array, ip: string): void {
  const send = lan.wire.attach({}, (frame) => {
    const packet = decodeFrame(frame);
    if (packet.kind !== 'neighbor-solicitation' || packet.target.join() !== octets(ip).join()) return;
    send(encodeFrame(neighborAnswer({ source: mac, mac, ip: octets(ip) }, packet)));
  });
}

/** Who has an IPv6 address, for all who have heard of it: by the last advertisement to all nodes that overrides (RFC 4861 section 7.2.5). */
function neighbours(lan: Lan): () => string | undefined {
  let believed: string | undefined;
  lan.wire.attach({}, (frame) => {
    const packet = decodeFrame(frame);
    if (packet.kind !== 'neighbor-advertisement' || !isMulticast6(packet.destinationIp) || !packet.override) return;
    const [option] = packet.options;
    if (option?.type === 'target-link-layer') believed = lan.nameOf(macText(option.mac));
  });
  return () => believed;
}

async function assertAnswersOn(lan: Lan, name: string, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await lan.pass(1_000);
    assert.ok(lan.ask(IP).includes(name), `after ${second} s`);
  }
}

suite('the kernel of a node that would come first', () => {
  test('but is not eligible, and runs a replica that has the link: the owner stays, and the node is named', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    lan.answerAs(lan.host(first).mac, IP);
    lan.wantAs({ nodes: [second] }, IP);
    await assertAnswersOn(lan, second, 60);
    assert.equal(lan.host(second).conflicts[0]?.node, first);
  });

  test('and was eligible until a moment ago, by its replica’s view a little longer: the owner stays', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    lan.answerAs(lan.host(first).mac, IP);
    const wanted = new Map([[IP, { pool: LAN_POOL, isNew: false, nodes: [second] }]]);
    lan.host(second).layer2?.update(wanted);
    await lan.pass(500);
    assert.ok(lan.announcers(IP).includes(first), 'both announce meanwhile');
    lan.host(first).layer2?.update(wanted);
    await assertAnswersOn(lan, second, 60);
  });

  test('asks for clients with the address of a Service, its replica is dead: it has announced nothing', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    lan.answerAs(lan.host(first).mac, IP);
    lan.crash(first);
    await lan.pass(40_000);
    for (let times = 0; times < 4; times++) {
      lan.claims.length = 0;
      askFrom(lan, lan.host(first).mac);
      await assertAnswersOn(lan, second, 10);
      assert.deepEqual(lan.announcers(IP), [second], 'for those that it misled');
    }
    assert.equal(lan.host(second).conflicts[0]?.node, first);
  });

  test('has an IPv6 address of ours on its interface: no question of the owner’s turns neighbours to it, and it is named', async () => {
    const six = '2001:db8::100';
    const lan = new Lan(3);
    for (const { links, link, number } of lan.hosts)
      links.change(link, { prefixes: [`192.0.2.${number}/24`, `2001:db8::${number}/64`, `fe80::${number}/64`] });
    lan.setMembers(...ALL);
    lan.start(...ALL);
    const believed = neighbours(lan);
    lan.wantAs({ pool: aPool('six', ['2001:db8::/64'], { protocol: 'layer2' }) }, six);
    await lan.pass(8_000);
    const owner = believed() ?? '';
    const [other = ''] = ALL.filter((name) => name !== owner);
    answerSix(lan, lan.host(other).mac, six);
    for (let second = 0; second < 120; second++) {
      await lan.pass(1_000);
      assert.equal(believed(), owner, `after ${second} s`);
    }
    assert.equal(lan.host(owner).conflicts[0]?.node, other);
    // Another host probes right after the owner has asked: the answer is not for the owner alone.
    let probes = 0;
    const send = lan.wire.attach({}, (frame) => {
      const packet = decodeFrame(frame);
      if (packet.kind !== 'neighbor-solicitation' || probes > 0) return;
      probes++;
      send(encodeFrame(neighborProbe({ source: CLIENT_MAC, mac: CLIENT_MAC, ip: octets(six) })));
    });
    await lan.pass(10_000);
    assert.deepEqual([probes, believed()], [1, owner]);
  });

  test('asks for clients with the address of a Service: who leaves goes on until a replica takes over', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    lan.host(first).layer2?.leave();
    askFrom(lan, lan.host(second).mac);
    await lan.pass(100);
    assert.deepEqual(lan.ask(IP), [first]);
    lan.host(first).prober?.announceLeaving();
    await lan.pass(100);
    assert.deepEqual(lan.ask(IP), [second]);
  });
});
