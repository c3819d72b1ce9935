import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IP, IPS, Lan, running } from './testing/lan.ts';

const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0xee);
const STRANGER_TEXT = '02:00:00:00:00:ee';
/** Who is silent is found out. */
const DETECTED_MS = 2_200;
/** The link has been asked, and everybody told what came of it. */
const ASKED_MS = 450;
/** Somebody who has an address is asked again in less than that. */
const ASKED_AGAIN_MS = 31_000;

/** All were announced by replicas, which have all been stopped for a while. */
async function afterStop(): Promise<Lan> {
  const lan = await running(...ALL);
  for (const name of ALL) lan.crash(name);
  await lan.pass(5_000);
  lan.claims.length = 0;
  return lan;
}

/** Every address but the stranger's is answered for by its owner, and that one by the stranger alone. */
function assertLeftToStranger(lan: Lan, ip: string, ...replicas: string[]): void {
  for (const each of IPS)
    assert.deepEqual(lan.ask(each), [each === ip ? STRANGER_TEXT : lan.ownerOf(each, ...replicas)]);
  assert.deepEqual(lan.announcers(ip), []);
}

suite('after a stop of all replicas', () => {
  test('that start together: each address is asked for, and announced by its owner, one of them at any time', async () => {
    const lan = await afterStop();
    lan.start(...ALL);
    await lan.pass(250);
    for (const ip of IPS) assert.deepEqual(lan.announcers(ip), []);
    await lan.pass(ASKED_MS - 250);
    for (const ip of IPS) {
      assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)]);
      assert.deepEqual(lan.announcers(ip), [lan.ownerOf(ip, ...ALL)]);
    }
  });

  test('a stranger has taken an address: it is left to the stranger, which is reported, and announced when that is gone', async () => {
    const lan = await afterStop();
    const end = lan.answerAs(STRANGER, IP);
    lan.start(...ALL);
    await lan.pass(ASKED_MS + 1_000);
    assertLeftToStranger(lan, IP, ...ALL);
    const owner = lan.ownerOf(IP, ...ALL);
    const told = lan.host(owner).conflicts.map(({ ip, mac, node, announced }) => ({ ip, mac, node, announced }));
    assert.deepEqual(told, [{ ip: IP, mac: STRANGER_TEXT, node: undefined, announced: false }]);
    // The owner knows the stranger; the others learn of it from the pool, and don't say meanwhile that all is well.
    for (const { name, layer2 } of lan.hosts) {
      const { finding, nodes } = layer2?.view(IP) ?? {};
      assert.deepEqual([finding?.reason, nodes], [name === owner ? 'AddressConflict' : 'AddressProbing', []], name);
    }
    end();
    await lan.pass(ASKED_AGAIN_MS);
    assert.deepEqual(lan.ask(IP), [owner]);
    for (const { conflicts, layer2 } of lan.hosts) {
      assert.deepEqual(conflicts, []);
      assert.deepEqual(layer2?.view(IP)?.nodes, [owner]);
    }
  });

  for (const [first = '', second = '', third = ''] of [rank(IP, ALL), rank(IP, ALL).reverse()]) {
    for (const apartMs of [0, 50, 100, 200, 350, 600, 1_500, 4_000]) {
      test(`${first}, ${second} and ${third} start ${apartMs} ms apart: what a stranger has stays the stranger's`, async () => {
        const lan = await afterStop();
        lan.answerAs(STRANGER, IP);
        for (const name of [first, second, third]) {
          lan.start(name);
          await lan.pass(apartMs);
        }
        await lan.pass(DETECTED_MS);
        assertLeftToStranger(lan, IP, ...ALL);
        // Whoever takes its place knows that it did not speak for the address.
        const [owner = '', ...others] = rank(IP, ALL);
        lan.crash(owner);
        await lan.pass(DETECTED_MS + 1_000);
        assertLeftToStranger(lan, IP, ...others);
        lan.start(owner);
        await lan.pass(1_000);
        assertLeftToStranger(lan, IP, ...ALL);
      });
    }
  }

  for (const awayMs of [100, 500, 1_000, 1_400])
    test(`who was held off is back after ${awayMs} ms, before anybody has missed it: what a stranger has stays the stranger's`, async () => {
      const lan = await afterStop();
      lan.answerAs(STRANGER, IP);
      lan.start(...ALL);
      await lan.pass(DETECTED_MS);
      const owner = lan.ownerOf(IP, ...ALL);
      lan.crash(owner);
      await lan.pass(awayMs);
      lan.start(owner);
      await lan.pass(2_000);
      assertLeftToStranger(lan, IP, ...ALL);
    });

  for (const delayMs of [0, 1, 2, 3, 4, 6, 10])
    test(`the same, and hears of one of the others ${delayMs} ms later than of the first`, async () => {
      const lan = await afterStop();
      const [owner = '', other = '', slow = ''] = rank(IP, ALL);
      lan.answerAs(STRANGER, IP);
      lan.start(owner, other);
      lan.startSlow(slow, delayMs);
      await lan.pass(DETECTED_MS);
      lan.crash(owner);
      await lan.pass(1_000);
      lan.start(owner);
      await lan.pass(2_000);
      assertLeftToStranger(lan, IP, ...ALL);
    });

  test('a replica that has not been missed hears of one more: that one has not spoken for what a stranger has', async () => {
    const lan = await afterStop();
    const [owner = '', other = '', late = ''] = rank(IP, ALL);
    lan.answerAs(STRANGER, IP);
    lan.start(owner, other);
    await lan.pass(1_000);
    // It is told of the owner later than the owner of it.
    lan.prepare(late);
    lan.begin(late, other, late);
    await lan.pass(4_000);
    lan.setMembers(...ALL);
    await lan.pass(1_000);
    assertLeftToStranger(lan, IP, ...ALL);
    // Its link is another device in no time.
    const { links, link, mac, number } = lan.host(owner);
    links.remove(link);
    links.add({ name: 'eth0', mac, prefixes: [`192.0.2.${number}/24`], wire: lan.wire });
    await lan.pass(2_000);
    assertLeftToStranger(lan, IP, ...ALL);
  });

  test('a stranger that has more addresses than a replica tells one by one: not one is announced, and nobody says so', async () => {
    const lan = await afterStop();
    const taken = Array.from({ length: 100 }, (_, i) => `192.0.2.${150 + i}`);
    lan.want(...taken);
    for (const ip of taken) lan.answerAs(STRANGER, ip);
    for (const name of ALL) {
      lan.start(name);
      await lan.pass(700);
    }
    const views = (...names: string[]): unknown[] =>
      names.flatMap((name) => taken.map((ip) => lan.host(name).layer2?.view(ip)?.nodes));
    assert.deepEqual(new Set(views(...ALL).flat()), new Set());
    lan.crash('n1');
    await lan.pass(5_000);
    for (const ip of taken) assert.deepEqual(lan.announcers(ip), [], ip);
    assert.deepEqual(new Set(views('n2', 'n3').flat()), new Set());
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n2', 'n3')], ip);
  });

  test('the kernel of a node answers for an address: it is announced all the same', async () => {
    const lan = await afterStop();
    lan.answerAs(lan.host('n3').mac, IP);
    lan.start('n1', 'n2');
    await lan.pass(2_000);
    assert.deepEqual(lan.announcers(IP), [lan.ownerOf(IP, 'n1', 'n2')]);
  });
});

suite('an address that a replica speaks for is taken over without asking the link', () => {
  /** Where it is asked for, this host would be found. */
  async function withStranger(...names: string[]): Promise<Lan> {
    const lan = await running(...names);
    for (const ip of IPS) lan.answerAs(STRANGER, ip);
    return lan;
  }

  test('from one that dies', async () => {
    const lan = await withStranger(...ALL);
    lan.crash('n2');
    await lan.pass(DETECTED_MS);
    for (const ip of IPS) assert.ok(lan.ask(ip).includes(lan.ownerOf(ip, 'n1', 'n3')), ip);
  });

  test('from one that leaves, and by one that comes', async () => {
    const lan = await withStranger('n1', 'n2');
    lan.setMembers(...ALL);
    lan.start('n3');
    await lan.pass(100);
    for (const ip of IPS) assert.ok(lan.ask(ip).includes(lan.ownerOf(ip, ...ALL)), ip);
    lan.host('n1').layer2?.leave();
    lan.host('n1').prober?.announceLeaving();
    await lan.pass(100);
    for (const ip of IPS) assert.ok(lan.ask(ip).includes(lan.ownerOf(ip, 'n2', 'n3')), ip);
  });

  test('from one that had it from another one, also after the only other replica has been restarted', async () => {
    const lan = await running('n1', 'n2');
    for (const name of ['n1', 'n2', 'n1', 'n2']) {
      lan.crash(name);
      await lan.pass(DETECTED_MS);
      lan.start(name);
      await lan.pass(ASKED_MS);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n2')], ip);
    }
    for (const ip of IPS) lan.answerAs(STRANGER, ip);
    lan.crash('n1');
    await lan.pass(DETECTED_MS);
    for (const ip of IPS) assert.ok(lan.ask(ip).includes('n2'), ip);
  });

  test('as long as somebody spoke for it just now; later the link is asked', async () => {
    for (const [awayMs, isAsked] of [
      [10_000, false],
      [40_000, true],
    ] as const) {
      const lan = await running(...ALL);
      lan.unwant(IP);
      await lan.pass(awayMs);
      lan.answerAs(STRANGER, IP);
      lan.claims.length = 0;
      lan.want(IP);
      await lan.pass(1_000);
      assert.equal(lan.announcers(IP).length === 0, isAsked, `after ${awayMs} ms`);
    }
  });
});

suite('for a node that runs no replica and has not been met', () => {
  test('nobody says that the address is announced in its name before it is', async () => {
    const lan = new Lan(3, ['n3']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    await lan.pass(6_000);
    lan.wantAs({ nodes: ['n3'] }, IP);
    for (let ms = 0; ms < 2_000; ms += 100) {
      await lan.pass(100);
      for (const name of ['n1', 'n2'])
        assert.equal(lan.host(name).layer2?.view(IP)?.finding.reason, 'NodeNotMet', name);
    }
    const { mac } = lan.host('n3');
    for (const { links, link } of lan.hosts) links.meet({ address: '192.0.2.3', mac, link });
    await lan.pass(7_000);
    assert.deepEqual(lan.ask(IP), ['n3']);
    for (const name of ['n1', 'n2'])
      assert.equal(lan.host(name).layer2?.view(IP)?.finding.reason, 'AnnouncedForNode', name);
  });

  test('what nobody has spoken for since long ago is asked for when the node is met at last', async () => {
    const lan = new Lan(3, ['n3']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    lan.want(IP);
    await lan.pass(6_000);
    assert.deepEqual(lan.ask(IP), [lan.ownerOf(IP, 'n1', 'n2')]);
    lan.wantAs({ nodes: ['n3'] }, IP);
    await lan.pass(40_000);
    lan.answerAs(STRANGER, IP);
    lan.claims.length = 0;
    const { mac } = lan.host('n3');
    for (const { links, link } of lan.hosts) links.meet({ address: '192.0.2.3', mac, link });
    await lan.pass(7_000);
    assert.deepEqual(lan.announcers(IP), []);
  });
});

suite('an owner whose link for the address can’t be opened', () => {
  test('says so: nobody tells users that the address is announced', async () => {
    const lan = new Lan(2);
    const owner = lan.ownerOf(IP, 'n1', 'n2');
    lan.host(owner).links.open = () => {
      throw new Error('too many open files');
    };
    lan.start('n1', 'n2');
    lan.want(IP);
    await lan.pass(2_000);
    for (const { name, layer2 } of lan.hosts) {
      const { finding, nodes } = layer2?.view(IP) ?? {};
      assert.deepEqual([finding?.reason, nodes], ['NoReplicaOnLink', []], name);
    }
  });
});
