import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LightLab } from '../../../lab/index.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { systemClock, systemRandom } from '../platform/linux/clock.ts';
import { describeKube } from './compliance.ts';
import { NetworkError } from './errors.ts';
import { HttpKube } from './http/http-kube.ts';
import { readKubeconfig } from './http/kubeconfig.ts';
import { events, leases, services } from './kinds.ts';
import type { Service } from './kinds.ts';
import { Freshness } from './watch/freshness.ts';
import { Informer } from './watch/informer.ts';
import type { InformerOptions } from './watch/informer.ts';
import { EventRecorder } from './write/events.ts';
import { LeaderElector } from './write/lease.ts';

const deadlineMs = 60_000;
const deps = { clock: systemClock, random: systemRandom, logger: new FakeLogger() };
let lab: LightLab;
let api: HttpKube;

before(async () => {
  lab = await LightLab.up();
  api = new HttpKube(deps, { config: await readKubeconfig(lab.kubeconfig, systemClock) });
});
after(async () => {
  await api.close();
  await lab.down();
});

describeKube('HttpKube with a real API server', () => Promise.resolve({ api, compact: restartApiServer }));

/** A new API server has an empty watch cache: what happened before it started is forgotten. */
async function restartApiServer(): Promise<void> {
  await lab.stopApiServer();
  await lab.startApiServer();
  await until(async () => await answers());
}

async function answers(): Promise<boolean> {
  try {
    await api.ping({ timeoutMs: 1_000 });
    return true;
  } catch {
    return false;
  }
}

async function until(met: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await met())) {
    assert.ok(performance.now() < end, 'did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function service(name: string): Service {
  return { metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }] } };
}

function informerOf(options: Partial<InformerOptions<Service>> = {}): { informer: Informer<Service>; told: string[] } {
  const told: string[] = [];
  const informer = new Informer<Service>(
    { api, ...deps },
    { kind: services, namespace: 'default', onChange: ({ type, key }) => told.push(`${type} ${key}`), ...options },
  );
  return { informer, told };
}

describe('watching a real API server', () => {
  it('loses nothing and deletes nothing while the API server is restarted', async () => {
    await api.create(services, service('stays'));
    await api.create(services, service('goes'));
    const { informer, told } = informerOf();
    informer.start();
    await until(() => informer.state.name === 'synced');
    const size = informer.size;
    told.length = 0;

    await lab.stopApiServer();
    await until(() => informer.state.name === 'stale');
    assert.equal(informer.size, size);
    assert.deepEqual(told, []);
    await lab.startApiServer();
    await until(async () => await answers());
    await api.delete(services, { namespace: 'default', name: 'goes' });
    await api.create(services, service('comes'));
    await until(() => informer.state.name === 'synced' && told.length === 2);
    assert.deepEqual(told.toSorted(), ['delete default/goes', 'set default/comes']);
    informer.stop();
  });

  it('is absent for a kind that does not exist, and other kinds go on', async () => {
    const { informer } = informerOf({ kind: { ...services, group: 'nobody.example', version: 'v1' } });
    informer.start();
    await until(() => informer.state.name === 'absent');
    assert.equal(informer.hasSynced, false);
    informer.stop();
  });

  it('notices within seconds that the API server is gone', async () => {
    const told: string[] = [];
    const options = { staleAfterMs: 1_000, intervalMs: 200 };
    const handlers = { onFresh: () => told.push('fresh'), onStale: () => told.push('stale') };
    const freshness = new Freshness({ api, ...deps, sources: [] }, { ...options, ...handlers });
    freshness.start();
    await lab.stopApiServer();
    await until(() => told.at(-1) === 'stale');
    await lab.startApiServer();
    await until(() => told.at(-1) === 'fresh');
    freshness.stop();
    // On a busy machine an answer may take longer than a second: it is stale then too, and each change is told once.
    assert.ok(
      told.every((state, i) => state === (i % 2 === 0 ? 'stale' : 'fresh')),
      told.join(),
    );
  });
});

describe('writing to a real API server', () => {
  it('elects one of two, who hands over when it leaves', async () => {
    const told: string[] = [];
    const lease = { namespace: 'default', name: 'porter-manager' };
    const candidate = (identity: string): LeaderElector => {
      const handlers = {
        onStartedLeading: () => told.push(`${identity} leads`),
        onStoppedLeading: () => told.push(`${identity} stops`),
      };
      return new LeaderElector({ api, ...deps }, { lease, identity, ...handlers });
    };
    const [a, b] = [candidate('a'), candidate('b')];
    a.start();
    await until(() => a.leading);
    const renewed = async (): Promise<string | undefined> => (await api.get(leases, lease)).spec?.renewTime;
    const first = await renewed();
    await until(async () => (await renewed()) !== first);
    b.start();
    await until(() => b.holder === 'a');
    await a.stop();
    b.poke();
    await until(() => b.leading);
    await b.stop();
    assert.deepEqual(told, ['a leads', 'a stops', 'b leads', 'b stops']);
  });

  it('has its Events accepted, and counted in a series', async () => {
    const reporter = {
      reportingController: 'porterlb.kubesphere.io/porter-manager',
      reportingInstance: 'porter-manager-0',
    };
    const recorder = new EventRecorder({ api, ...deps }, reporter);
    const about = await api.create(services, service('with-events'));
    const occurrence = { type: 'Normal', reason: 'Allocated', action: 'Allocate', note: '192.0.2.1' } as const;
    const written = async () =>
      (await api.list(events, { namespace: 'default' })).items.filter(
        ({ regarding }) => regarding?.uid === about.metadata?.uid,
      );
    recorder.record(services, about, occurrence);
    await until(async () => (await written()).length === 1);
    recorder.record(services, about, occurrence);
    await until(async () => (await written())[0]?.series?.count === 2);
    assert.equal((await written()).length, 1);
    recorder.stop();
  });

  it('trusts only the certificate authority that it was given', async () => {
    const config = await readKubeconfig(lab.kubeconfig, systemClock);
    const { ca: _ca, ...tls } = config.tls;
    const stranger = new HttpKube(deps, { config: { ...config, tls } });
    await assert.rejects(stranger.ping(), (error) => error instanceof NetworkError && error.kind === 'connection');
    await stranger.close();
  });
});
