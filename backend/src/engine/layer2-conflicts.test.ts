import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { ALL, IP, Lan, running } from './testing/lan.ts';

const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0xee);
const STRANGER_TEXT = '02:00:00:00:00:ee';

suite('somebody else has the address', () => {
  test('a stranger, found by the probe: not announced, reported as never announced', async () => {
    const lan = await running(...ALL);
    lan.answerAs(STRANGER, '192.0.2.201');
    lan.wantAs({ isNew: true }, '192.0.2.201');
    const owner = lan.ownerOf('192.0.2.201', ...ALL);
    assert.equal(lan.host(owner).layer2?.view('192.0.2.201')?.finding.reason, 'AddressProbing');
    await lan.pass(1_000);
    assert.deepEqual(lan.announcers('192.0.2.201'), []);
    const view = lan.host(owner).layer2?.view('192.0.2.201');
    const params = { ip: '192.0.2.201', pool: 'lan', mac: STRANGER_TEXT };
    assert.deepEqual(view, { finding: { reason: 'AddressConflict', params }, nodes: [] });
    const [conflict, ...more] = lan.host(owner).conflicts;
    assert.deepEqual(more, []);
    const { ip, pool, link, mac, node, announced } = conflict ?? {};
    assert.deepEqual(
      { ip, pool, link, mac, node, announced },
      { ip: '192.0.2.201', pool: 'lan', link: 'eth0', mac: STRANGER_TEXT, node: undefined, announced: false },
    );
  });

  test('a stranger, found when an address is asked for again that was announced before: left to it, and reported so', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    // Nobody hears the others by UDP, so that the second one thinks it is its own, and yields.
    for (const number of [1, 2, 3]) lan.datagrams.cut(`192.0.2.${number}`);
    await lan.pass(5_000);
    lan.crash(first);
    lan.answerAs(STRANGER, IP);
    await lan.pass(10_000);
    const [conflict] = lan.host(second).conflicts;
    assert.deepEqual([conflict?.mac, conflict?.announced], [STRANGER_TEXT, false]);
    assert.deepEqual(lan.ask(IP), [STRANGER_TEXT]);
  });

  test('nobody answers the probe: announced 300 ms later', async () => {
    const lan = await running(...ALL);
    lan.wantAs({ isNew: true }, '192.0.2.201');
    await lan.pass(250);
    assert.deepEqual(lan.announcers('192.0.2.201'), []);
    await lan.pass(100);
    assert.deepEqual(lan.announcers('192.0.2.201'), [lan.ownerOf('192.0.2.201', ...ALL)]);
  });

  test('a stranger, later: reported, defended, and kept; over when it is over', async () => {
    const lan = await running(...ALL);
    const owner = lan.host(lan.ownerOf(IP, ...ALL));
    lan.announce(IP, STRANGER);
    await lan.pass(500);
    assert.deepEqual(
      owner.conflicts.map(({ ip, mac, announced }) => ({ ip, mac, announced })),
      [{ ip: IP, mac: STRANGER_TEXT, announced: true }],
    );
    assert.deepEqual(lan.ask(IP), [owner.name]);
    assert.equal(owner.layer2?.view(IP)?.finding.reason, 'Announced');
    await lan.pass(40_000);
    assert.deepEqual(owner.conflicts, []);
  });

  test('a node that was not met on the link before is no stranger', async () => {
    const lan = new Lan(3, ['n3']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    await lan.pass(6_000);
    // n3 runs no replica; on this link it has a MAC that nobody has met yet when it is first heard.
    const mac = Uint8Array.of(2, 0, 0, 0, 1, 3);
    lan.answerAs(mac, '192.0.2.201');
    for (const { links, link } of lan.hosts) {
      // As a kernel answers for all of its addresses on each of its links.
      links.onSolicit = (index, address) => {
        if (index === link && address === '192.0.2.3') links.meet({ address, mac, link });
      };
    }
    lan.wantAs({ isNew: true, nodes: ['n1', 'n2'] }, '192.0.2.201');
    await lan.pass(3_000);
    const owner = lan.ownerOf('192.0.2.201', 'n1', 'n2');
    assert.deepEqual(lan.announcers('192.0.2.201').at(0), owner);
    const [conflict] = lan.host(owner).conflicts;
    assert.equal(conflict?.node, 'n3');
  });

  test('a node without a replica whose kernel answers, and that the owner’s kernel forgets: it stays named, and nobody is told anew', async () => {
    const lan = new Lan(3, ['n3']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    await lan.pass(6_000);
    const mac = Uint8Array.of(2, 0, 0, 0, 1, 3);
    lan.answerAs(mac, '192.0.2.201');
    for (const { links, link } of lan.hosts) {
      let metAt = -Infinity;
      links.onSolicit = (index, address) => {
        if (index === link && address === '192.0.2.3') metAt = lan.clock.now();
      };
      const others = links.neighbours.bind(links);
      links.neighbours = async () => [
        ...(await others()),
        ...(lan.clock.now() - metAt < 60_000 ? [{ address: '192.0.2.3', mac, link }] : []),
      ];
    }
    lan.wantAs({ nodes: ['n1', 'n2'] }, '192.0.2.201');
    const owner = lan.host(lan.ownerOf('192.0.2.201', 'n1', 'n2'));
    await lan.pass(20_000);
    const named = owner.conflicts;
    assert.deepEqual(
      named.map(({ node }) => node),
      ['n3'],
    );
    lan.claims.length = 0;
    for (let second = 0; second < 80; second++) {
      await lan.pass(1_000);
      assert.deepEqual(owner.conflicts, named, `after ${second} s`);
    }
    assert.deepEqual(lan.announcers('192.0.2.201'), [], 'what everybody knows is not said again');
  });

  test('a router that answers for the nodes’ addresses as well is a stranger', async () => {
    const lan = new Lan(3, ALL);
    for (const { links, link } of lan.hosts) {
      links.onSolicit = (index, address) => links.meet({ address, mac: STRANGER, link: index === link ? link : -1 });
    }
    lan.setMembers(...ALL);
    lan.start(...ALL);
    await lan.pass(6_000);
    lan.answerAs(STRANGER, '192.0.2.201');
    lan.wantAs({ isNew: true }, '192.0.2.201');
    await lan.pass(5_000);
    const owner = lan.host(lan.ownerOf('192.0.2.201', ...ALL));
    assert.deepEqual(lan.announcers('192.0.2.201'), []);
    assert.deepEqual(
      owner.conflicts.map(({ mac, node, announced }) => ({ mac, node, announced })),
      [{ mac: STRANGER_TEXT, node: undefined, announced: false }],
    );
  });

  test('a node that was not met on the link before speaks for an address that is announced: answered for all the time', async () => {
    const lan = new Lan(3, ['n3']);
    lan.setMembers('n1', 'n2');
    lan.start('n1', 'n2');
    await lan.pass(6_000);
    lan.wantAs({ isNew: true, nodes: ['n1', 'n2'] }, '192.0.2.201');
    const owner = lan.host(lan.ownerOf('192.0.2.201', 'n1', 'n2'));
    await lan.pass(1_000);
    const mac = Uint8Array.of(2, 0, 0, 0, 1, 3);
    for (const { links, link } of lan.hosts) {
      links.onSolicit = (_, address) => {
        if (address === '192.0.2.3') links.meet({ address, mac, link });
      };
    }
    lan.announce('192.0.2.201', mac);
    for (let ms = 0; ms < 1_000; ms += 50) {
      await lan.pass(50);
      assert.deepEqual(lan.ask('192.0.2.201'), [owner.name], `after ${ms} ms`);
    }
    assert.deepEqual(owner.conflicts, []);
  });

  test('the kernel of a node without a replica: announced nevertheless, the node is named until it stops', async () => {
    const lan = await running('n1', 'n2');
    const owner = lan.host(lan.ownerOf(IP, 'n1', 'n2'));
    const end = lan.answerAs(lan.host('n3').mac, IP);
    await lan.pass(400_000);
    assert.deepEqual(
      owner.conflicts.map(({ ip, node, announced }) => ({ ip, node, announced })),
      [{ ip: IP, node: 'n3', announced: true }],
    );
    end();
    await lan.pass(20_000);
    assert.deepEqual(owner.conflicts, []);
    assert.deepEqual(lan.ask(IP), [owner.name]);
  });

  test('the kernel of a node that runs a replica: named once the replica has had the time to stop', async () => {
    const lan = await running(...ALL);
    const [first = '', second = ''] = rank(IP, ALL);
    lan.answerAs(lan.host(second).mac, IP);
    await lan.pass(400_000);
    assert.deepEqual(
      lan.host(first).conflicts.map(({ ip, node }) => ({ ip, node })),
      [{ ip: IP, node: second }],
    );
  });

  test('the kernels of all other nodes, as with IPVS everywhere: one of them is named, always the same', async () => {
    const lan = await running(...ALL);
    const [first = '', ...others] = rank(IP, ALL);
    for (const other of others) lan.answerAs(lan.host(other).mac, IP);
    await lan.pass(60_000);
    const [named] = lan.host(first).conflicts;
    assert.ok(others.includes(named?.node ?? ''));
    await lan.pass(60_000);
    assert.deepEqual(lan.host(first).conflicts, [named]);
    assert.ok(lan.ask(IP).includes(first));
  });

  test('a stranger as well as a node’s kernel, whichever was there first: the stranger is reported until it stops, then the node', async () => {
    for (const kernelFirst of [true, false]) {
      const lan = await running('n1', 'n2');
      const owner = lan.host(lan.ownerOf(IP, 'n1', 'n2'));
      let end = (): void => undefined;
      const kernel = (): unknown => lan.answerAs(lan.host('n3').mac, IP);
      const stranger = (): unknown => (end = lan.answerAs(STRANGER, IP));
      for (const begin of kernelFirst ? [kernel, stranger] : [stranger, kernel]) {
        begin();
        await lan.pass(10_000);
      }
      await lan.pass(50_000);
      assert.deepEqual(
        owner.conflicts.map(({ mac, node }) => ({ mac, node })),
        [{ mac: STRANGER_TEXT, node: undefined }],
      );
      end();
      await lan.pass(60_000);
      assert.deepEqual(
        owner.conflicts.map(({ node }) => node),
        ['n3'],
      );
    }
  });

  test('a stranger at a new address that a node’s kernel answers for as well: the stranger is reported, nothing is announced', async () => {
    const lan = await running('n1', 'n2');
    lan.answerAs(lan.host('n3').mac, '192.0.2.201');
    lan.answerAs(STRANGER, '192.0.2.201');
    lan.wantAs({ isNew: true }, '192.0.2.201');
    const owner = lan.host(lan.ownerOf('192.0.2.201', 'n1', 'n2'));
    for (const ms of [2_000, 40_000]) {
      await lan.pass(ms);
      assert.deepEqual(
        owner.conflicts.map(({ mac, announced }) => ({ mac, announced })),
        [{ mac: STRANGER_TEXT, announced: false }],
      );
    }
    assert.deepEqual(lan.announcers('192.0.2.201'), []);
  });

  for (const [what, end] of [
    ['whose replica is dead, though a member', (lan: Lan, name: string): void => lan.crash(name)],
    [
      'whose replica has lost its link',
      (lan: Lan, name: string): void => lan.host(name).links.change(lan.host(name).link, { up: false }),
    ],
  ] as const) {
    test(`the kernel of a node of higher rank ${what}: it is no owner`, async () => {
      const lan = await running(...ALL);
      const [first = '', second = ''] = rank(IP, ALL);
      lan.answerAs(lan.host(first).mac, IP);
      end(lan, first);
      await lan.pass(40_000);
      for (let more = 0; more < 20; more++) {
        await lan.pass(1_000);
        assert.ok(lan.ask(IP).includes(second), `after ${40 + more} s`);
      }
      assert.equal(lan.host(second).conflicts[0]?.node, first);
    });
  }
});
