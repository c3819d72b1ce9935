/** A thousand Services on a LAN whose pool fits no subnet: who has them is right everywhere after a node has lost power. */
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { claimsOf, ownersOverlap } from '../lan/claims.ts';
import type { LanRecord } from '../lan/records.ts';
import { eip, ipv6Part, on, ours, service, slice } from '../local/objects.ts';
import { makeRoomForNeighbours, type NeighbourTable } from '../network/neighbours.ts';
import { until } from '../state/until.ts';
import { ManagerLab } from './manager/manager-lab.ts';

const all = ['n1', 'n2', 'n3'];
const count = 1_000;
const lanes = 16;
/** On no subnet of the lab; one of each family. */
const ranges = ['10.52.0.0/21', 'fd00:52::/116'];

async function inLanes(items: readonly string[], work: (item: string) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

suite('a thousand Services on the LAN', () => {
  let lab: ManagerLab;
  let ips: string[];
  const names = Array.from({ length: count }, (_, i) => `many-${i}`);
  const tables = (): NeighbourTable[] => [lab.lab.host('h1').neighbours, lab.lab.router('r1').neighbours];

  before(async () => {
    // Those of the host and of the router, and whatever else is on this machine.
    await makeRoomForNeighbours(4 * count);
    lab = await ManagerLab.up({ members: all, hosts: 1 });
    await lab.lab.apply(eip('many', { addresses: ranges, protocol: 'layer2', interface: 'eth0', avoidBuggyIPs: true }));
    for (const range of ranges) {
      await lab.lab.host('h1').exec('ip', 'route', 'add', range, 'dev', 'eth0');
      await lab.lab.router('r1').exec('ip', 'route', 'add', range, 'dev', 'nodes');
    }
    const annotations = { 'eip.openelb.kubesphere.io/v1alpha2': 'many' };
    const common = { ...ours, allocateLoadBalancerNodePorts: false };
    await inLanes(names, async (name) => {
      // Every other one.
      const isSix = names.indexOf(name) % 2 === 1;
      await lab.lab.api.apply(isSix ? slice(name, on(all), ipv6Part) : slice(name, on(all)));
      const spec = { ...common, ipFamilies: [isSix ? 'IPv6' : 'IPv4'] };
      await lab.lab.api.create(service(name, { annotations, spec }));
    });
  });
  after(() => lab.down());

  /** The MAC that the wire heard last for each address. */
  function lastClaims(records: readonly LanRecord[]): Map<string, string> {
    return new Map(ips.map((ip) => [ip, claimsOf(records, ip).at(-1)?.mac ?? 'nobody']));
  }

  test('all get addresses and are announced', { timeout: 180_000 }, async () => {
    const announced = async (): Promise<boolean> => {
      const listed = await lab.lab.api.list<{ status?: { conditions?: { type: string; status: string }[] } }>(
        '/api/v1/namespaces/default/services',
      );
      const ready = listed.filter(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type.endsWith('/Announced') && is === 'True'),
      );
      return ready.length === count;
    };
    await until(announced, { what: `${count} Services to be announced`, timeoutMs: 150_000, intervalMs: 500 });
    const listed = await lab.lab.api.list<{ status?: { loadBalancer?: { ingress?: { ip: string }[] } } }>(
      '/api/v1/namespaces/default/services',
    );
    ips = listed.flatMap(({ status }) => status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? []);
    assert.equal(new Set(ips).size, count);
    assert.equal(ips.filter(isIPv6).length, count / 2);
  });

  test(
    'a node loses power: the wire hears of each of its addresses, and the neighbours of a host and a router are right',
    { timeout: 120_000 },
    async () => {
      // A host and the router have met all of them.
      const known = await Promise.all(tables().map(async (table) => table.askAll(ips)));
      for (const ip of ips)
        assert.ok(
          known.every((table) => table.has(ip)),
          `${ip} is answered for`,
        );
      const [dead] = all;
      const macs = new Map(lab.lab.nodes.map(({ name, mac }) => [mac, name]));
      const lost = ips.filter((ip) => macs.get(known[0]?.get(ip) ?? '') === dead);
      assert.ok(lost.length > count / 10, `${dead} had ${lost.length} of ${count}`);

      const sniffer = await lab.lab.sniff();
      await lab.lab.node('n1').powerOff();
      const took = async (): Promise<boolean> => {
        const moved = lastClaims(sniffer.records);
        return lost.every((ip) => moved.get(ip) !== 'nobody');
      };
      await until(took, { what: 'the addresses of the dead node to be announced by others', timeoutMs: 30_000 });
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const records = await sniffer.stop();
      const last = lastClaims(records);
      const dying = lab.lab.node('n1').mac;
      for (const [i, table] of tables().entries()) {
        const now = await table.all();
        for (const ip of ips) {
          const mac = now.get(ip);
          assert.ok(mac !== undefined && mac !== dying, `${ip} is at ${mac}`);
          // What nobody announced has not moved.
          const expected = last.get(ip) === 'nobody' ? known[i]?.get(ip) : last.get(ip);
          assert.equal(mac, expected, ip);
        }
      }
      const byTwo = ips.filter((ip) => ownersOverlap(records, ip) > 0);
      assert.deepEqual(byTwo, [], 'nobody spoke for an address of somebody else');
      const announced = [...last.values()].filter((mac) => mac !== 'nobody');
      assert.ok(!announced.includes(dying));
      process.stderr.write(`      ${announced.length} of ${count} addresses moved\n`);
      assert.ok(announced.length > count / 5 && announced.length < count / 2);
    },
  );
});
