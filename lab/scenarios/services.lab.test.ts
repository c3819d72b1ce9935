import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { defaultPool, ours, type ServiceWishes } from '../local/objects.ts';
import { ingressOf, ManagerLab, pathOf } from './manager/manager-lab.ts';
import { inPool, Pools, wanting } from './manager/pools.ts';
import { keepsRoutes } from './manager/routes-during.ts';

/** Timestamps of the API have whole seconds: what is to be younger waits for the next one. */
const nextSecondMs = 1_100;

const finalizer = 'service.kubernetes.io/load-balancer-cleanup';

const port = (number: number): object => ({ ...ours, ports: [{ port: number, protocol: 'TCP' }] });
const sharing = (key: string): Record<string, string> => ({ 'lb.kubesphere.io/allow-shared-ip': key });
const record = (...parts: string[]): Record<string, string> => ({ 'lb.kubesphere.io/assigned': parts.join() });

suite('what a Service asks for, it has', () => {
  let lab: ManagerLab;
  let pools: Pools;

  before(async () => {
    lab = await ManagerLab.up();
    pools = new Pools(lab);
    await lab.lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-b' } });
  });
  after(() => lab.down());

  /** The manager handles news of Services in order: what came before a Service that is served has been looked at. */
  async function everythingSeen(): Promise<void> {
    await lab.create('sentinel', { spec: ours });
    await lab.routed(await lab.address('sentinel'));
    await lab.deleteService('sentinel');
    await lab.gone('sentinel');
  }

  /** Makes the pool `public` the default one, or no pool; what is done to pools after it is heard of after it. */
  async function setDefault(value: 'true' | 'false'): Promise<void> {
    const annotations = Object.fromEntries(Object.keys(defaultPool).map((key) => [key, value]));
    await lab.lab.api.patch('/apis/network.kubesphere.io/v1alpha2/eips/public', { metadata: { annotations } });
  }

  /** Creates Services of different ages, the first one the oldest. */
  async function createByAge(services: Readonly<Record<string, ServiceWishes>>): Promise<void> {
    for (const [name, wishes] of Object.entries(services)) {
      await lab.create(name, wishes);
      await sleep(nextSecondMs);
    }
  }

  test('two Services of one key and different ports have one address and one route; who does not fit is told why', async () => {
    await pools.create('shared', { addresses: ['172.31.0.0/28'] });
    const mine = { ...inPool('shared'), ...sharing('web') };
    await lab.create('http', { spec: port(80), annotations: mine }, ['n1']);
    const ip = await lab.address('http');
    await lab.create('https', { spec: port(443), annotations: mine }, ['n2']);
    assert.deepEqual(await lab.addresses('https'), [ip]);
    await lab.routed(ip);

    const wants = { ...mine, ...wanting(ip) };
    await lab.create('http-too', { spec: port(80), annotations: wants });
    const overlap = await lab.allocatedBecause('http-too', 'SharingPortsOverlap');
    assert.equal(overlap.status, 'False');
    for (const text of [ip, 'default/http', '80']) assert.ok(overlap.message.includes(text), overlap.message);
    await lab.create('team-b/smtp', { spec: port(25), annotations: wants });
    await lab.allocatedBecause('team-b/smtp', 'SharingNotAgreed');
    await lab.create('smtp', { spec: port(25), annotations: { ...wants, ...sharing('mail') } });
    await lab.allocatedBecause('smtp', 'SharingNotAgreed');
    await lab.create('local', { spec: { ...port(8080), externalTrafficPolicy: 'Local' }, annotations: wants });
    await lab.allocatedBecause('local', 'SharingPoliciesDiffer');
    for (const name of ['http-too', 'team-b/smtp', 'smtp', 'local']) {
      assert.deepEqual(ingressOf(await lab.service(name)), []);
    }
  });

  test('one of those that share an address goes: the route stays, and its port is free for who waits for it', async () => {
    const ip = await lab.address('https');
    await keepsRoutes(lab, [[ip], lab.nodeNames], async () => {
      await lab.deleteService('http');
      await lab.gone('http');
      assert.deepEqual(await lab.addresses('http-too'), [ip]);
      assert.deepEqual(await lab.addresses('https'), [ip]);
    });
  });

  test('who edits its ports into a conflict moves, the other stays; the last one to go leaves the address to who waited', async () => {
    const ip = await lab.address('https');
    for (const name of ['smtp', 'local']) await lab.deleteService(name);
    await keepsRoutes(lab, [[ip], lab.nodeNames], async () => {
      await lab.patchService('https', { spec: { ports: [{ port: 80, protocol: 'TCP' }] } });
      await lab.when('https', 'to have another address', (found) => !['', ip].includes(ingressOf(found)[0] ?? ''));
      assert.deepEqual(await lab.addresses('http-too'), [ip]);
      await lab.routed(await lab.address('https'));
    });
    assert.deepEqual(ingressOf(await lab.service('team-b/smtp')), []);
    await lab.deleteService('http-too');
    assert.deepEqual(await lab.addresses('team-b/smtp'), [ip]);
    await lab.deleteService('team-b/smtp');
    await lab.routed(ip, []);
    await lab.routed(await lab.address('https'));
  });

  test('Services that are restored before the manager starts have the addresses of their records, older ones or not', async () => {
    await pools.create('restored', { addresses: ['172.31.1.0/29', 'fd31:1::/125'] });
    await lab.replicas.stop('n1');
    const any = { spec: ours, annotations: inPool('restored') };
    const both = { ipFamilyPolicy: 'RequireDualStack' };
    await createByAge({
      'old-1': any,
      'old-2': any,
      named: { spec: ours, annotations: { ...inPool('restored'), ...record('restored=172.31.1.0') } },
      unnamed: { spec: ours, annotations: record('restored=172.31.1.1') },
      'with-finalizer': { finalizers: [finalizer], annotations: record('restored=172.31.1.2') },
      dual: { spec: { ...ours, ...both }, annotations: record('restored=172.31.1.3', 'restored=fd31:1::5') },
    });
    await lab.replicas.start('n1');
    await lab.sessions('n1');
    const given = await Promise.all(['named', 'unnamed', 'with-finalizer', 'dual'].map((name) => lab.addresses(name)));
    assert.deepEqual(given, [['172.31.1.0'], ['172.31.1.1'], ['172.31.1.2'], ['172.31.1.3', 'fd31:1::5']]);
    const old = [await lab.address('old-1'), await lab.address('old-2')];
    for (const ip of old) assert.match(ip, /^172\.31\.1\.[4-7]$/);
    for (const ip of [...given.flat(), ...old]) await lab.routed(ip);
  });

  test('PreferDualStack has both families of one pool, RequireDualStack one of each of two that are named', async () => {
    await lab.create('prefers', { spec: { ...ours, ipFamilyPolicy: 'PreferDualStack' } });
    const preferred = await lab.addresses('prefers');
    assert.match(preferred.join(), /^172\.30\.0\.\d+,fd30:1::[0-9a-f]*$/);

    await pools.create('only-v4', { addresses: ['172.31.2.0/28'] });
    await pools.create('only-v6', { addresses: ['fd31:2::/124'] });
    const requires = { ...ours, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    await lab.create('requires', { spec: requires, annotations: inPool('only-v4', 'only-v6') });
    const required = await lab.addresses('requires');
    // The primary family comes first.
    assert.match(required.join(), /^fd31:2::[0-9a-f]*,172\.31\.2\.\d+$/);
    const { annotations = {} } = (await lab.service('requires')).metadata;
    assert.equal(annotations['lb.kubesphere.io/assigned'], `only-v6=${required[0]},only-v4=${required[1]}`);
    for (const ip of [...preferred, ...required]) await lab.routed(ip);
  });

  test('a Service without node ports is served, and gets none', async () => {
    await lab.create('no-node-ports', { spec: { ...ours, allocateLoadBalancerNodePorts: false } });
    await lab.routed(await lab.address('no-node-ports'));
    const { spec } = (await lab.service('no-node-ports')) as unknown as { spec: { ports: { nodePort?: number }[] } };
    assert.deepEqual(
      spec.ports.map(({ nodePort }) => nodePort),
      [undefined],
    );
  });

  test('opt-in, pool and address by the annotations of either era', async () => {
    await pools.create('eras', { addresses: ['172.31.3.0/28'] });
    for (const [era, ip] of [
      ['porter', '172.31.3.5'],
      ['openelb', '172.31.3.6'],
    ] as const) {
      const annotations = {
        'lb.kubesphere.io/v1alpha1': era,
        [`eip.${era}.kubesphere.io/v1alpha2`]: 'eras',
        [`eip.${era}.kubesphere.io/v1alpha1`]: ip,
      };
      await lab.create(`era-${era}`, { annotations });
      assert.deepEqual(await lab.addresses(`era-${era}`), [ip]);
      await lab.routed(ip);
    }
    // Both at once: the younger one counts.
    const keys = {
      'eip.openelb.kubesphere.io/v1alpha1': '172.31.3.7',
      'eip.porter.kubesphere.io/v1alpha1': '172.31.3.8',
    };
    await lab.create('era-both', { spec: ours, annotations: keys });
    assert.deepEqual(await lab.addresses('era-both'), ['172.31.3.7']);
  });

  test('the opt-in of another product is respected although there is a default pool', async () => {
    await lab.create('theirs', { annotations: { 'lb.kubesphere.io/v1alpha1': 'metallb' } });
    const before = await lab.service('theirs');
    await everythingSeen();
    assert.deepEqual(await lab.service('theirs'), before);
    await lab.patchService('theirs', { metadata: { annotations: { 'lb.kubesphere.io/v1alpha1': 'porter' } } });
    await lab.routed(await lab.address('theirs'));
  });

  test("others' conditions outlive all that we write, and a Service that becomes a ClusterIP is free of us", async () => {
    await lab.create('watched', { spec: ours }, []);
    const ip = await lab.address('watched');
    const other = {
      type: 'example.com/Audited',
      status: 'True',
      reason: 'Fine',
      message: 'by hand',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const { conditions = [] } = (await lab.service('watched')).status;
    await lab.lab.api.patch(`${pathOf('watched')}/status`, { status: { conditions: [...conditions, other] } });
    await lab.announcedBecause('watched', 'NoEndpoints');
    await lab.patchService('watched', { metadata: { annotations: wanting('172.30.0.200') } });
    await lab.when('watched', 'to have moved', (found) => ingressOf(found).join() === '172.30.0.200');
    // What was said of the old address went with it; what is said of the new one comes a moment later.
    assert.equal((await lab.announcedBecause('watched', 'NoEndpoints')).status, 'False');
    const kept = (await lab.service('watched')).status.conditions ?? [];
    assert.deepEqual(
      kept.find(({ type }) => type === other.type),
      other,
    );
    await lab.patchService('watched', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    const now = await lab.when('watched', 'to lose our marks', ({ metadata }) => metadata.finalizers === undefined);
    assert.deepEqual(now.status, { loadBalancer: {}, conditions: [other] });
    for (const [name, wanted] of Object.entries({ former: ip, latter: '172.30.0.200' })) {
      await lab.create(name, { spec: ours, annotations: wanting(wanted) });
      assert.deepEqual(await lab.addresses(name), [wanted]);
    }
  });

  test('an address that becomes free goes to who waits longest, and a pool that grows serves all the others', async () => {
    await pools.create('small', { addresses: ['172.31.4.1'] });
    const wishes = { spec: ours, annotations: inPool('small') };
    // By name they are in another order than by age.
    const waiting = ['waits-c', 'waits-a', 'waits-b'];
    await createByAge(Object.fromEntries(['has-it', ...waiting].map((name) => [name, wishes])));
    assert.deepEqual(await lab.addresses('has-it'), ['172.31.4.1']);
    for (const name of waiting) await lab.allocatedBecause(name, 'PoolFull');
    await lab.deleteService('has-it');
    assert.deepEqual(await lab.addresses('waits-c'), ['172.31.4.1']);
    await lab.routed('172.31.4.1');
    await everythingSeen();
    for (const name of ['waits-a', 'waits-b']) assert.deepEqual(ingressOf(await lab.service(name)), []);
    await pools.edit('small', { addresses: ['172.31.4.1-172.31.4.3'] });
    const rest = [await lab.address('waits-a'), await lab.address('waits-b')];
    assert.deepEqual(rest.sort(), ['172.31.4.2', '172.31.4.3']);
    for (const ip of rest) await lab.routed(ip);
  });

  test('a pool that is enabled serves all that wait for it', async () => {
    await pools.create('off', { addresses: ['172.31.5.0/28'], disable: true });
    for (const name of ['off-1', 'off-2']) {
      await lab.create(name, { spec: ours, annotations: inPool('off') });
      assert.match((await lab.allocatedBecause(name, 'PoolDisabled')).message, /off/);
    }
    await pools.edit('off', { disable: false });
    for (const name of ['off-1', 'off-2']) await lab.routed(await lab.address(name));
  });

  test('a pool that selects the namespace, or whose label the namespace gets, serves all that wait', async () => {
    await setDefault('false');
    await pools.create('chosen', { addresses: ['172.31.6.0/28'], namespaces: ['nobody'] });
    await pools.create('labelled', { addresses: ['172.31.7.0/28'], namespaceSelector: { tier: 'gold' } });
    await pools.condition('labelled', 'Ready', 'InUse');
    const waiting = ['unchosen-1', 'unchosen-2', 'team-b/unlabelled'];
    for (const name of waiting) await lab.create(name, { spec: ours });
    for (const name of waiting) await lab.allocatedBecause(name, 'NoPoolMatches');
    await pools.edit('chosen', { namespaces: ['default'] });
    for (const name of waiting.slice(0, 2)) {
      assert.match(await lab.address(name), /^172\.31\.6\./);
      await lab.routed(await lab.address(name));
    }
    assert.deepEqual(ingressOf(await lab.service('team-b/unlabelled')), []);
    await lab.lab.api.patch('/api/v1/namespaces/team-b', { metadata: { labels: { tier: 'gold' } } });
    assert.match(await lab.address('team-b/unlabelled'), /^172\.31\.7\./);
    await lab.routed(await lab.address('team-b/unlabelled'));
    // A default pool serves the rest.
    await lab.lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-c' } });
    await lab.create('team-c/any', { spec: ours });
    await lab.allocatedBecause('team-c/any', 'NoPoolMatches');
    await setDefault('true');
    assert.match(await lab.address('team-c/any'), /^172\.30\.0\./);
  });
});
