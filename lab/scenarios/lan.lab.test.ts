/** The nodes' network as a LAN: hosts, routers and nodes with Linux' own ARP and neighbour discovery, and no manager. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { WhoamiAnswer } from '../images/images.ts';
import { answersFor, owners, ownersOverlap } from '../lan/claims.ts';
import { LightLab } from '../light-lab.ts';
import type { Host } from '../network/host.ts';
import { progressToStderr } from '../toolchain/index.ts';

/** In the range of Layer 2 pools. */
const four = '10.50.0.200';
const six = 'fd00:50::1:200';

suite('a LAN of nodes, hosts and a router', () => {
  let lab: LightLab;
  let host: Host;

  before(async () => {
    lab = await LightLab.up({ network: { nodes: 2, routers: 1, clients: 1, hosts: 2 }, progress: progressToStderr });
    host = lab.host('h1');
  });
  after(() => lab.down());

  async function whoAnswers(ip: string, from = host): Promise<string> {
    const { body } = await from.get(ip);
    return (JSON.parse(body) as WhoamiAnswer).node;
  }

  test('hosts and routers find nodes by their addresses, and forget them when told', async () => {
    const node = lab.node('n1');
    for (const ip of [node.addresses.ipv4, node.addresses.ipv6]) {
      for (const { neighbours } of [host, lab.host('h2'), lab.router('r1')]) {
        assert.equal(await neighbours.ask(ip), node.mac);
        await neighbours.waitFor(ip, node.mac);
        await neighbours.flush();
        assert.equal(await neighbours.mac(ip), undefined);
      }
    }
    assert.equal(lab.nodeWith(node.mac)?.name, 'n1');
  });

  test('a host reaches clients behind the router, by it', async () => {
    const client = lab.client('c1');
    assert.match(await host.exec('ip', 'route', 'get', client.addresses.ipv4), /via 10\.50\.0\.1 /);
    assert.match(await host.exec('ip', 'route', 'get', client.addresses.ipv6), /via fd00:50::1 /);
    await assert.rejects(host.get(client.addresses.ipv4), /ECONNREFUSED/);
    await assert.rejects(host.get(client.addresses.ipv6), /ECONNREFUSED/);
  });

  test('a node that serves an address answers HTTP at it, and its kernel neither ARP nor neighbour discovery', async () => {
    const node = lab.node('n1');
    await node.serve(four, six);
    for (const ip of [four, six]) {
      assert.equal(await host.neighbours.ask(ip), undefined);
      await host.exec('ip', 'neigh', 'replace', ip, 'lladdr', node.mac, 'dev', 'eth0');
      assert.equal(await whoAnswers(ip), 'n1');
      // Its answers did not tell where the address is: nothing came from the node itself.
      await host.neighbours.forget(ip);
      await assert.rejects(host.get(ip, { timeoutMs: 500 }));
    }
  });

  test('without strict ARP the kernel answers for the IPv4 address, as with IPVS', async () => {
    const node = lab.node('n1');
    await node.setStrictArp(false);
    assert.equal(await host.neighbours.ask(four), node.mac);
    assert.equal(await whoAnswers(four), 'n1');
    assert.equal(await host.neighbours.ask(six), undefined);
    await node.setStrictArp(true);
    assert.equal(await host.neighbours.ask(four), undefined);
  });

  test('a sniffer sees every question with its answer, and who owned an address', async () => {
    const [first, second] = [lab.node('n1'), lab.node('n2')];
    const sniffer = await lab.sniff();
    for (const ip of [first.addresses.ipv4, first.addresses.ipv6]) await host.neighbours.ask(ip);
    // Two nodes without strict ARP: two owners.
    await Promise.all([first.setStrictArp(false), second.setStrictArp(false), second.serve(four)]);
    for (let i = 0; i < 3; i++) await host.neighbours.ask(four);
    const records = await sniffer.stop();
    for (const ip of [first.addresses.ipv4, first.addresses.ipv6]) {
      const [question] = answersFor(records, ip).filter(({ asker }) => asker === host.mac);
      assert.deepEqual(
        question?.answers.map(({ mac }) => mac),
        [first.mac],
      );
      assert.deepEqual(owners(records, ip), [first.mac]);
    }
    for (const { answers } of answersFor(records, four)) {
      assert.deepEqual(answers.map(({ mac }) => mac).sort(), [first.mac, second.mac]);
    }
    assert.ok(ownersOverlap(records, four) > 0);
    await Promise.all([first.setStrictArp(true), second.setStrictArp(true)]);
  });
});
