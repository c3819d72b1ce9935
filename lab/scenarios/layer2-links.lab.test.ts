/** On which interface of which node an address is answered for, and what follows when interfaces come, go and change. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rank } from '../../backend/src/announce/rendezvous.ts';
import { eip, ours, type ServiceWishes } from '../local/objects.ts';
import type { Host } from '../network/host.ts';
import { until } from '../state/until.ts';
import { LinkLab } from './layer2/link-lab.ts';

const all = ['n1', 'n2', 'n3'];

/** From the pool of this name, perhaps a certain address. */
function from(pool: string, ip?: string): ServiceWishes {
  const wanted = ip === undefined ? {} : { 'lb.kubesphere.io/ips': ip };
  return { spec: ours, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': pool, ...wanted } };
}

suite('interfaces', () => {
  let lab: LinkLab;
  let near: Host;
  let far: Host;

  before(async () => {
    lab = await LinkLab.up(all, { secondLan: { nodes: 2, hosts: 1 } });
    near = lab.host;
    far = lab.manager.lab.host('s1');
  });
  after(() => lab.down());

  /** Waits until this is what a host finds when it asks: the node's name, or nobody. */
  async function answers(host: Host, ip: string, node: string | undefined): Promise<void> {
    const found = async (): Promise<string | undefined> => {
      const mac = await host.neighbours.ask(ip);
      return mac === undefined ? undefined : (lab.manager.lab.nodeWith(mac)?.name ?? mac);
    };
    let last: string | undefined;
    await until(async () => (last = await found()) === node, {
      what: `${host.name} to find ${ip} at ${node ?? 'nobody'}`,
      explain: () => `it finds ${last ?? 'nobody'}\n`,
    });
  }

  /** The node that a host finds, once somebody answers. */
  async function ownerSeenBy(host: Host, ip: string): Promise<string> {
    const found = async (): Promise<string | undefined> => {
      const mac = await host.neighbours.ask(ip);
      return mac === undefined ? undefined : lab.manager.lab.nodeWith(mac)?.name;
    };
    return until(found, { what: `${host.name} to find ${ip}` });
  }

  /** As `ownerSeenBy` of the near host, for an address of no subnet of its own. */
  async function ownerSeenByName(ip: string): Promise<string> {
    await near.exec('ip', 'route', 'replace', `${ip}/32`, 'dev', 'eth0');
    return ownerSeenBy(near, ip);
  }

  test('through a switch with MLD snooping a host finds an IPv6 address, and only its owner is asked', async (t) => {
    const { lab: light } = lab.manager;
    const [ip = ''] = (await lab.serve('snooped')).filter(isIPv6);
    const owner = await ownerSeenBy(near, ip);
    const other = all.find((node) => node !== owner) ?? '';
    const sniffer = await light.sniff({ machine: other, bridge: 'nodes' });
    t.after(() => sniffer.stop());
    /** How often the other node has been sent a question for the address so far. */
    const questions = (): number => sniffer.records.filter((record) => record.kind === 'ns' && record.ip === ip).length;
    await near.neighbours.ask(ip);
    await until(async () => questions() > 0, { what: `questions to come to ${other} without snooping` });

    await light.setSnooping('nodes', 'on');
    t.after(() => light.setSnooping('nodes', 'off'));
    await until(
      async () => {
        const before = questions();
        await near.neighbours.ask(ip);
        // The sniffer tells what it has seen within a tenth of a second.
        await sleep(200);
        return questions() === before;
      },
      { what: 'snooping to be in force' },
    );
    for (let i = 0; i < 3; i++) assert.equal(light.nodeWith((await near.neighbours.ask(ip)) ?? '')?.name, owner);
  });

  test('a pool over two subnets: each address on the LAN of its subnet only, by a node that is on it', async () => {
    const addresses = ['10.50.0.240-10.50.0.249', '10.51.0.200-10.51.0.219'];
    await lab.manager.lab.apply(eip('both', { addresses, protocol: 'layer2' }));
    for (let i = 0; i < 6; i++) {
      const ip = `10.51.0.${200 + i}`;
      await lab.manager.create(`second-${i}`, from('both', ip));
      const owner = await ownerSeenBy(far, ip);
      assert.ok(['n1', 'n2'].includes(owner), owner);
      assert.equal((await far.neighbours.mac(ip)) === lab.node(owner).second?.mac, true);
    }
    await lab.manager.create('first', from('both', '10.50.0.240'));
    await ownerSeenBy(near, '10.50.0.240');
    assert.equal(await far.neighbours.ask('10.50.0.240'), undefined);
    // The first LAN knows nothing of the second one's addresses.
    await near.exec('ip', 'route', 'add', '10.51.0.200/32', 'dev', 'eth0');
    assert.equal(await near.neighbours.ask('10.51.0.200'), undefined);
  });

  test('an interface that is pulled out and put back takes its addresses along', async () => {
    const ip = '10.51.0.201';
    const owner = await ownerSeenBy(far, ip);
    const other = owner === 'n1' ? 'n2' : 'n1';
    await lab.node(owner).exec('ip', 'link', 'set', 'eth1', 'down');
    await answers(far, ip, other);
    await lab.node(owner).exec('ip', 'link', 'set', 'eth1', 'up');
    await answers(far, ip, owner);
  });

  test('an address that is taken off an interface takes the subnet along', async () => {
    const ip = '10.51.0.201';
    const owner = await ownerSeenBy(far, ip);
    const other = owner === 'n1' ? 'n2' : 'n1';
    const own = `${lab.node(owner).second?.addresses.ipv4 ?? ''}/24`;
    await lab.node(owner).exec('ip', 'address', 'del', own, 'dev', 'eth1');
    await answers(far, ip, other);
    await lab.node(owner).exec('ip', 'address', 'add', own, 'dev', 'eth1');
    await answers(far, ip, owner);
  });

  test('an interface with a new MAC address: the neighbours hear of it', async () => {
    const ip = '10.51.0.202';
    const owner = await ownerSeenBy(far, ip);
    const mac = '02:00:00:00:51:99';
    await lab.node(owner).exec('ip', 'link', 'set', 'eth1', 'address', mac);
    await far.neighbours.waitFor(ip, mac);
    await lab.node(owner).exec('ip', 'link', 'set', 'eth1', 'address', lab.node(owner).second?.mac ?? '');
    await far.neighbours.waitFor(ip, lab.node(owner).second?.mac ?? '');
  });

  test('a pool that fits no subnet is answered for on the interface that it names', async () => {
    const named = eip('named', { address: '203.0.113.0/28', protocol: 'layer2', interface: 'eth1' });
    await lab.manager.lab.apply(named);
    await lab.manager.create('named', from('named', '203.0.113.7'));
    await far.exec('ip', 'route', 'add', '203.0.113.0/28', 'dev', 'eth0');
    const owner = await ownerSeenBy(far, '203.0.113.7');
    assert.ok(['n1', 'n2'].includes(owner), owner);
  });

  test('can_reach: on the interface that leads to an address', async () => {
    const onSecond = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1', 'n2'] }] };
    const spec = { protocol: 'layer2', interface: 'can_reach:10.51.0.1', nodeSelector: onSecond };
    await lab.manager.lab.apply(eip('reach', { ...spec, address: '203.0.113.16/28' }));
    await lab.manager.create('reach', from('reach', '203.0.113.20'));
    for (const host of [far, near]) await host.exec('ip', 'route', 'add', '203.0.113.16/28', 'dev', 'eth0');
    assert.ok(['n1', 'n2'].includes(await ownerSeenBy(far, '203.0.113.20')));
    assert.equal(await near.neighbours.ask('203.0.113.20'), undefined);
  });

  test('an interface that vanishes, and one that appears', async () => {
    const ip = '10.51.0.202';
    const owner = await ownerSeenBy(far, ip);
    const other = owner === 'n1' ? 'n2' : 'n1';
    const node = lab.node(owner);
    const elsewhere = lab.manager.lab.host('h2');
    await node.exec('ip', 'link', 'set', 'eth1', 'netns', elsewhere.namespace);
    await answers(far, ip, other);
    await elsewhere.exec('ip', 'link', 'set', 'eth1', 'netns', node.namespace);
    await node.exec('ip', 'address', 'add', `${node.second?.addresses.ipv4 ?? ''}/24`, 'dev', 'eth1');
    await node.exec('ip', 'link', 'set', 'eth1', 'up');
    await answers(far, ip, owner);
  });

  test('without any interface for it, the condition says so', async () => {
    await lab.manager.lab.apply(eip('nowhere', { address: '10.57.0.128/25', protocol: 'layer2' }));
    await lab.manager.create('nowhere', from('nowhere', '10.57.0.200'));
    await lab.manager.announcedBecause('nowhere', 'NoReplicaOnLink');
    await lab.node('n3').exec('ip', 'address', 'add', '10.57.0.3/24', 'dev', 'eth0');
    await lab.manager.announcedBecause('nowhere', 'Announced');
    assert.equal(await ownerSeenByName('10.57.0.200'), 'n3');
  });

  test('an interface that becomes a bridge’s port: the bridge answers in its place', async () => {
    const ip = '10.51.0.203';
    const owner = await ownerSeenBy(far, ip);
    const node = lab.node(owner);
    const own = `${node.second?.addresses.ipv4 ?? ''}/24`;
    const commands = [
      ['link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0'],
      ['link', 'set', 'br0', 'address', node.second?.mac ?? ''],
      ['address', 'del', own, 'dev', 'eth1'],
      ['link', 'set', 'eth1', 'master', 'br0'],
      ['link', 'set', 'br0', 'up'],
      ['address', 'add', own, 'dev', 'br0'],
    ];
    for (const command of commands) await node.exec('ip', ...command);
    await answers(far, ip, owner);
  });

  test('a pool that names that bridge has its addresses there; one that names the port has them on another node', async () => {
    const bridged = await ownerSeenBy(far, '10.51.0.203');
    const other = bridged === 'n1' ? 'n2' : 'n1';
    await far.exec('ip', 'route', 'add', '203.0.113.32/28', 'dev', 'eth0');
    await lab.manager.lab.apply(eip('bridge', { address: '203.0.113.32/28', protocol: 'layer2', interface: 'br0' }));
    await lab.manager.create('bridge', from('bridge', '203.0.113.33'));
    assert.equal(await ownerSeenBy(far, '203.0.113.33'), bridged);
    await lab.manager.announcedBecause('bridge', 'Announced');

    const candidates = Array.from({ length: 14 }, (_, i) => `203.0.113.${i + 1}`).filter((ip) => !ip.endsWith('.7'));
    const ip = candidates.find((each) => rank(each, ['n1', 'n2'])[0] === bridged) ?? '';
    await lab.manager.create('port', from('named', ip));
    assert.equal(await ownerSeenBy(far, ip), other);
    assert.match(await lab.manager.replicas.log(bridged), /"link":"eth1","why":"it is a port of a bridge, which/);

    await lab.node(other).exec('ip', 'link', 'set', 'eth1', 'down');
    const { message } = await lab.manager.announcedBecause('port', 'NoReplicaOnLink');
    assert.match(message, /no port of a bridge or bond/);
  });
});

suite('a LAN that is not the network of the InternalIPs, and a node on it without a replica', () => {
  let lab: LinkLab;
  let far: Host;

  before(async () => {
    lab = await LinkLab.up(['n1', 'n2'], { secondLan: { nodes: 3, hosts: 1 } });
    far = lab.manager.lab.host('s1');
    await lab.manager.lab.apply(eip('second', { address: '10.51.0.200-10.51.0.219', protocol: 'layer2' }));
  });
  after(() => lab.down());

  const third = (): string => lab.node('n3').second?.mac ?? '';

  /** A Service whose Pods are on that node alone. */
  async function serveThere(name: string, ip: string): Promise<void> {
    const local = { ...from('second', ip), spec: { ...ours, externalTrafficPolicy: 'Local' } };
    await lab.manager.create(name, local, ['n3']);
  }

  async function isFoundThere(ip: string): Promise<void> {
    const found = async (): Promise<boolean> => (await far.neighbours.ask(ip)) === third();
    await until(found, { what: 's1 to find n3', explain: () => lab.manager.logTail('n1') });
  }

  test('with strict ARP it answers there for no InternalIP: its annotation names the address that it is found by', async () => {
    const annotate = (address: string | null): Promise<void> =>
      lab.manager.patchNode('n3', { metadata: { annotations: { 'layer2.porter.kubesphere.io/v1alpha1': address } } });
    await lab.node('n3').setStrictArp(true);
    await serveThere('strict', '10.51.0.209');
    await lab.manager.announcedBecause('strict', 'NodeNotMet');
    await annotate(lab.node('n3').second?.addresses.ipv4 ?? '');
    await isFoundThere('10.51.0.209');
    await lab.manager.announcedBecause('strict', 'AnnouncedForNode');
    await lab.node('n3').setStrictArp(false);
    await annotate(null);
  });

  test('another replica answers in its name, with the MAC address that it has there', async () => {
    await serveThere('far', '10.51.0.200');
    await isFoundThere('10.51.0.200');
    await lab.manager.announcedBecause('far', 'AnnouncedForNode');
  });

  test('its kernel, if it answers for an address, is no stranger: the address stays, and the node is named', async () => {
    const ips = ['10.51.0.201', '10.51.0.202'];
    await lab.node('n3').serve(...ips);
    await lab.node('n3').setStrictArp(false);
    for (const [i, ip] of ips.entries()) {
      await lab.manager.create(`ipvs-${i}`, from('second'));
      assert.equal(await lab.manager.address(`ipvs-${i}`), ip);
    }
    for (const i of ips.keys()) {
      const { message } = await lab.manager.announcedBecause(`ipvs-${i}`, 'AnsweredByNode');
      assert.ok(message.includes('node n3'), message);
    }
    for (const [i, ip] of ips.entries()) assert.equal(await lab.manager.address(`ipvs-${i}`), ip);
  });

  test('the network of the InternalIPs is down on one node: the other one has its addresses, for as long as that lasts', async () => {
    const candidates = Array.from({ length: 10 }, (_, i) => `10.51.0.${210 + i}`);
    const ip = candidates.find((each) => rank(each, ['n1', 'n2'])[0] === 'n1') ?? '';
    await lab.manager.create('apart', from('second', ip), all);
    const macOf = (name: string): string => lab.node(name).second?.mac ?? '';
    const foundAt = async (name: string): Promise<boolean> => (await far.neighbours.ask(ip)) === macOf(name);
    await until(() => foundAt('n1'), { what: `s1 to find ${ip} at n1`, explain: () => lab.manager.logTail('n1') });
    await lab.node('n1').exec('ip', 'link', 'set', 'eth0', 'down');
    let inARow = 0;
    const stays = async (): Promise<boolean> => (inARow = (await foundAt('n2')) ? inARow + 1 : 0) > 25;
    await until(stays, {
      ...{ what: `s1 to find ${ip} at n2, again and again`, intervalMs: 200, timeoutMs: 60_000 },
      explain: () => lab.manager.logTail('n2'),
    });
  });
});
