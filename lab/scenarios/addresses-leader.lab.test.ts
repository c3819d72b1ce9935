import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { ours } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { allocated, ingressOf, ManagerLab } from './manager/manager-lab.ts';
import { inPool, Pools, wanting } from './manager/pools.ts';
import { keepsRoutes, neverRouted } from './manager/routes-during.ts';

/** Another candidate respects a silent leader's lease for 15 s after it saw the last change; the rest is for a slow machine. */
const leaseTimeMs = 60_000;
/** A new leader believes more than it gave itself for as long as another one's last writes may show up: a lease's 15 s. */
const adoptionMs = 18_000;
/** Timestamps of the API have whole seconds: what is to be younger waits for the next one. */
const nextSecondMs = 1_100;

/** So many addresses in use a pool's status names for people to read: those that come first as text. */
const namedOfPool = 128;

const members = ['n1', 'n2'];

suite('addresses outlive Services, leaders and forgers', () => {
  let lab: ManagerLab;
  let pools: Pools;

  before(async () => {
    lab = await ManagerLab.up({ members });
    pools = new Pools(lab);
    await lab.lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
    await pools.create('for-a', { addresses: ['172.31.9.0/28'], namespaces: ['team-a'] });
  });
  after(() => lab.down());

  async function give(pool: string, ...names: string[]): Promise<string[]> {
    const ips: string[] = [];
    for (const name of names) {
      await lab.create(name, { spec: ours, annotations: inPool(pool) });
      ips.push(await lab.address(name));
    }
    return ips;
  }

  async function remove(...names: string[]): Promise<void> {
    for (const name of names) {
      await lab.deleteService(name);
      await lab.gone(name);
    }
  }

  async function leader(): Promise<string> {
    const holder = await lab.replicas.leader();
    const node = members.find((each) => podOn(each) === holder);
    assert.ok(node !== undefined, `${holder} leads`);
    return node;
  }

  /** Kills the leader; returns when the other one leads, with the killed one's machine. */
  async function killLeader(): Promise<string> {
    const killed = await leader();
    await lab.replicas.stop(killed, 'SIGKILL');
    const other = async (): Promise<boolean> => !['', podOn(killed)].includes(await lab.replicas.leader());
    await until(other, { what: 'the other one to lead', timeoutMs: leaseTimeMs });
    return killed;
  }

  /** What a tenant with the right to patch `services/status` would do. */
  async function forge(name: string, record: { pool: string; ip: string }, path?: 'annotation'): Promise<void> {
    const { pool, ip } = record;
    const metadata = { annotations: { 'lb.kubesphere.io/assigned': `${pool}=${ip}` } };
    const lastTransitionTime = new Date().toISOString();
    const condition = {
      type: allocated,
      status: 'True',
      reason: 'Allocated',
      message: `Has ${ip}.`,
      lastTransitionTime,
    };
    const status = { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] }, conditions: [condition] };
    const [namespace, bare] = name.includes('/') ? name.split('/') : ['default', name];
    const patch = JSON.stringify(path === 'annotation' ? { metadata } : { metadata, status });
    const how = path === 'annotation' ? [] : ['--subresource=status'];
    await lab.lab.kubectl(['patch', 'service', `${bare}`, '-n', `${namespace}`, ...how, '--type=merge', '-p', patch]);
  }

  /** Waits until the Service has exactly these addresses again, in status and record. */
  async function putRight(name: string, pool: string, ...ips: string[]): Promise<void> {
    const record = ips.map((ip) => `${pool}=${ip}`).join();
    await lab.when(name, `to have ${record} again`, (found) => {
      const { annotations = {} } = found.metadata;
      return ingressOf(found).join() === ips.join() && (annotations['lb.kubesphere.io/assigned'] ?? '') === record;
    });
  }

  test('a Service that is created again has its address again, although others came and lower ones are free', async () => {
    await pools.create('again', { addresses: ['172.31.10.0/28'] });
    const [a, b] = await give('again', 'again-a', 'again-b', 'again-c');
    await remove('again-a', 'again-b');
    const given = await give('again', 'again-d', 'again-e');
    // What nobody had yet comes first.
    assert.ok(!given.includes(a ?? '') && !given.includes(b ?? ''));
    assert.deepEqual(await give('again', 'again-b'), [b]);
    await lab.routed(b ?? '');
    assert.deepEqual(await give('again', 'again-a'), [a]);
  });

  test('so it has after the leader was killed, and no route moves', async () => {
    await pools.create('successor', { addresses: ['172.31.11.0/29'] });
    const [kept, former] = await give('successor', 'kept', 'former');
    await remove('former');
    await pools.when('successor', 'to remember the address', ({ status }) =>
      (status?.released ?? []).some(({ ip, service }) => ip === former && service === 'default/former'),
    );
    let killed = '';
    await keepsRoutes(lab, [[kept ?? ''], lab.nodeNames], async () => {
      killed = await killLeader();
      const [other] = await give('successor', 'other');
      assert.ok(other !== kept && other !== former);
      assert.deepEqual(await give('successor', 'former'), [former]);
      assert.deepEqual(await lab.addresses('kept'), [kept]);
    });
    await lab.routed(former ?? '');
    await lab.replicas.start(killed);
    await lab.sessions(...members);
  });

  test('with reuseAfterSeconds a freed address rests for all but its last owner, and then goes to who waits', async () => {
    // So long that the next one has asked by then, whatever else the machine does.
    await pools.create('resting', { addresses: ['172.31.12.1'], reuseAfterSeconds: 20 });
    await give('resting', 'owner');
    await remove('owner');
    // It is its own again at once.
    await lab.create('owner', { spec: ours, annotations: inPool('resting') });
    const again = await lab.when('owner', 'to be answered', ({ status }) => (status.conditions ?? []).length > 0);
    assert.deepEqual(ingressOf(again), ['172.31.12.1']);
    await remove('owner');
    await lab.lab.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'now', namespace: 'default' } });
    const now = await lab.lab.api.get('/api/v1/namespaces/default/configmaps/now');
    await lab.create('next', { spec: ours, annotations: inPool('resting') });
    assert.deepEqual(await lab.addresses('next'), ['172.31.12.1']);
    const states = await lab.history('next', String(now.metadata['resourceVersion']));
    const reasons = states.flatMap(({ status }) =>
      (status.conditions ?? []).filter(({ type }) => type === allocated).map(({ reason }) => reason),
    );
    assert.deepEqual([...new Set(reasons)], ['PoolResting', 'Allocated']);
    await lab.routed('172.31.12.1');
  });

  test('a forged status of a pool that is not for the namespace is put right and never announced', async () => {
    await lab.leads(await leader());
    await sleep(adoptionMs);
    await lab.create('forger', { spec: ours });
    const own = await lab.address('forger');
    await lab.routed(own);
    await lab.create('asks-nothing', { spec: ours, annotations: inPool('nowhere') });
    await lab.allocatedBecause('asks-nothing', 'PoolNotFound');
    await neverRouted(lab, ['172.31.9.3', '172.31.9.4'], async () => {
      await forge('forger', { pool: 'for-a', ip: '172.31.9.3' });
      await putRight('forger', 'public', own);
      await forge('asks-nothing', { pool: 'for-a', ip: '172.31.9.4' });
      await lab.allocatedBecause('asks-nothing', 'PoolNotFound');
      await putRight('asks-nothing', '');
      await lab.routed(own);
    });
    // Nor was anything taken by it.
    await lab.create('team-a/owner', { spec: ours, annotations: wanting('172.31.9.3') });
    assert.deepEqual(await lab.addresses('team-a/owner'), ['172.31.9.3']);
  });

  test('a forged status with the address of another, younger Service takes nothing from that one', async () => {
    await lab.create('thief', { spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n2']);
    const own = await lab.address('thief');
    await sleep(nextSecondMs);
    await lab.create('victim', { spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n1']);
    const ip = await lab.address('victim');
    await keepsRoutes(lab, [[ip], ['n1']], async () => {
      await forge('thief', { pool: 'public', ip });
      await putRight('thief', 'public', own);
      await lab.routed(own, ['n2']);
      assert.deepEqual(await lab.addresses('victim'), [ip]);
    });
  });

  test('a forged status with a free address of a disabled pool, and one in no pool, are put right and never announced', async () => {
    await pools.create('disabled', { addresses: ['172.31.13.0/28'], disable: true });
    await pools.condition('disabled', 'Ready', 'PoolDisabled');
    const own = await lab.address('forger');
    await neverRouted(lab, ['172.31.13.3', '192.0.2.77'], async () => {
      for (const record of [
        { pool: 'disabled', ip: '172.31.13.3' },
        { pool: 'public', ip: '192.0.2.77' },
        { pool: 'no-such-pool', ip: '192.0.2.77' },
      ]) {
        await forge('forger', record);
        await putRight('forger', 'public', own);
        await lab.routed(own);
      }
    });
  });

  test('a forged record alone changes nothing', async () => {
    const own = await lab.address('forger');
    await lab.create('thing', { spec: ours, annotations: inPool('nowhere') });
    await neverRouted(lab, ['172.31.9.5'], () =>
      keepsRoutes(lab, [[own], lab.nodeNames], async () => {
        await forge('forger', { pool: 'for-a', ip: own }, 'annotation');
        await putRight('forger', 'public', own);
        await forge('forger', { pool: 'for-a', ip: '172.31.9.5' }, 'annotation');
        await putRight('forger', 'public', own);
        await lab.allocatedBecause('thing', 'PoolNotFound');
        await forge('thing', { pool: 'for-a', ip: '172.31.9.5' }, 'annotation');
        // What came before a Service that is served has been looked at.
        await give('public', 'seen');
        assert.deepEqual(ingressOf(await lab.service('thing')), []);
      }),
    );
  });

  test('a forged status that a new leader finds when it starts is put right and never announced', async () => {
    const own = await lab.address('forger');
    await pools.create('shut', { addresses: ['172.31.14.0/28'] });
    const [kept = ''] = await give('shut', 'team-a/kept');
    await lab.routed(kept);
    await pools.edit('shut', { disable: true });
    for (const name of ['loner', 'late']) {
      await lab.create(name, { spec: ours, annotations: inPool('nowhere') });
      await lab.allocatedBecause(name, 'PoolNotFound');
    }
    await Promise.all(members.map((node) => lab.replicas.stop(node)));
    await neverRouted(lab, ['172.31.9.6', '172.31.9.7', '172.31.14.9'], async () => {
      await forge('forger', { pool: 'for-a', ip: '172.31.9.6' });
      await forge('loner', { pool: 'for-a', ip: '172.31.9.7' });
      await forge('late', { pool: 'shut', ip: '172.31.14.9' });
      await lab.replicas.start(...members);
      await lab.sessions(...members);
      for (const name of ['loner', 'late']) await putRight(name, '');
      await lab.when('forger', 'to lose what it forged', (found) => !ingressOf(found).includes('172.31.9.6'));
      await lab.routed(await lab.address('forger'));
    });
    // What the disabled pool gave before is believed.
    assert.deepEqual(await lab.addresses('team-a/kept'), [kept]);
    await lab.routed(kept);
    assert.match(own, /^172\.30\./);
    assert.match(await lab.address('forger'), /^172\.30\./);
  });

  test('a forged status that a new leader finds takes nothing from a younger Service, though that is not among the named of a large pool', async () => {
    const local = { ...ours, externalTrafficPolicy: 'Local' };
    await pools.create('large', { addresses: ['172.31.16.0/24'] });
    await lab.create('elder', { spec: local, annotations: inPool('nowhere') }, ['n2']);
    await lab.allocatedBecause('elder', 'PoolNotFound');
    await sleep(nextSecondMs);
    // As text it comes after those of all others.
    const ip = '172.31.16.99';
    await lab.create('unnamed', { spec: local, annotations: { ...inPool('large'), ...wanting(ip) } }, ['n1']);
    await lab.routed(ip, ['n1']);
    const crowd = Array.from({ length: namedOfPool }, (_, i) => `crowd-${i}`);
    await Promise.all(crowd.map((name) => lab.create(name, { spec: ours, annotations: inPool('large') }, [])));
    const { status } = await pools.when(
      'large',
      'to be told of all',
      (pool) => pool.status?.usage === crowd.length + 1,
    );
    assert.equal(status?.used?.[ip], undefined, 'not named');
    await Promise.all(members.map((node) => lab.replicas.stop(node)));
    await forge('elder', { pool: 'large', ip });
    await lab.replicas.start(...members);
    await lab.sessions(...members);
    await putRight('elder', '');
    assert.deepEqual(await lab.addresses('unnamed'), [ip]);
    await lab.routed(ip, ['n1']);
  });
});
