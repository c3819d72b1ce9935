import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { defaultPool, eip, ours, service } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { allocated, announced, ingressOf, ManagerLab, pathOf, type LiveService } from './manager/manager-lab.ts';

const finalizer = 'service.kubernetes.io/load-balancer-cleanup';
const otherFinalizer = 'example.com/keep';
const namedPool = { 'eip.openelb.kubesphere.io/v1alpha2': 'named' };

const optIn = (era: 'porter' | 'openelb'): Record<string, string> => ({ 'lb.kubesphere.io/v1alpha1': era });

suite('addresses, as clients of the API and the router see them', () => {
  let lab: ManagerLab;

  before(async () => {
    lab = await ManagerLab.up();
    await lab.lab.apply(eip('named', { address: '172.31.0.1-172.31.0.14' }));
  });
  after(() => lab.down());

  /**
   * Makes the pool `public` the default one, or no pool; returns when the manager knows. It hears of pools and of Services by
   * two watches, so what became of a Service that names no pool is the only sign.
   */
  async function setDefault(value: 'true' | 'false'): Promise<void> {
    const annotations = Object.fromEntries(Object.keys(defaultPool).map((key) => [key, value]));
    await lab.lab.api.patch('/apis/network.kubesphere.io/v1alpha2/eips/public', { metadata: { annotations } });
    const wanted = value === 'true' ? 'Allocated' : 'NoPoolMatches';
    await until(async () => (await answerTo('names-no-pool')) === wanted, { what: `a new Service to be ${wanted}` });
  }

  /** The reason of the first condition that a new Service without a pool's name gets. */
  async function answerTo(name: string): Promise<string | undefined> {
    const reason = (found: LiveService): string | undefined =>
      found.status.conditions?.find(({ type }) => type === allocated)?.reason;
    await lab.create(name, { spec: ours }, []);
    const answered = await lab.when(name, 'to be answered', (found) => reason(found) !== undefined);
    await lab.deleteService(name);
    await lab.gone(name);
    return reason(answered);
  }

  /** The manager handles news of Services in order: what came before a Service that is served has been looked at. */
  async function everythingSeen(): Promise<void> {
    await lab.create('sentinel', { spec: ours, annotations: namedPool });
    await lab.routed(await lab.address('sentinel'));
    await lab.deleteService('sentinel');
    await lab.gone('sentinel');
    await lab.lab.api.delete('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/sentinel-1');
  }

  test('come from the default pool, for a Service that asks by class, by annotation, or not at all', async () => {
    const asking = { 'by-class': { spec: ours }, 'by-annotation': { annotations: optIn('openelb') }, silent: {} };
    for (const [name, wishes] of Object.entries(asking)) await lab.create(name, wishes);
    const given = await Promise.all(Object.keys(asking).map((name) => lab.address(name)));
    for (const ip of given) assert.match(ip, /^172\.30\.0\.\d+$/);
    assert.equal(new Set(given).size, given.length);
    for (const ip of given) await lab.routed(ip);
  });

  test('without a default pool only who asks is served; a new default pool serves the rest, and its loss takes none', async () => {
    await setDefault('false');
    const asking = { 'asks-porter': optIn('porter'), 'asks-openelb': optIn('openelb'), 'asks-not': {} };
    for (const [name, annotations] of Object.entries(asking)) {
      await lab.create(name, { annotations: { ...annotations, ...namedPool } });
    }
    for (const name of ['asks-porter', 'asks-openelb']) await lab.routed(await lab.address(name));
    await everythingSeen();
    assert.deepEqual((await lab.service('asks-not')).status, { loadBalancer: {} });
    await setDefault('true');
    const ip = await lab.address('asks-not');
    assert.match(ip, /^172\.31\.0\./);
    await setDefault('false');
    await everythingSeen();
    assert.deepEqual(ingressOf(await lab.service('asks-not')), [ip]);
    await lab.routed(ip);
    await setDefault('true');
  });

  test('come from the pool that the Service names, by the key of either era', async () => {
    await lab.create('pool-openelb', { spec: ours, annotations: namedPool });
    await lab.create('pool-porter', { spec: ours, annotations: { 'eip.porter.kubesphere.io/v1alpha2': 'named' } });
    for (const name of ['pool-openelb', 'pool-porter']) {
      const ip = await lab.address(name);
      assert.match(ip, /^172\.31\.0\./);
      await lab.routed(ip);
    }
  });

  test('are the wanted ones, by annotation of any era or by the field', async () => {
    const wanted = {
      '172.30.0.101': { annotations: { 'lb.kubesphere.io/ips': '172.30.0.101' } },
      '172.30.0.102': { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': '172.30.0.102' } },
      '172.31.0.10': { annotations: { 'eip.porter.kubesphere.io/v1alpha1': '172.31.0.10' } },
      '172.30.0.104': { spec: { ...ours, loadBalancerIP: '172.30.0.104' } },
    };
    for (const [ip, wishes] of Object.entries(wanted)) {
      const name = `wants-${ip.replaceAll('.', '-')}`;
      await lab.create(name, { spec: ours, ...wishes });
      assert.deepEqual(await lab.addresses(name), [ip]);
      await lab.routed(ip);
    }
  });

  test('a wanted address that is taken is refused with its holder, and given at once when the holder goes', async () => {
    const wishes = { spec: ours, annotations: { 'lb.kubesphere.io/ips': '172.30.0.120' } };
    await lab.create('holder', wishes, ['n1']);
    await lab.routed(await lab.address('holder'), ['n1', 'n2', 'n3']);
    await lab.create('waiter', { ...wishes, spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n2']);
    const condition = await lab.allocatedBecause('waiter', 'WantedAddressTaken');
    assert.equal(condition.status, 'False');
    assert.match(condition.message, /172\.30\.0\.120/);
    assert.match(condition.message, /default\/holder/);
    assert.deepEqual(ingressOf(await lab.service('waiter')), []);
    await lab.deleteService('holder');
    assert.deepEqual(await lab.addresses('waiter'), ['172.30.0.120']);
    await lab.routed('172.30.0.120', ['n2']);
    const { status } = await lab.allocatedBecause('waiter', 'Allocated');
    assert.equal(status, 'True');
  });

  test('a wanted address outside of all pools, and a pool that does not exist, are said so, and can be corrected', async () => {
    await lab.create('outside', { spec: ours, annotations: { 'lb.kubesphere.io/ips': '192.0.2.1' } });
    assert.equal((await lab.allocatedBecause('outside', 'WantedAddressOutsidePools')).status, 'False');
    await lab.patchService('outside', { metadata: { annotations: { 'lb.kubesphere.io/ips': null } } });
    await lab.routed(await lab.address('outside'));

    await lab.create('early', { spec: ours, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'late' } });
    assert.match((await lab.allocatedBecause('early', 'PoolNotFound')).message, /late/);
    await lab.lab.apply(eip('late', { address: '172.31.1.0/28' }));
    await lab.routed(await lab.address('early'));
  });

  test('a foreign class, and a Service that somebody else serves, are not touched', async () => {
    await lab.create('foreign', { spec: { loadBalancerClass: 'example.com/other' } });
    // A cloud's controller adds its finalizer before anything else.
    await lab.create('elsewhere', { finalizers: [finalizer] });
    const ingress = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } };
    for (const name of ['foreign', 'elsewhere']) await lab.lab.api.patch(`${pathOf(name)}/status`, ingress);
    const before = await Promise.all(['foreign', 'elsewhere'].map((name) => lab.service(name)));
    await everythingSeen();
    const now = await Promise.all(['foreign', 'elsewhere'].map((name) => lab.service(name)));
    assert.deepEqual(now, before);
    await lab.routed('203.0.113.7', []);
    // Deleting it is the other controller's business too.
    await lab.deleteService('elsewhere');
    await everythingSeen();
    assert.deepEqual((await lab.service('elsewhere')).metadata.finalizers, [finalizer]);
    await lab.patchService('elsewhere', { metadata: { finalizers: null } });
  });

  test('everything about an address is one write, and others keep what is theirs', async () => {
    const created = await lab.lab.api.create(
      service('full', { finalizers: [otherFinalizer], annotations: namedPool, spec: { type: 'ClusterIP' } }),
    );
    const other = { type: 'example.com/Other', status: 'True', reason: 'Fine', message: '' };
    const condition = { ...other, lastTransitionTime: '2026-01-01T00:00:00Z' };
    await lab.lab.api.patch(`${pathOf('full')}/status`, { status: { conditions: [condition] } });
    await lab.patchService('full', { spec: { type: 'LoadBalancer', ...ours } });
    const ip = await lab.address('full');

    const { metadata, status } = await lab.service('full');
    assert.deepEqual(status.loadBalancer, { ingress: [{ ip, ipMode: 'VIP' }] });
    assert.deepEqual(new Set(metadata.finalizers), new Set([otherFinalizer, finalizer]));
    const { annotations = {}, labels = {} } = metadata;
    assert.equal(annotations['lb.kubesphere.io/assigned'], `named=${ip}`);
    assert.equal(labels['eip.openelb.kubesphere.io/v1alpha2'], 'named');
    await lab.announcedBecause('full', 'NoEndpoints');
    const { conditions = [] } = (await lab.service('full')).status;
    const expected = { 'example.com/Other': 'True', [allocated]: 'True', [announced]: 'False' };
    assert.deepEqual(Object.fromEntries(conditions.map((each) => [each.type, each.status])), expected);

    await everythingSeen();
    const states = await lab.history('full', String(created.metadata['resourceVersion']));
    // The test's own two changes, then ours: one for allocating, one for announcing.
    assert.equal(states.length, 2 + 2);
    const [first] = states.slice(2);
    assert.ok(first !== undefined && ingressOf(first).length === 1 && first.metadata.finalizers?.includes(finalizer));
  });

  test('a Service that is deleted goes, with its route, and leaves what waits for others', async () => {
    await lab.create('doomed', { spec: ours, finalizers: [otherFinalizer] });
    const ip = await lab.address('doomed');
    await lab.routed(ip);
    await lab.deleteService('doomed');
    await lab.routed(ip, []);
    await lab.when('doomed', 'to lose our finalizer', ({ metadata }) => metadata.finalizers?.join() === otherFinalizer);
    await lab.patchService('doomed', { metadata: { finalizers: null } });
    await lab.gone('doomed');
  });

  test('a Service that becomes a ClusterIP gives its address back', async () => {
    const wishes = { spec: ours, annotations: { 'lb.kubesphere.io/ips': '172.30.0.130' } };
    await lab.create('retiring', wishes);
    await lab.routed(await lab.address('retiring'));
    await lab.patchService('retiring', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    await lab.routed('172.30.0.130', []);
    const now = await lab.when('retiring', 'to lose our marks', ({ metadata }) => metadata.finalizers === undefined);
    assert.deepEqual(now.status, { loadBalancer: {} });
    assert.equal(now.metadata.annotations?.['lb.kubesphere.io/assigned'], undefined);
    assert.equal(now.metadata.labels?.['eip.openelb.kubesphere.io/v1alpha2'], undefined);
    await lab.create('successor', wishes);
    assert.deepEqual(await lab.addresses('successor'), ['172.30.0.130']);
    await lab.routed('172.30.0.130');
  });

  test('dual stack: both families by one write, both routed', async () => {
    const sentinel = await lab.lab.api.get<{ metadata: { resourceVersion: string } }>('/api/v1/services');
    await lab.create('dual', { spec: { ...ours, ipFamilyPolicy: 'RequireDualStack' } });
    const given = await lab.addresses('dual');
    assert.equal(given.length, 2);
    assert.match(given[0] ?? '', /^172\.30\.0\./);
    assert.match(given[1] ?? '', /^fd30:1::/);
    for (const ip of given) await lab.routed(ip);
    const states = await lab.history('dual', sentinel.metadata.resourceVersion);
    assert.deepEqual([...new Set(states.map((state) => ingressOf(state).length))], [0, 2]);
  });

  test('dual stack is all or nothing where both families are required', async () => {
    await lab.create('half', { annotations: namedPool, spec: { ...ours, ipFamilyPolicy: 'RequireDualStack' } });
    assert.equal((await lab.allocatedBecause('half', 'FamilyNotAvailable')).status, 'False');
    assert.deepEqual(ingressOf(await lab.service('half')), []);
    await lab.create('either', { annotations: namedPool, spec: { ...ours, ipFamilyPolicy: 'PreferDualStack' } });
    assert.equal((await lab.addresses('either')).length, 1);
  });

  test('an address stays through edits of ports, labels and traffic policy', async () => {
    await lab.create('steady', { spec: ours });
    const ip = await lab.address('steady');
    await lab.routed(ip);
    const change = { ports: [{ port: 8080 }], externalTrafficPolicy: 'Local' };
    await lab.patchService('steady', { metadata: { labels: { tier: 'gold' } }, spec: change });
    await everythingSeen();
    assert.deepEqual(ingressOf(await lab.service('steady')), [ip]);
    await lab.routed(ip);
  });
});
