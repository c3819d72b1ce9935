import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ALL, IP, IPS, Lan, LAN_POOL, running, type LanHost } from './testing/lan.ts';

const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0xee);
const STRANGER_TEXT = '02:00:00:00:00:ee';

/** Addresses that a host announced although another one should own them. */
function stolenBy(lan: Lan, name: string): string[] {
  const announced = lan.claims.filter(({ how, mac }) => how === 'announcement' && lan.nameOf(mac) === name);
  return [...new Set(announced.map(({ ip }) => ip))].filter((ip) => lan.ownerOf(ip, ...ALL) !== name);
}

suite('a replica that the others do not know yet', () => {
  for (const unknownMs of [2_000, 12_000]) {
    test(`for ${unknownMs / 1_000} s: it takes nothing that they speak for, and its own as soon as they know it`, async () => {
      const lan = await running('n1', 'n2');
      lan.prepare('n3');
      lan.begin('n3', ...ALL);
      for (let ms = 0; ms < unknownMs; ms += 500) {
        await lan.pass(500);
        for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n2')], `${ip} after ${ms} ms`);
      }
      // Once it says so itself, as what answers might be a kernel, and is told better within a tenth of a second.
      const claims = lan.claims.filter(({ how, mac }) => how === 'announcement' && lan.nameOf(mac) === 'n3');
      const most = unknownMs > 8_000 ? 1 : 0;
      for (const ip of IPS) assert.ok(claims.filter((claim) => claim.ip === ip).length <= 2 * most, ip);
      lan.setMembers(...ALL);
      await lan.pass(500);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], ip);
    });
  }
});

suite('a replica that the others do not know yet, and that has not met them on the link', () => {
  test('reports nobody as a stranger, and has its own as soon as they know it', async () => {
    const lan = new Lan(3, ['n1', 'n2']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    lan.want(...IPS);
    await lan.pass(6_000);
    lan.prepare('n3');
    lan.begin('n3', ...ALL);
    await lan.pass(8_000);
    assert.deepEqual(lan.host('n3').conflicts, []);
    for (const ip of IPS) {
      assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n2')], ip);
      assert.notEqual(lan.host('n3').layer2?.view(ip)?.finding.reason, 'AddressConflict');
    }
    lan.setMembers(...ALL);
    for (let ms = 0; ms < 1_000; ms += 50) {
      await lan.pass(50);
      for (const ip of IPS) assert.notDeepEqual(lan.ask(ip), [], `${ip} after ${ms} ms`);
    }
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], ip);
    assert.deepEqual(lan.host('n3').conflicts, []);
  });

  test('takes everything as soon as the only other one is gone, but for what a stranger has, which it then reports', async () => {
    const lan = new Lan(3, ['n1']);
    lan.setMembers('n1');
    lan.start('n1');
    lan.want(...IPS);
    await lan.pass(6_000);
    lan.prepare('n3');
    lan.begin('n3', 'n1', 'n3');
    await lan.pass(9_000);
    lan.answerAs(STRANGER, IP);
    lan.crash('n1');
    await lan.pass(3_000);
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), [ip === IP ? STRANGER_TEXT : 'n3'], ip);
    assert.deepEqual(
      lan.host('n3').conflicts.map(({ ip, node, announced }) => ({ ip, node, announced })),
      [{ ip: IP, node: undefined, announced: false }],
    );
  });
});

/** The first replica is cut off from the API server, so that it does not hear of the third one. */
suite('a replica that is unknown to one that is cut off', () => {
  function setStale(lan: Lan, name: string): void {
    const { layer2, prober } = lan.host(name);
    prober?.setStale(true);
    layer2?.setStale(true);
  }

  test('whose kernel answers for everything: it takes its own, and is not said to be elsewhere', async () => {
    const lan = await running('n1', 'n2');
    setStale(lan, 'n1');
    await lan.pass(5_000);
    for (const ip of IPS) lan.answerAs(lan.host('n1').mac, ip);
    lan.host('n2').prober?.setReplicas(ALL.map((name) => lan.host(name).replica));
    lan.prepare('n3');
    lan.begin('n3', ...ALL);
    await lan.pass(7_000);
    for (let second = 0; second < 30; second++) {
      await lan.pass(1_000);
      for (const ip of IPS) {
        const owner = lan.ownerOf(ip, 'n2', 'n3');
        assert.ok(lan.ask(ip).includes(owner), `${ip} after ${second} s`);
        assert.deepEqual(lan.host(owner).layer2?.view(ip)?.nodes, [owner]);
      }
    }
    assert.ok(lan.host('n3').conflicts.length > 0);
    for (const { node } of lan.host('n3').conflicts) assert.equal(node, 'n1');
  });

  test('that does not know a new address, and whose kernel answers for it: announced after three seconds, the node is named', async () => {
    const lan = new Lan(3);
    lan.setMembers('n1');
    lan.start('n1');
    lan.want(...IPS);
    await lan.pass(6_000);
    setStale(lan, 'n1');
    lan.prepare('n3');
    lan.begin('n3', 'n1', 'n3');
    await lan.pass(9_000);
    const ip = '192.0.2.201';
    lan.answerAs(lan.host('n1').mac, ip);
    lan.host('n3').layer2?.update(new Map([[ip, { pool: LAN_POOL, nodes: ['n3'], isNew: true }]]));
    await lan.pass(1_000);
    assert.deepEqual(lan.host('n3').layer2?.view(ip)?.nodes, []);
    await lan.pass(3_000);
    for (let second = 0; second < 30; second++) {
      await lan.pass(1_000);
      assert.ok(lan.ask(ip).includes('n3'), `after ${second} s`);
    }
    const [conflict] = lan.host('n3').conflicts.filter((each) => each.ip === ip);
    assert.equal(conflict?.node, 'n1');
  });

  test('and has given everything to one that then dies: there is one owner all the same, the one that knows the cluster', async () => {
    const lan = await running('n1', 'n2');
    setStale(lan, 'n1');
    await lan.pass(5_000);
    lan.crash('n2');
    await lan.pass(5_000);
    lan.prepare('n3');
    lan.begin('n3', 'n1', 'n3');
    await lan.pass(7_000);
    for (let second = 0; second < 30; second++) {
      await lan.pass(1_000);
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), ['n3'], `${ip} after ${second} s`);
    }
  });
});

suite('a replica that the others have forgotten, as after a long partition', () => {
  for (const stale of [false, true]) {
    test(`its view is ${stale ? 'stale' : 'fresh'}: it leaves to them what they speak for, until they know it again`, async () => {
      const lan = await running(...ALL);
      lan.cut('n3');
      await lan.pass(5_000);
      for (const name of ['n1', 'n2'])
        lan.host(name).prober?.setReplicas(['n1', 'n2'].map((each) => lan.host(each).replica));
      if (stale) {
        lan.host('n3').prober?.setStale(true);
        lan.host('n3').layer2?.setStale(true);
      }
      await lan.pass(220_000);
      lan.heal('n3');
      await lan.pass(2_500);
      for (let ms = 0; ms < 12_000; ms += 500) {
        await lan.pass(500);
        for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n1', 'n2')], `${ip} after ${ms} ms`);
      }
      lan.setMembers(...ALL);
      await lan.pass(500);
      const owners = stale ? ['n1', 'n2'] : ALL;
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...owners)], ip);
    });
  }
});

suite('a replica that has no inputs yet', () => {
  const early: readonly [what: string, happens: (host: LanHost) => void][] = [
    [
      'hears that its view is stale',
      ({ layer2, prober }) => {
        prober?.setStale(true);
        layer2?.setStale(true);
      },
    ],
    ['sees a link change', ({ links, link }) => links.change(link, { prefixes: ['192.0.2.3/24', '198.51.100.3/24'] })],
  ];
  for (const [what, happens] of early) {
    test(`${what}: it takes nothing that is another's when it starts`, async () => {
      const lan = await running('n1', 'n2');
      lan.setMembers(...ALL);
      lan.prepare('n3');
      happens(lan.host('n3'));
      await lan.pass(100);
      assert.deepEqual(lan.host('n3').changes, []);
      lan.begin('n3');
      await lan.pass(1_000);
      assert.deepEqual(stolenBy(lan, 'n3'), []);
      for (const ip of IPS) assert.equal(lan.ask(ip).length, 1, ip);
    });
  }
});
