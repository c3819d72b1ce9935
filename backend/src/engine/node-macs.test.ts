import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import { aNode } from '../domain/testing/builders.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDatagrams } from '../platform/fake/datagrams.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import type { Link, Neighbour } from '../platform/ports.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';
import { NodeMacs } from './node-macs.ts';

const LINK = 7;
const FORGOTTEN_MS = 60_000;

function mac(last: number): Uint8Array {
  return Uint8Array.of(2, 0, 0, 0, 0, last);
}

/** Node n1, whose InternalIP is 10.0.0.1, as are the others', with one link of another network: 192.0.2.1/24. */
class Host {
  readonly clock = new FakeClock();
  readonly nodes = new Map<string, Node>();
  /** Who answers on the link for which address, and who for any other. */
  readonly answers = new Map<string, Uint8Array>();
  proxy: Uint8Array | undefined;
  readonly solicited: string[] = [];
  readonly replicaMacs = new Map<string, string>();
  readonly macs: NodeMacs;
  changes = 0;
  readonly #table = new Map<string, Neighbour & { readonly at: number }>();

  constructor(count: number) {
    for (let i = 1; i <= count; i++) this.nodes.set(`n${i}`, aNode(`n${i}`, [`10.0.0.${i}`]));
    const link: Link = { index: LINK, name: 'eth1', mac: mac(1), up: true, prefixes: ['192.0.2.1/24'] };
    const { clock, nodes } = this;
    const links = {
      links: () => [link],
      solicit: (_: number, address: string) => this.#solicit(address),
      neighbours: async () => [...this.#table.values()].filter(({ at }) => clock.now() - at < FORGOTTEN_MS),
    };
    const replicas = { nodeOfMac: (text: string) => this.replicaMacs.get(text) };
    const onChange = (): void => void this.changes++;
    const rest = { logger: new FakeLogger(), datagrams: new FakeDatagrams(clock), links, replicas, onChange };
    this.macs = new NodeMacs({ clock, nodes, ...rest }, { node: 'n1', address: '10.0.0.1' });
    this.macs.start();
  }

  /** Enters somebody into the kernel's table, as after traffic. */
  meet(address: string, from: Uint8Array): void {
    this.#table.set(address, { address, mac: from, link: LINK, at: this.clock.now() });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  macOf(node: string): string | undefined {
    const found = this.macs.macOf(node, LINK);
    return found && macText(found);
  }

  nodeOf(last: number): string | undefined {
    return this.macs.nodeOf(macText(mac(last)));
  }

  #solicit(address: string): void {
    this.solicited.push(address);
    const from = this.answers.get(address) ?? this.proxy;
    if (from !== undefined) this.meet(address, from);
  }
}

suite('a node whose InternalIP is on another network', () => {
  test('is known by the MAC with which it answers on the link', async () => {
    const host = new Host(4);
    host.answers.set('10.0.0.3', mac(3));
    host.macs.require(['n3']);
    await host.pass(1_100);
    assert.equal(host.macOf('n3'), macText(mac(3)));
    assert.equal(host.nodeOf(3), 'n3');
    assert.ok(host.changes > 0);
  });

  test('is not a router that answers for every address that it has a route to', async () => {
    const host = new Host(4);
    host.proxy = mac(0xee);
    host.macs.require(['n3']);
    await host.pass(20_000);
    assert.equal(host.macOf('n3'), undefined);
    assert.equal(host.nodeOf(0xee), undefined);
    assert.equal(host.changes, 0);
  });

  test('is not a node that has proxy ARP switched on, by what its replica or its own address says', async () => {
    const host = new Host(3);
    host.proxy = mac(2);
    host.answers.set('10.0.0.2', mac(0x22));
    host.replicaMacs.set(macText(mac(2)), 'n2');
    host.macs.require(['n3']);
    await host.pass(20_000);
    assert.equal(host.macOf('n3'), undefined);
    host.replicaMacs.clear();
    host.nodes.set('n2', aNode('n2', ['192.0.2.2']));
    host.meet('192.0.2.2', mac(2));
    await host.pass(10_000);
    assert.equal(host.macOf('n3'), undefined);
    assert.equal(host.nodeOf(2), 'n2');
  });

  test('is known by the address that its annotation names on this one, though it answers for no other there', async () => {
    const host = new Host(4);
    const pinned = aNode('n3', ['192.0.2.3']).internalIPs;
    host.nodes.set('n3', { ...aNode('n3', ['10.0.0.3']), pinned });
    host.answers.set('192.0.2.3', mac(3));
    host.macs.require(['n3']);
    await host.pass(1_100);
    assert.equal(host.macOf('n3'), macText(mac(3)));
    assert.equal(host.nodeOf(3), 'n3');
    assert.deepEqual([...new Set(host.solicited)], ['192.0.2.3']);
  });

  test('does not become another one by an annotation that names the InternalIP of that', async () => {
    const host = new Host(1);
    host.nodes.set('n2', aNode('n2', ['192.0.2.2']));
    host.nodes.set('n3', { ...aNode('n3', ['10.0.0.3']), pinned: aNode('n3', ['192.0.2.2']).internalIPs });
    host.answers.set('192.0.2.2', mac(2)).set('10.0.0.3', mac(3));
    host.macs.require(['n2', 'n3']);
    await host.pass(10_000);
    assert.equal(host.macOf('n2'), macText(mac(2)));
    assert.equal(host.nodeOf(2), 'n2');
    assert.equal(host.macOf('n3'), undefined);
  });

  test('many of them: who is asked beside the one that is needed are few', async () => {
    const host = new Host(200);
    host.macs.require(['n3']);
    await host.pass(60_000);
    assert.ok(host.solicited.length <= 13 * 3, `${host.solicited.length} questions`);
  });
});

test('a MAC that several nodes of the link’s subnet answer with is none’s', async () => {
  const host = new Host(3);
  for (const node of ['n2', 'n3']) {
    const address = `192.0.2.${node.slice(1)}`;
    host.nodes.set(node, aNode(node, [address]));
    host.meet(address, mac(0xee));
  }
  await host.pass(10_000);
  assert.equal(host.nodeOf(0xee), undefined);
  assert.equal(host.macOf('n2'), undefined);
});

test('a node stays known when the kernel has forgotten it, until another MAC answers for its address', async () => {
  const host = new Host(3);
  host.answers.set('10.0.0.3', mac(3));
  await host.macs.refresh();
  host.meet('10.0.0.3', mac(3));
  await host.pass(3 * FORGOTTEN_MS);
  assert.deepEqual(host.solicited, [], 'nobody needs it');
  assert.equal(host.nodeOf(3), 'n3');
  host.meet('10.0.0.3', mac(4));
  await host.pass(10_000);
  assert.equal(host.nodeOf(3), undefined);
  assert.equal(host.nodeOf(4), 'n3');
});

test('a node that is deleted is no longer asked for, nor known', async () => {
  const host = new Host(3);
  host.macs.require(['n3']);
  await host.pass(10_000);
  assert.ok(host.solicited.includes('10.0.0.3'));
  host.meet('10.0.0.3', mac(3));
  await host.pass(10_000);
  assert.equal(host.nodeOf(3), 'n3');
  host.nodes.delete('n3');
  await host.pass(10_000);
  host.solicited.length = 0;
  await host.pass(2 * FORGOTTEN_MS);
  assert.equal(host.nodeOf(3), undefined);
  assert.deepEqual(host.solicited, []);
  host.nodes.set('n3', aNode('n3', ['10.0.0.3']));
  await host.pass(2 * FORGOTTEN_MS);
  assert.deepEqual(host.solicited, [], 'nobody has asked for the new one of this name');
});

suite('who is told that a MAC is known now', () => {
  const cases = {
    'once somebody has asked for all nodes': (host: Host) => void host.macs.meetAll(),
    'once somebody has required the node': (host: Host) => host.macs.require(['n3']),
    'by the next round, if nobody asked': () => undefined,
  };
  for (const [when, ask] of Object.entries(cases)) {
    test(when, async () => {
      const host = new Host(3);
      await host.pass(1_000);
      host.meet('10.0.0.3', mac(3));
      host.answers.set('10.0.0.3', mac(3));
      ask(host);
      await host.pass(10_000);
      assert.equal(host.macOf('n3'), macText(mac(3)));
      assert.equal(host.changes, 1, 'once, however many rounds go by');
    });
  }
});
