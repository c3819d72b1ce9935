/** The nodes' network as a LAN: hosts, routers and nodes with Linux' own ARP and neighbour discovery, and no manager. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { LightNode } from '../cluster/light-node.ts';
import type { WhoamiAnswer } from '../images/images.ts';
import { Asker, Flood } from '../lan/asker.ts';
import { answersFor, owners, ownersOverlap } from '../lan/claims.ts';
import { LightLab } from '../light-lab.ts';
import type { Host } from '../network/host.ts';
import { NeighbourTable } from '../network/neighbours.ts';
import { until } from '../state/until.ts';
import { isAnswered, longestGap, PacedTraffic } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';

/** In the range of Layer 2 pools. */
const four = '10.50.0.200';
const six = 'fd00:50::1:200';

suite('a LAN of nodes, hosts and a router', () => {
  let lab: LightLab;
  let host: Host;

  before(async () => {
    const network = { nodes: 2, routers: 1, clients: 1, hosts: 2, secondLan: { nodes: 1, hosts: 1 } };
    lab = await LightLab.up({ network, progress: progressToStderr });
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
    const { ipv4, ipv6 } = lab.node('n2').addresses;
    const known = await host.neighbours.askAll([node.addresses.ipv4, ipv4, ipv6, four]);
    const macs = [node.addresses.ipv4, ipv4, ipv6, four].map((ip) => known.get(ip));
    assert.deepEqual(macs, [node.mac, lab.node('n2').mac, lab.node('n2').mac, undefined]);
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

  test('steady traffic tells how long an address was gone; a node that is switched off says no more and forgets', async () => {
    const node = lab.node('n1');
    const host2 = lab.host('h2');
    await host2.exec('ip', 'neigh', 'replace', four, 'lladdr', node.mac, 'nud', 'permanent', 'dev', 'eth0');
    await node.spawn('other', ['sleep', '600']);
    const traffic = new PacedTraffic(host2, four);
    const answeredAfter = async (time: number): Promise<void> => {
      const answered = async (): Promise<boolean> =>
        traffic.outcomes.filter(isAnswered).some(({ sentAt }) => sentAt > time);
      await until(answered, { what: 'requests to be answered' });
    };
    await answeredAfter(Date.now() + 500);
    await node.powerOff();
    const off = Date.now();
    assert.equal(await run('ip', ['netns', 'pids', node.namespace]), '');
    assert.doesNotMatch(await node.exec('ip', 'address', 'show', 'dev', 'lo'), /10\.50\.0\.200/);
    assert.equal(await host.neighbours.ask(node.addresses.ipv4), undefined);
    const on = Date.now();
    await node.powerOn();
    await answeredAfter(on);
    const outcomes = await traffic.stop();
    const gap = longestGap(outcomes);
    assert.ok(gap !== undefined && gap.from < off && gap.to > on && gap.ms < Infinity, JSON.stringify(gap));
    assert.ok(outcomes.filter(({ sentAt }) => sentAt > off && sentAt < on).every((outcome) => !isAnswered(outcome)));
  });

  test('the second LAN is a network of its own: its hosts find the nodes that have a link there, others go by the router', async () => {
    const [node, other, far] = [lab.node('n1'), lab.node('n2'), lab.host('s1')];
    const { addresses, mac } = node.second ?? assert.fail('n1 has no link to the second LAN');
    assert.equal(other.second, undefined);
    assert.equal(lab.nodeWith(mac), node);
    const sniffer = await lab.sniff('second');
    for (const ip of [addresses.ipv4, addresses.ipv6]) assert.equal(await far.neighbours.ask(ip), mac);
    const served = ['10.51.0.200', 'fd00:51::1:200'];
    await node.serve(...served);
    for (const ip of served) {
      await far.exec('ip', 'neigh', 'replace', ip, 'lladdr', mac, 'dev', 'eth0');
      assert.equal(await whoAnswers(ip, far), 'n1');
      await lab.router('r1').exec('ip', 'neigh', 'replace', ip, 'lladdr', mac, 'dev', 'second');
      assert.equal(await whoAnswers(ip, host), 'n1');
    }
    assert.match(await other.exec('ip', 'route', 'get', addresses.ipv4), /via 10\.50\.0\.1 /);
    await node.disconnect();
    for (const ip of [addresses.ipv4, addresses.ipv6]) assert.equal(await far.neighbours.ask(ip), undefined);
    await node.reconnect();
    assert.equal(await far.neighbours.ask(addresses.ipv4), mac);
    const records = await sniffer.stop();
    assert.deepEqual(owners(records, addresses.ipv4), [mac]);
    assert.ok(records.every(({ ip }) => !ip.startsWith('10.50.')));
  });

  test('a partition keeps nodes from each other; hosts and the API server meet all of them', async () => {
    const [first, second] = [lab.node('n1'), lab.node('n2')];
    const meets = async (from: Host | LightNode, to: LightNode): Promise<boolean> => {
      const table = new NeighbourTable(from.namespace, 'eth0');
      const found = await Promise.all([table.ask(to.addresses.ipv4), table.ask(to.addresses.ipv6)]);
      assert.equal(found[0], found[1]);
      return found[0] === to.mac;
    };
    await lab.partition(['n1'], ['n2']);
    assert.deepEqual(await Promise.all([meets(first, second), meets(second, first)]), [false, false]);
    assert.deepEqual(await Promise.all([meets(host, first), meets(host, second)]), [true, true]);
    const { ipv4 } = lab.router('r1').addresses;
    for (const { namespace } of [first, second]) assert.ok(await new NeighbourTable(namespace, 'eth0').ask(ipv4));
    await lab.heal();
    assert.deepEqual(await Promise.all([meets(first, second), meets(second, first)]), [true, true]);
  });

  test('an asker takes the time of every answer, and knows where there is none', async () => {
    const asker = new Asker(host);
    const { ipv4, ipv6 } = lab.node('n1').addresses;
    const nobody = '10.50.0.199';
    const { latencies } = await asker.ask({ ips: [ipv4, ipv6], rounds: 20, pauseMs: 0, timeoutMs: 5_000 });
    for (const ip of [ipv4, ipv6]) {
      assert.equal(latencies[ip]?.length, 20);
      assert.ok(latencies[ip].every((ms) => ms !== null && ms > 0));
    }
    const { latencies: none } = await asker.ask({ ips: [nobody], rounds: 20, pauseMs: 0, timeoutMs: 100 });
    assert.deepEqual(none[nobody], Array(20).fill(null));
    assert.equal((await asker.ask({ ips: [nobody], rounds: 1, pauseMs: 0, timeoutMs: 10 })).answeredAt, null);
    asker.close();
  });

  test('a flood says how much it sent, and that comes to everybody', async () => {
    const flood = new Flood(host);
    const sniffer = await lab.sniff();
    const foreign = ['10.50.0.101', '10.50.0.102'];
    const { sent, lost } = await flood.run({ ips: foreign, perSecond: 2000, seconds: 0.5 });
    flood.close();
    const seen = (await sniffer.stop()).filter(({ ip, source }) => source === host.mac && foreign.includes(ip));
    assert.ok(sent > 0 && sent <= 1000, `${sent} requests`);
    assert.equal(seen.length, sent - lost);
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
