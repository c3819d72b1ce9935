import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { eips } from '../cluster/custom-kinds.ts';
import { NetworkError } from '../cluster/errors.ts';
import { FakeKube } from '../cluster/fake/fake-kube.ts';
import { customResourceDefinitions, deployments, pods, services, type Service } from '../cluster/kinds.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { upgradeCustomResources } from './custom-resources.ts';
import { eventually } from './hook.ts';
import { releaseAll } from './removal.ts';

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
const MANAGERS = { namespace: 'system', name: 'porter-manager' };

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly deps = { api: this.api, clock: this.clock, logger: new FakeLogger() };

  /** Lets it wait without waiting. */
  async through<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const done = work.finally(() => (over = true));
    done.catch(() => undefined);
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(500);
    }
    return await done;
  }

  service(name: string, wishes: Partial<{ cls: string; ips: string[]; proof: boolean; record: string }>): void {
    const { cls, ips = [], proof = false, record } = wishes;
    const conditions = proof ? [{ type: 'network.kubesphere.io/Allocated', status: 'True' }] : [];
    const annotations = record === undefined ? {} : { 'lb.kubesphere.io/assigned': record };
    this.api.store(services, {
      metadata: { namespace: 'shop', name, finalizers: ['example.org/other', FINALIZER], annotations },
      spec: { type: 'LoadBalancer', ...(cls === undefined ? {} : { loadBalancerClass: cls }) },
      status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) }, conditions },
    } as unknown as Service);
  }

  /** Lets time go by, half a second with each turn. */
  async pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 500) {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(500);
    }
  }

  /** Of a manager; `dueInMs`: when it is to have ended, grace included, from now on. */
  pod(name: string, dueInMs?: number): void {
    const labels = { 'app.kubernetes.io/name': 'porter-manager' };
    const deletionTimestamp = new Date(this.clock.wallTime().getTime() + (dueInMs ?? 0)).toISOString();
    const metadata = { namespace: 'system', name, labels, ...(dueInMs === undefined ? {} : { deletionTimestamp }) };
    this.api.store(pods, { metadata });
  }

  finalizers(name: string): readonly string[] {
    return this.read(name)?.metadata?.finalizers ?? [];
  }

  read(name: string): Service | undefined {
    return this.api.read(services, { namespace: 'shop', name });
  }
}

suite('release-all', () => {
  test('ends the managers first, and waits for the last one', async () => {
    const bench = new Bench();
    bench.api.store(deployments, { metadata: MANAGERS });
    const pod = {
      namespace: 'system',
      name: 'porter-manager-a',
      labels: { 'app.kubernetes.io/name': 'porter-manager' },
    };
    bench.api.store(pods, { metadata: pod });
    bench.service('web', { cls: 'lb.kubesphere.io/porter' });
    let over = false;
    const work = releaseAll(bench.deps, MANAGERS).then(() => (over = true));
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      bench.clock.advance(500);
    }
    // They look for it when they end: by its deletion they know that no others follow.
    assert.ok(bench.api.read(deployments, MANAGERS)?.metadata?.deletionTimestamp);
    assert.equal(over, false);
    assert.deepEqual(bench.read('web')?.metadata?.finalizers, ['example.org/other', FINALIZER]);
    bench.api.remove(pods, pod);
    await bench.through(work);
    assert.equal(bench.api.read(deployments, MANAGERS), undefined);
    assert.deepEqual(bench.read('web')?.metadata?.finalizers, ['example.org/other']);
  });

  test('waits for no Pod whose node is dead, says so, and waits for the others', async () => {
    const bench = new Bench();
    bench.api.store(deployments, { metadata: MANAGERS });
    bench.pod('porter-manager-dead', 30_000);
    bench.pod('porter-manager-alive');
    bench.service('web', { cls: 'lb.kubesphere.io/porter' });
    const work = releaseAll(bench.deps, MANAGERS);
    await bench.pass(70_000);
    assert.deepEqual(bench.finalizers('web'), ['example.org/other', FINALIZER]);
    bench.api.remove(pods, { namespace: 'system', name: 'porter-manager-alive' });
    await bench.pass(2_000);
    assert.deepEqual(bench.finalizers('web'), ['example.org/other']);
    await bench.through(work);
    assert.equal(bench.api.read(deployments, MANAGERS), undefined);
    const told = bench.deps.logger.entries.find(({ level, fields }) => level === 'warn' && 'pods' in fields);
    assert.deepEqual(told?.fields['pods'], ['system/porter-manager-dead']);
  });

  test('gives managers their time, though the clock of the API server is behind ours', async () => {
    const bench = new Bench();
    bench.pod('porter-manager-a', -60_000);
    bench.service('web', { cls: 'lb.kubesphere.io/porter' });
    const work = releaseAll(bench.deps, MANAGERS);
    await bench.pass(25_000);
    assert.deepEqual(bench.finalizers('web'), ['example.org/other', FINALIZER]);
    await bench.through(work);
    assert.deepEqual(bench.finalizers('web'), ['example.org/other']);
  });

  test('frees the others while the API server does not answer for one', async () => {
    const bench = new Bench();
    const names = Array.from({ length: 40 }, (_, i) => `web${i}`);
    for (const name of names) bench.service(name, { cls: 'lb.kubesphere.io/porter' });
    bench.api.faults.inject({ verb: 'patch', plural: 'services', times: 1, error: 'hang' });
    const held = (): number => names.filter((name) => bench.finalizers(name).includes(FINALIZER)).length;
    const work = releaseAll(bench.deps, MANAGERS);
    await bench.pass(5_000);
    assert.equal(held(), 1);
    await bench.through(work);
    assert.equal(held(), 0);
  });

  test('takes the finalizer off what is ours and leaves the address, the record and all else', async () => {
    const bench = new Bench();
    const record = 'public=192.0.2.1';
    bench.service('class', { cls: 'lb.kubesphere.io/porter' });
    bench.service('held', { ips: ['192.0.2.1'], proof: true, record });
    bench.service('restored', { record });
    bench.service('foreign-class', { cls: 'example.org/lb', record });
    bench.service('class-changed', { cls: 'example.org/lb', record, proof: true });
    bench.service('class-changed-address', { cls: 'example.org/lb', record, proof: true, ips: ['192.0.2.1'] });
    bench.service('class-changed-other', { cls: 'example.org/lb', record, proof: true, ips: ['192.0.2.9'] });
    bench.service('foreign-address', { ips: ['192.0.2.9'] });
    bench.service('written-over', { ips: ['192.0.2.9'], proof: true, record });
    bench.service('written-beside', { ips: ['192.0.2.1', '192.0.2.9'], proof: true, record });
    const before = bench.read('held');
    await bench.through(releaseAll(bench.deps, MANAGERS));
    const finalizers = (name: string): readonly string[] => bench.read(name)?.metadata?.finalizers ?? [];
    for (const name of ['class', 'held', 'restored', 'class-changed', 'class-changed-address'])
      assert.deepEqual(finalizers(name), ['example.org/other'], name);
    for (const name of ['foreign-class', 'class-changed-other', 'foreign-address', 'written-over', 'written-beside'])
      assert.deepEqual(finalizers(name), ['example.org/other', FINALIZER], name);
    assert.deepEqual(bench.read('held')?.status, before?.status);
    assert.deepEqual(bench.read('held')?.metadata?.annotations, before?.metadata?.annotations);
  });

  test('takes its finalizer off pools, and no other', async () => {
    const bench = new Bench();
    const finalizers = ['example.org/keep', 'lb.kubesphere.io/in-use'];
    bench.api.store(eips, { metadata: { name: 'public', finalizers }, spec: { address: '192.0.2.0/24' } });
    bench.api.store(eips, { metadata: { name: 'free' }, spec: { address: '198.51.100.0/24' } });
    await bench.through(releaseAll(bench.deps, MANAGERS));
    assert.deepEqual(bench.api.read(eips, { name: 'public' })?.metadata?.finalizers, ['example.org/keep']);
    assert.equal(bench.api.writes.filter(({ plural }) => plural === 'eips').length, 1);
  });

  test('has nothing to do in a cluster without our kinds, and may be repeated', async () => {
    const bench = new Bench();
    bench.api.removeKind(eips);
    await bench.through(releaseAll(bench.deps, MANAGERS));
    await bench.through(releaseAll(bench.deps, MANAGERS));
    assert.deepEqual(bench.api.writes, []);
  });
});

suite('upgrade-crds', () => {
  const name = 'eips.network.kubesphere.io';

  /** The CRDs as a program of some version left them, all of them served. */
  function installed(version: string): Bench {
    const bench = new Bench();
    const status = { conditions: [{ type: 'Established', status: 'True' }] };
    for (const crd of bench.api.readAll(customResourceDefinitions)) {
      const annotations = { 'porterlb.kubesphere.io/version': version };
      const left = { ...crd, metadata: { ...crd.metadata, annotations }, status };
      bench.api.store(customResourceDefinitions, left);
    }
    return bench;
  }

  const versionOf = (bench: Bench): string | undefined =>
    bench.api.read(customResourceDefinitions, { name })?.metadata?.annotations?.['porterlb.kubesphere.io/version'];

  test('leaves those of a newer version as they are, and says so', async () => {
    for (const version of ['999.0.0', '999.0.0-rc.1', `${packageJson.version.replace(/\d+$/, '999')}+build`]) {
      const bench = installed(version);
      await bench.through(upgradeCustomResources(bench.deps));
      assert.deepEqual(bench.api.writes, []);
      assert.equal(versionOf(bench), version);
      const told = bench.deps.logger.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['crd']);
      assert.ok(told.includes(name), version);
    }
  });

  test('writes over those of an older version, of ours, and of none', async () => {
    for (const version of ['0.0.9', `${packageJson.version}-rc.1`, packageJson.version, '', 'latest']) {
      const bench = installed(version);
      await bench.through(upgradeCustomResources(bench.deps));
      assert.equal(versionOf(bench), packageJson.version, version);
      assert.ok((bench.api.read(customResourceDefinitions, { name })?.spec.versions.length ?? 0) > 0);
    }
  });

  test('brings CRDs of whatever version to ours, and returns when they are served', async () => {
    const bench = new Bench();
    const names = ['eips', 'bgpconfs', 'bgppeers'].map((plural) => `${plural}.network.kubesphere.io`);
    let over = false;
    const work = upgradeCustomResources(bench.deps).then(() => (over = true));
    for (const name of names) {
      for (let i = 0; i < 5; i += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        bench.clock.advance(500);
      }
      assert.equal(over, false);
      const crd = bench.api.read(customResourceDefinitions, { name });
      assert.ok(crd !== undefined);
      assert.deepEqual(
        crd.spec.versions.map((version) => version.name),
        ['v1alpha2', 'v1alpha1'],
      );
      const conditions = [{ type: 'Established', status: 'True' }];
      const status = { acceptedNames: { kind: '', plural: '' }, conditions, storedVersions: [] };
      bench.api.store(customResourceDefinitions, { ...crd, status });
    }
    await bench.through(work);
  });
});

test('waiting goes on through an API server that is away, and ends with the last error', async () => {
  const bench = new Bench();
  let looks = 0;
  const waiting = { what: 'an answer', everyMs: 500, timeoutMs: 2_000 };
  const away = (): Promise<boolean> => {
    looks += 1;
    return Promise.reject(new NetworkError('connection', 'away'));
  };
  await assert.rejects(bench.through(eventually(bench.deps, waiting, away)), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /waited for an answer, in vain, for 2 s/);
    assert.match(String(error.cause), /away/);
    return true;
  });
  assert.ok(looks >= 4);
  const second = (): Promise<boolean> => Promise.resolve((looks -= 1) < 3);
  await bench.through(eventually(bench.deps, waiting, second));
});
