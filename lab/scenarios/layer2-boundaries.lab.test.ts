/** The network and broadcast addresses of a subnet that only one replica's node is on: nobody gets them, whichever replica leads. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { eip, ours, type ServiceWishes } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { ingressOf, ManagerLab } from './manager/manager-lab.ts';

const members = ['n1', 'n2'];
const leasePath = '/apis/coordination.k8s.io/v1/namespaces/porterlb-system/leases/porter-manager';
/** Another candidate respects a silent leader's lease for 15 s after it saw the last change; the rest is for a slow machine. */
const leaseTimeMs = 60_000;

function from(pool: string, ip?: string): ServiceWishes {
  const wanted = ip === undefined ? {} : { 'lb.kubesphere.io/ips': ip };
  return { spec: ours, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': pool, ...wanted } };
}

suite('a pool over the ends of a subnet that the node of one replica is on', () => {
  let lab: ManagerLab;

  before(async () => {
    // n1 alone has an interface in 10.51.0.0/24.
    lab = await ManagerLab.up({ members, secondLan: { nodes: 1, hosts: 1 } });
  });
  after(() => lab.down());

  /** Its only reader on the second LAN is away from time to time. */
  async function lead(node: string): Promise<void> {
    const due = { what: `${node} to lead`, timeoutMs: leaseTimeMs, explain: () => lab.logTail(node) };
    await until(async () => (await lab.replicas.leader()) === podOn(node), due);
  }

  /** No plain range of a pool says where the subnet ends. */
  async function pool(name: string, ...addresses: string[]): Promise<void> {
    await lab.lab.apply(eip(name, { addresses, protocol: 'layer2' }));
  }

  async function given(name: string, wishes: ServiceWishes): Promise<string> {
    await lab.create(name, wishes);
    return await lab.address(name);
  }

  test('a leader that is not on the subnet hears of it from the replica that is', async () => {
    if ((await lab.replicas.leader()) !== podOn('n2')) {
      await lab.replicas.stop('n1');
      await lead('n2');
      await lab.replicas.start('n1');
      await lab.sessions(...members);
    }
    const noted = async (): Promise<boolean> => (await note()).includes('10.51.0.0/24');
    await until(noted, { what: 'the lease to say 10.51.0.0/24', explain: () => lab.logTail('n2') });
    await pool('high', '10.51.0.254-10.51.1.1');
    assert.equal(await given('high-1', from('high')), '10.51.0.254');
    assert.equal(await given('high-2', from('high')), '10.51.1.0');
    await lab.create('broadcast', from('high', '10.51.0.255'));
    await lab.allocatedBecause('broadcast', 'WantedAddressOfSubnet');
  });

  test('that replica is away and the leader new: it knows the subnet, and changes nothing', async () => {
    const before = await addresses();
    await lab.replicas.stop('n1');
    await lab.replicas.stop('n2', 'SIGKILL');
    await lab.replicas.loseState('n2');
    await lab.replicas.start('n2');
    await lead('n2');
    await pool('low', '10.50.255.255-10.51.0.1');
    assert.equal(await given('low-1', from('low')), '10.50.255.255');
    assert.equal(await given('low-2', from('low')), '10.51.0.1');
    await lab.create('network', from('low', '10.51.0.0'));
    await lab.allocatedBecause('network', 'WantedAddressOfSubnet');
    const now = await addresses();
    for (const [name, ip] of before) assert.equal(now.get(name), ip, name);
  });

  test('all start at once, and nothing is noted: nobody leads before it has heard of the subnet', async () => {
    await lab.replicas.stop('n2');
    await lab.lab.api.delete(leasePath);
    // They wait, older than what comes next: whoever leads plans them first.
    await lab.replicas.start('n2', 'n1');
    await lab.sessions(...members);
    assert.equal(await given('high-3', from('high')), '10.51.1.1');
    for (const name of ['broadcast', 'network']) assert.deepEqual(ingressOf(await lab.service(name)), [], name);
    await lab.replicas.stop('n1');
    await lead('n2');
  });

  test('its Node is deleted: the subnet is nothing to the cluster any more', async () => {
    await lab.lab.api.delete('/api/v1/nodes/n1');
    await lab.allocatedBecause('network', 'Allocated');
    assert.equal(await lab.address('network'), '10.51.0.0');
  });

  async function addresses(): Promise<Map<string, string>> {
    const names = ['high-1', 'high-2'];
    const services = await Promise.all(names.map(async (name) => await lab.service(name)));
    return new Map(services.map((service, i) => [names[i] ?? '', ingressOf(service).join()]));
  }

  async function note(): Promise<string> {
    const lease = await lab.lab.api.find<{ metadata?: { annotations?: Record<string, string> } }>(leasePath);
    return lease?.metadata?.annotations?.['porterlb.kubesphere.io/subnets'] ?? '';
  }
});
