/** Layer 2 on a LAN where somebody has the addresses already: what Services get, what users see, and who answers on the wire. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ours, type ServiceWishes } from '../local/objects.ts';
import type { Host } from '../network/host.ts';
import { until } from '../state/until.ts';
import { LinkLab } from './layer2/link-lab.ts';

const all = ['n1', 'n2', 'n3'];
const ANNOUNCED = 'network.kubesphere.io/Announced';

/** IPv4, from the pool `lan`. */
function fromLan(ip?: string): ServiceWishes {
  const pool = { 'eip.openelb.kubesphere.io/v1alpha2': 'lan' };
  return { spec: ours, annotations: { ...pool, ...(ip === undefined ? {} : { 'lb.kubesphere.io/ips': ip }) } };
}

suite('a LAN where a host has addresses of the pool', () => {
  let lab: LinkLab;
  let stranger: Host;

  before(async () => {
    lab = await LinkLab.up(all);
    stranger = lab.manager.lab.host('h2');
  });
  after(() => lab.down());

  async function has(ip: string): Promise<void> {
    await stranger.exec('ip', 'address', 'add', `${ip}/24`, 'dev', 'eth0');
  }

  async function hasNot(ip: string): Promise<void> {
    await stranger.exec('ip', 'address', 'del', `${ip}/24`, 'dev', 'eth0');
  }

  /** Owners ask a host every 30 s whether it is still there. */
  async function peaceFor(name: string): Promise<void> {
    const reason = async (): Promise<string | undefined> =>
      (await lab.manager.service(name)).status.conditions?.find(({ type }) => type === ANNOUNCED)?.reason;
    const due = { what: `${name} to be announced again`, timeoutMs: 90_000, intervalMs: 200 };
    await until(async () => (await reason()) === 'Announced', due);
  }

  /** As `kubectl get eip` prints it. */
  async function conflictColumn(): Promise<string | undefined> {
    const row = (await lab.manager.lab.kubectl(['get', 'eip', 'lan', '--no-headers'])).trim().split(/\s{2,}/);
    return row.at(-2);
  }

  test('a new Service gets another address, and the host keeps its own', async () => {
    await has('10.50.0.128');
    const sniffer = await lab.manager.lab.sniff();
    await lab.manager.create('web', fromLan());
    const service = await lab.manager.when('web', 'to have another address that is announced', ({ status }) => {
      const [first] = status.loadBalancer?.ingress ?? [];
      const isAnnounced = status.conditions?.some(({ type, status: is }) => type === ANNOUNCED && is === 'True');
      return first?.ip !== '10.50.0.128' && isAnnounced === true;
    });
    assert.equal(service.status.loadBalancer?.ingress?.[0]?.ip, '10.50.0.129');
    assert.equal(await lab.host.neighbours.ask('10.50.0.128'), stranger.mac);
    await lab.owner('10.50.0.129');
    const records = await sniffer.stop();
    const claims = records.filter(
      ({ ip, kind, mac }) => ip === '10.50.0.128' && kind !== 'arp-request' && mac !== stranger.mac,
    );
    assert.deepEqual(claims, []);
    await until(async () => (await conflictColumn()) === 'True', { what: 'the Eip to show the conflict' });
  });

  test('who asks for the address of the host is refused while that is known, and told the MAC', async () => {
    await lab.manager.create('same', fromLan('10.50.0.128'));
    const { message } = await lab.manager.allocatedBecause('same', 'WantedAddressConflict');
    assert.ok(message.includes(stranger.mac), message);
    await lab.manager.deleteService('same');
    await hasNot('10.50.0.128');
  });

  // Each is another address, and most of it is waiting until owners ask again.
  suite('at once', { concurrency: true }, () => {
    test('who asked for an address that turns out to be used keeps it, and is announced when the host is gone', async () => {
      await has('10.50.0.140');
      await lab.manager.create('wish', fromLan('10.50.0.140'));
      const { status, message } = await lab.manager.announcedBecause('wish', 'AddressConflict');
      assert.equal(status, 'False');
      assert.ok(message.includes(stranger.mac), message);
      assert.equal(await lab.manager.address('wish'), '10.50.0.140');
      await hasNot('10.50.0.140');
      await peaceFor('wish');
      await lab.owner('10.50.0.140');
    });

    test('a host that comes later moves nobody: the address stays, and the condition says who claims it', async () => {
      const [ip = ''] = await lab.serve('first', fromLan());
      await has(ip);
      // The owner asks the LAN again 2, 10 and 30 s after it has taken an address.
      const { status, message } = await lab.manager.announcedBecause('first', 'AddressContested');
      assert.equal(status, 'True');
      assert.ok(message.includes(stranger.mac), message);
      assert.equal(await lab.manager.address('first'), ip);
      await hasNot(ip);
      await peaceFor('first');
    });

    test('a node whose kernel answers too is named, and the address is announced all the same', async () => {
      const [ip = ''] = await lab.serve('ipvs', fromLan());
      const owner = await lab.owner(ip);
      const other = all.find((name) => name !== owner) ?? '';
      await lab.node(other).setStrictArp(false);
      const { status, message } = await lab.manager.announcedBecause('ipvs', 'AnsweredByNode');
      assert.equal(status, 'True');
      assert.ok(message.includes(`node ${other}`) && message.includes('strictARP'), message);
      await lab.node(other).setStrictArp(true);
    });

    test('a node that has an IPv6 address on its own interface is named, and no question of the owner’s turns the LAN to it', async () => {
      const ipv6 = { ...ours, ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' };
      const [ip = ''] = await lab.serve('six', { ...fromLan(), spec: ipv6 });
      const owner = await lab.owner(ip);
      const other = lab.node(all.find((name) => name !== owner) ?? '');
      const sniffer = await lab.manager.lab.sniff();
      await other.exec('ip', '-6', 'address', 'add', `${ip}/64`, 'dev', 'eth0', 'nodad');
      const { status, message } = await lab.manager.announcedBecause('six', 'AnsweredByNode');
      assert.equal(status, 'True');
      assert.ok(message.includes(`node ${other.name}`), message);
      const about = (await sniffer.stop()).filter((record) => record.ip === ip && record.mac === other.mac);
      assert.ok(about.some(({ kind }) => kind === 'na'));
      assert.deepEqual(
        about.filter(({ kind }) => kind === 'unsolicited-na'),
        [],
      );
      await other.exec('ip', '-6', 'address', 'del', `${ip}/64`, 'dev', 'eth0');
    });
  });

  test('a host that takes an address while all replicas are stopped keeps it, and the Service too, which is not announced', async () => {
    const [ip = ''] = await lab.serve('stopped', fromLan());
    const { replicas } = lab.manager;
    await Promise.all(all.map((name) => replicas.stop(name)));
    await has(ip);
    const sniffer = await lab.manager.lab.sniff();
    await Promise.all(all.map((name) => replicas.start(name)));
    const { status, message } = await lab.manager.announcedBecause('stopped', 'AddressTaken');
    assert.equal(status, 'False');
    assert.ok(message.includes(stranger.mac), message);
    assert.equal(await lab.manager.address('stopped'), ip);
    assert.equal(await lab.host.neighbours.ask(ip), stranger.mac);
    const claims = (await sniffer.stop()).filter(
      ({ ip: of, kind, mac }) => of === ip && kind !== 'arp-request' && mac !== stranger.mac,
    );
    assert.deepEqual(claims, []);
    await lab.manager.deleteService('stopped');
    await hasNot(ip);
  });
});
