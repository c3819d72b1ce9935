import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeWire } from '../platform/fake/link-layer.ts';
import { ALL, IPS, Lan, running } from './testing/lan.ts';

test('replicas that can’t hear each other for long: who left an address to another never announces it, and says so once', async () => {
  const lan = await running(...ALL);
  for (const number of [1, 2, 3]) lan.datagrams.cut(`192.0.2.${number}`);
  await lan.pass(10_000);
  lan.claims.length = 0;
  await lan.pass(120_000);
  for (const ip of IPS) {
    const owner = lan.ownerOf(ip, ...ALL);
    assert.ok(
      lan.announcers(ip).every((name) => name === owner),
      `${ip}: ${lan.announcers(ip)}`,
    );
    assert.deepEqual(lan.ask(ip), [owner]);
  }
  for (const { name, logger } of lan.hosts) {
    const said = logger.entries
      .filter(({ message }) => message.includes('outranks us'))
      .map(({ fields }) => fields['ip']);
    // There may be two to leave it to, the second of which outranks the first.
    assert.ok(said.length <= 2 * IPS.length, `${name}: ${said.length}`);
  }
});

/** Three hosts whose own network is another one than the LAN. Returns how to take it down on some of them, and up again. */
async function onTwoNetworks(): Promise<{ lan: Lan; setOwnNetwork: (up: boolean, ...names: string[]) => void }> {
  const lan = new Lan(3);
  const ownLinks = new Map<string, number>();
  for (const { name, number, links, link, mac } of lan.hosts) {
    links.change(link, { prefixes: [`192.0.2.${100 + number}/24`] });
    const own = { name: 'eth1', mac, prefixes: [`192.0.2.${number}/32`], wire: new FakeWire(lan.clock) };
    ownLinks.set(name, links.add(own));
  }
  lan.start(...ALL);
  lan.want(...IPS);
  await lan.pass(6_000);
  lan.claims.length = 0;
  const setOwnNetwork = (up: boolean, ...names: string[]): void => {
    for (const { name, number, links } of lan.hosts.filter((host) => names.includes(host.name))) {
      links.change(ownLinks.get(name) ?? 0, { up });
      if (up) lan.datagrams.heal(`192.0.2.${number}`);
      else lan.datagrams.cut(`192.0.2.${number}`);
    }
  };
  return { lan, setOwnNetwork };
}

suite('the nodes’ own network is not the LAN', () => {
  test('and dead on one node: the others have its addresses, and keep them, until it is back', async () => {
    const { lan, setOwnNetwork } = await onTwoNetworks();
    setOwnNetwork(false, 'n1');
    await lan.pass(3_000);
    for (let second = 0; second < 60; second++) {
      for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, 'n2', 'n3')], `${ip}, second ${second}`);
      lan.claims.length = 0;
      await lan.pass(1_000);
      for (const ip of IPS) assert.ok(!lan.announcers(ip).includes('n1'), `${ip}, second ${second}`);
    }
    setOwnNetwork(true, 'n1');
    await lan.pass(5_000);
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), [lan.ownerOf(ip, ...ALL)], ip);
  });

  test('and dead on all of them at once: each address has one owner all the same', async () => {
    const { lan, setOwnNetwork } = await onTwoNetworks();
    setOwnNetwork(false, ...ALL);
    await lan.pass(10_000);
    for (let second = 0; second < 60; second++) {
      for (const ip of IPS) assert.equal(lan.ask(ip).length, 1, `${ip}, second ${second}: ${lan.ask(ip).join()}`);
      await lan.pass(1_000);
    }
  });

  test('and dead where nobody else is: it goes on answering', async () => {
    const { lan, setOwnNetwork } = await onTwoNetworks();
    for (const name of ['n2', 'n3']) lan.crash(name);
    await lan.pass(3_000);
    setOwnNetwork(false, 'n1');
    await lan.pass(10_000);
    for (const ip of IPS) assert.deepEqual(lan.ask(ip), ['n1'], ip);
  });
});
