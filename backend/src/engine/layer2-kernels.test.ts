import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { encodeFrame } from '../speakers/layer2/wire/frame.ts';
import { BROADCAST, NO_MAC } from '../speakers/layer2/wire/mac.ts';
import type { Lan } from './testing/lan.ts';
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
