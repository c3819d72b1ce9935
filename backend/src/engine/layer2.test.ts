import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPool } from '../domain/testing/builders.ts';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IP, IPS, Lan, LAN_POOL, running } from './testing/lan.ts';

/** Who is silent is found out. */
const DETECTED_MS = 2_200;
const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0xee);

/** Every address is answered for by its owner, and by nobody else. */
function assertOwners(lan: Lan, ...replicas: string[]): void {
  for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...replicas)], ip);
}

function ownedBy(lan: Lan, name: string, ...replicas: string[]): string[] {
  return IPS.filter((ip) => lan.ownerOf(ip, ...replicas) === name);
}

suite('one owner', () => {
  test('each address is answered for by one host, and the hosts share them', async () => {
    const lan = await running(...ALL);
    assertOwners(lan, ...ALL);
    assert.deepEqual(new Set(IPS.map((ip) => lan.ownerOf(ip, ...ALL))), new Set(ALL));
  });

  test('an address that comes later is announced once the link was asked, by its owner only', async () => {
    const lan = await running(...ALL);
    lan.want('192.0.2.200');
    await lan.pass(350);
    assert.deepEqual(lan.announcers('192.0.2.200'), [lan.ownerOf('192.0.2.200', ...ALL)]);
    assert.deepEqual(lan.ask('192.0.2.200'), [lan.ownerOf('192.0.2.200', ...ALL)]);
  });

  test('one that goes is not answered for any more', async () => {
    const lan = await running(...ALL);
    lan.unwant(IP);
    assert.deepEqual(lan.ask(IP), []);
    for (const { layer2 } of lan.hosts) assert.equal(layer2?.view(IP), undefined);
  });

  test('one that goes with a whole new set is not answered for either', async () => {
    const lan = await running(...ALL);
    for (const { layer2 } of lan.hosts) layer2?.set(new Map());
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), []);
  });

  test('every replica says who owns it', async () => {
    const lan = await running(...ALL);
    for (const { layer2 } of lan.hosts) {
      const view = layer2?.view(IP);
      assert.deepEqual(view, {
        finding: { reason: 'Announced', params: { ip: IP } },
        nodes: [lan.ownerOf(IP, ...ALL)],
      });
    }
  });

  test('nobody speaks before the others had the time to say that they are there', async () => {
    const lan = new Lan(3);
    lan.setMembers(...ALL);
    lan.want(...IPS);
    lan.start('n1');
    await lan.pass(600);
    assert.deepEqual(lan.claims, []);
    await lan.pass(400);
    assertOwners(lan, 'n1');
  });
});

suite('moves', () => {
  test('a replica that comes takes what is its own at once, and nothing else moves', async () => {
    const lan = await running('n1', 'n2');
    lan.setMembers(...ALL);
    lan.start('n3');
    await lan.pass(100);
    const moved = ownedBy(lan, 'n3', ...ALL);
    assert.ok(moved.length > 0);
    for (const ip of IPS) {
      assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)]);
    }
    const announced = new Set(lan.claims.filter(({ how }) => how === 'announcement').map(({ ip }) => ip));
    assert.deepEqual([...announced].sort(), moved);
    for (const ip of moved) assert.deepEqual(lan.announcers(ip).slice(0, 1), ['n3'], ip);
  });

  test('who had the addresses of one that comes says no more of them: neighbours hear of one change', async () => {
    const lan = await running('n1', 'n2');
    lan.setMembers(...ALL);
    lan.start('n3');
    await lan.pass(6_000);
    for (const ip of ownedBy(lan, 'n3', ...ALL)) assert.deepEqual(new Set(lan.announcers(ip)), new Set(['n3']), ip);
  });

  for (const [how, end] of [
    ['its engine crashes', (lan: Lan): void => lan.crash('n2')],
    ['its host loses power', (lan: Lan): void => lan.cut('n2')],
  ] as const) {
    test(`${how}: the others have its addresses in time, and nothing else moves`, async () => {
      const lan = await running(...ALL);
      const orphaned = ownedBy(lan, 'n2', ...ALL);
      end(lan);
      await lan.pass(DETECTED_MS);
      assertOwners(lan, 'n1', 'n3');
      const announced = new Set(lan.claims.filter(({ how }) => how === 'announcement').map(({ ip }) => ip));
      assert.deepEqual([...announced].sort(), orphaned);
    });
  }

  test('it comes back: its addresses are announced anew by it, and the others stop', async () => {
    const lan = await running(...ALL);
    lan.crash('n2');
    await lan.pass(DETECTED_MS);
    lan.claims.length = 0;
    lan.start('n2');
    await lan.pass(100);
    for (const ip of ownedBy(lan, 'n2', ...ALL)) assert.deepEqual(lan.announcers(ip).at(0), 'n2');
    assertOwners(lan, ...ALL);
  });

  test('one that leaves goes on until the others have taken over, which is at once', async () => {
    const lan = await running(...ALL);
    const { prober, layer2 } = lan.host('n2');
    layer2?.leave();
    prober?.announceLeaving();
    for (let ms = 0; ms < 30; ms++) {
      lan.clock.advance(1);
      for (const ip of IPS) assert.ok(lan.ask(ip).length > 0, `${ip} after ${ms} ms`);
    }
    assertOwners(lan, 'n1', 'n3');
    lan.crash('n2');
    await lan.pass(3_000);
    assertOwners(lan, 'n1', 'n3');
  });

  test('an update from an older version, one replica after the other: one owner within a second of each step', async () => {
    const lan = new Lan(3);
    lan.setMembers(...ALL);
    for (const name of ALL) lan.startOlder(name);
    lan.want(...IPS);
    await lan.pass(8_000);
    assertOwners(lan, ...ALL);
    for (const name of ALL) {
      lan.host(name).layer2?.leave();
      lan.host(name).prober?.announceLeaving();
      await lan.pass(1_000);
      lan.crash(name);
      assertOwners(lan, ...ALL.filter((other) => other !== name));
      lan.start(name);
      await lan.pass(1_600);
      assertOwners(lan, ...ALL);
    }
  });

  test('nodes that are not eligible any more', async () => {
    const lan = await running(...ALL);
    const first = lan.ownerOf(IP, ...ALL);
    const others = ALL.filter((name) => name !== first);
    lan.wantAs({ nodes: others }, IP);
    const [second] = rank(IP, others);
    assert.deepEqual(lan.ask(IP), [second]);
  });
});

suite('for a node that runs no replica', () => {
  test('another one answers, with the MAC of that node, and says so', async () => {
    const lan = await running('n1', 'n2');
    lan.wantAs({ nodes: ['n3'] }, IP);
    await lan.pass(50);
    assert.deepEqual(lan.announcers(IP), ['n3']);
    assert.deepEqual(lan.ask(IP), ['n3']);
    for (const name of ['n1', 'n2']) {
      const view = lan.host(name).layer2?.view(IP);
      assert.deepEqual(view, { finding: { reason: 'AnnouncedForNode', params: { ip: IP } }, nodes: ['n3'] });
    }
  });

  test('as soon as that runs one, it speaks for itself', async () => {
    const lan = await running('n1', 'n2');
    lan.wantAs({ nodes: ['n3'] }, IP);
    lan.setMembers(...ALL);
    lan.start('n3');
    await lan.pass(100);
    assert.deepEqual(lan.ask(IP), ['n3']);
    assert.equal(lan.host('n1').layer2?.view(IP)?.finding.reason, 'Announced');
  });
});

suite('links', () => {
  test('an address that is on no link of any replica is nobody’s, and everybody says so', async () => {
    const lan = await running(...ALL);
    lan.wantAs({ pool: aPool('far', ['198.51.100.0/24'], { protocol: 'layer2' }) }, '198.51.100.7');
    await lan.pass(50);
    assert.deepEqual(lan.ask('198.51.100.7'), []);
    for (const { layer2 } of lan.hosts) {
      const view = layer2?.view('198.51.100.7');
      assert.deepEqual(view, {
        finding: { reason: 'NoReplicaOnLink', params: { ip: '198.51.100.7', pool: 'far' } },
        nodes: [],
      });
    }
  });

  test('with the interface named it is answered for all the same', async () => {
    const lan = await running(...ALL);
    const pool = aPool('far', ['198.51.100.0/24'], { protocol: 'layer2', interface: 'eth0' });
    lan.wantAs({ pool }, '198.51.100.7');
    await lan.pass(350);
    assert.deepEqual(lan.ask('198.51.100.7'), [rank('198.51.100.7', ALL)[0]]);
  });

  test('can_reach: where it leads, as soon as the pool says so and after the way has changed', async () => {
    const lan = await running(...ALL);
    const pool = aPool('reach', ['203.0.113.0/24'], { protocol: 'layer2', interface: 'can_reach:198.51.100.1' });
    const move = (name: string, prefix: string): void => {
      const { links, link, number } = lan.host(name);
      links.change(link, { prefixes: [`192.0.2.${number}/24`, prefix] });
    };
    move('n2', '198.51.100.2/24');
    await lan.pass(100);
    lan.wantAs({ pool }, '203.0.113.7');
    await lan.pass(400);
    assert.deepEqual(lan.ask('203.0.113.7'), ['n2']);
    move('n2', '198.18.0.2/24');
    move('n3', '198.51.100.3/24');
    await lan.pass(6_000);
    assert.deepEqual(lan.ask('203.0.113.7'), ['n3']);
  });

  test('only hosts with its subnet own it; one that gets the subnet later is told of', async () => {
    const lan = await running(...ALL);
    const pool = aPool('second', ['198.51.100.0/24'], { protocol: 'layer2' });
    const add = (name: string): void => {
      const { links, link, number } = lan.host(name);
      links.change(link, { prefixes: [`192.0.2.${number}/24`, `198.51.100.${number}/24`] });
    };
    lan.wantAs({ pool }, '198.51.100.7');
    add('n2');
    await lan.pass(400);
    assert.deepEqual(lan.ask('198.51.100.7'), ['n2']);
    add('n1');
    add('n3');
    await lan.pass(100);
    assert.deepEqual(lan.ask('198.51.100.7'), [rank('198.51.100.7', ALL)[0]]);
  });

  test('where one subnet lies in another, only hosts with the smaller own its addresses, until none has it', async () => {
    const lan = await running(...ALL);
    const pool = aPool('within', ['198.51.100.0/24'], { protocol: 'layer2' });
    const give = (name: string, prefix: string): void => {
      const { links, link, number } = lan.host(name);
      links.change(link, { prefixes: [`192.0.2.${number}/24`, prefix] });
    };
    const ips = Array.from({ length: 9 }, (_, i) => `198.51.100.${i + 1}`);
    give('n1', '198.51.0.1/16');
    give('n2', '198.51.100.202/24');
    give('n3', '198.51.0.3/16');
    lan.wantAs({ pool }, ...ips);
    await lan.pass(400);
    for (const ip of ips) assert.deepEqual(lan.ask(ip), ['n2'], ip);
    for (const { layer2 } of lan.hosts) assert.deepEqual(layer2?.view('198.51.100.1')?.nodes, ['n2']);
    give('n2', '203.0.113.2/24');
    await lan.pass(100);
    for (const ip of ips) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n3')], ip);
  });

  test('a link that goes down takes its addresses to other hosts', async () => {
    const lan = await running(...ALL);
    const { links, link } = lan.host('n1');
    links.change(link, { up: false });
    await lan.pass(100);
    assertOwners(lan, 'n2', 'n3');
  });
});

suite('views that differ', () => {
  test('a partition of the replicas’ own datagrams: who outranks keeps the address, the others yield at once', async () => {
    const lan = await running(...ALL);
    for (const number of [1, 2, 3]) lan.datagrams.cut(`192.0.2.${number}`);
    await lan.pass(3_000);
    // All think that they are alone, and hear each other on the wire.
    for (let second = 0; second < 20; second++) {
      await lan.pass(1_000);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], `${ip} after ${second} s`);
    }
    for (const number of [1, 2, 3]) lan.datagrams.heal(`192.0.2.${number}`);
    await lan.pass(1_000);
    assertOwners(lan, ...ALL);
  });

  test('the one that was yielded to dies unheard of: the address is answered for within seconds', async () => {
    const lan = await running(...ALL);
    for (const number of [1, 2, 3]) lan.datagrams.cut(`192.0.2.${number}`);
    await lan.pass(10_000);
    lan.crash('n2');
    await lan.pass(8_000);
    assertOwners(lan, 'n1', 'n3');
  });

  test('a host that was cut off on the wire and comes back: one owner again within a second', async () => {
    const lan = await running(...ALL);
    lan.cut('n2');
    await lan.pass(5_000);
    assertOwners(lan, 'n1', 'n3');
    lan.heal('n2');
    await lan.pass(1_000);
    assertOwners(lan, ...ALL);
  });

  test('each takes only itself for eligible: rank alone decides within seconds, and there is no storm', async () => {
    const lan = await running(...ALL);
    for (const { layer2, name } of lan.hosts) {
      layer2?.update(new Map([[IP, { pool: LAN_POOL, isNew: false, nodes: [name] }]]));
    }
    await lan.pass(5_000);
    const [first] = rank(IP, ALL);
    lan.claims.length = 0;
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 30; i++) {
      await lan.pass(1_000);
      const answered = lan.ask(IP);
      assert.ok(answered.length <= 1, answered.join());
      seen.push(answered[0]);
    }
    assert.ok(
      seen.every((name) => name === first),
      seen.join(),
    );
    const frames = lan.claims.filter(({ ip, how }) => ip === IP && how === 'announcement').length;
    assert.ok(frames < 100, `${frames} announcements in 30 s`);
  });

  test('a replica of a version for which all subnets are equal announces in a wider one: who outranks has the address', async () => {
    const lan = await running(...ALL);
    const pool = aPool('within', ['198.51.100.0/24'], { protocol: 'layer2' });
    for (const { name, links, link, number } of lan.hosts) {
      const other = name === 'n1' ? '198.51.0.1/16' : `198.51.100.${number}/24`;
      links.change(link, { prefixes: [`192.0.2.${number}/24`, other] });
    }
    const ips = Array.from({ length: 99 }, (_, i) => `198.51.100.${i + 100}`);
    const [first = '', last = ''] = [0, 2].map((place) => ips.find((ip) => rank(ip, ALL)[place] === 'n1'));
    lan.wantAs({ pool }, first, last);
    await lan.pass(6_000);
    const { mac } = lan.host('n1');
    const quiet = lan.answerAs(mac, first);
    await lan.pass(1_000);
    quiet();
    assert.deepEqual(lan.ask(first), [rank(first, ALL)[1]], 'a kernel that answers changes nothing');
    for (let i = 0; i < 4; i++) {
      for (const ip of [first, last]) lan.announce(ip, mac);
      await lan.pass(500);
    }
    assert.deepEqual(lan.ask(first), [], 'left to n1, whose older engine this test has in mind only');
    assert.deepEqual(lan.ask(last), [rank(last, ALL)[0]]);
  });

  test('a replica whose view is stale yields to a fresh one, whatever its rank', async () => {
    const lan = await running(...ALL);
    lan.host('n2').layer2?.setStale(true);
    lan.host('n2').prober?.setStale(true);
    await lan.pass(3_200);
    assertOwners(lan, 'n1', 'n3');
  });

  test('all views become stale, one after the other as the API server goes: nothing moves', async () => {
    const lan = await running(...ALL);
    for (const name of ALL) {
      lan.host(name).layer2?.setStale(true);
      lan.host(name).prober?.setStale(true);
      await lan.pass(700);
      assertOwners(lan, ...ALL);
    }
    lan.claims.length = 0;
    await lan.pass(20_000);
    assertOwners(lan, ...ALL);
    for (const ip of IPS) assert.deepEqual(lan.announcers(ip), []);
  });
});

test('after its end no timer is left, and nothing is said', async () => {
  const lan = await running(...ALL);
  for (const name of ALL) lan.crash(name);
  await lan.pass(100);
  lan.claims.length = 0;
  lan.announce(IP, STRANGER);
  await lan.pass(60_000);
  for (const ip of IPS) assert.deepEqual(lan.ask(ip), []);
  assert.equal(lan.clock.pendingTimers, 0);
});

test('a pool of another name for the same address changes nothing on the wire', async () => {
  const lan = await running(...ALL);
  lan.wantAs({ pool: { ...LAN_POOL, name: 'other' } }, IP);
  await lan.pass(100);
  assert.deepEqual(lan.announcers(IP), []);
  assertOwners(lan, ...ALL);
});
