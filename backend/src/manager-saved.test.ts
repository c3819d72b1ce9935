/** What a replica does that starts in a Pod where an earlier container has left what it knew. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { bgpConfs, bgpPeers, eips } from './cluster/custom-kinds.ts';
import { FakeKube } from './cluster/fake/fake-kube.ts';
import { pass, settle } from './cluster/fake/passage.ts';
import { Manager } from './manager.ts';
import { FakeClock } from './platform/fake/clock.ts';
import { FakeFaultZone } from './platform/fake/fault-zone.ts';
import { FakeLogger } from './platform/fake/logger.ts';
import { FakeUsage } from './platform/fake/usage.ts';
import { FakeStateFile } from './platform/fake/state-file.ts';

const STAND_IN = 'the API server does not say what there is, announcing what it said before this container started';

/** Steps of 20 ms: ten seconds. */
const soon = 500;

/** One Pod, with containers one after the other. */
class Pod {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly file = new FakeStateFile();

  constructor() {
    this.api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/28' } });
    this.api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 65_001 } });
    const conf = { peerAs: 65_000, neighborAddress: '127.0.0.2', port: 1 };
    this.api.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf } });
  }

  /** Starts a container; it ends with the test, however that goes, if the test doesn't end it. */
  async container(context: TestContext, stateOwner = 'pod-1'): Promise<Container> {
    const container = new Container(this, stateOwner);
    context.after(async () => container.end());
    await container.manager.start();
    return container;
  }
}

class Container {
  readonly #pod: Pod;
  readonly #logger = new FakeLogger();
  readonly manager: Manager;
  #leaving: Promise<void> | undefined;

  constructor(pod: Pod, stateOwner: string) {
    this.#pod = pod;
    this.manager = new Manager(
      {
        api: pod.api,
        clock: pod.clock,
        random: { next: () => 0.5 },
        links: { connectedPrefixes: () => [] },
        logger: this.#logger,
        usage: new FakeUsage(),
        apiFaults: new FakeFaultZone(),
        boundSockets: () => undefined,
        stateFile: pod.file,
        onEngineDeath: (error) => assert.fail(error),
      },
      {
        ...{ kubeconfig: undefined, context: undefined, logLevel: 'error', replica: 'porter-0', node: 'n1' },
        ...{ namespace: 'porterlb-system', name: 'porter-manager', address: '127.0.0.1', httpPort: 0, probePort: 0 },
        ...{
          layer2: false,
          layer2SteadyMs: 0,
          drainGraceMs: 0,
          drainOnCordon: false,
          stateDir: '/run/porterlb',
          stateOwner,
          api: undefined,
        },
      },
    );
  }

  async end(): Promise<void> {
    const { api, clock } = this.#pod;
    api.comeBack();
    api.thaw();
    this.#leaving ??= this.manager.stop();
    await pass(clock, 20_000, 500);
    await this.#leaving;
  }

  said(message: string): boolean {
    return this.#logger.entries.some((entry) => entry.message === message);
  }

  /** Body of /readyz. */
  async readiness(): Promise<string> {
    const start = this.#logger.entries.find(({ message }) => message === 'porter-manager starts');
    const response = await fetch(`http://127.0.0.1:${String(start?.fields['httpPort'])}/readyz`);
    return response.text();
  }

  /** Time passes; the engine's thread and the file take time of their own. The limit is there to end a failing test. */
  async until(met: () => boolean, steps = 6_000): Promise<void> {
    for (let left = steps; !met() && left > 0; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      this.#pod.clock.advance(20);
    }
    assert.ok(met());
  }
}

/** A Pod whose first container has served the cluster, and died. */
async function podWithState(context: TestContext): Promise<Pod> {
  const pod = new Pod();
  const first = await pod.container(context);
  await first.until(() => pod.file.writes > 0);
  assert.equal(first.said(STAND_IN), false);
  await first.end();
  return pod;
}

suite('a replica that starts where an earlier container has left its state', () => {
  test('works with it at once if nobody listens where the API server should, and says so', async (context) => {
    const pod = await podWithState(context);
    pod.api.goDown();
    const second = await pod.container(context);
    for (let left = 50; left > 0; left -= 1) await settle();
    assert.ok(second.said(STAND_IN));
    const readiness = await second.readiness();
    assert.match(readiness, /announcing what was known at 2026-01-01T/);
    assert.match(readiness, /waiting for the first list of services/);
    pod.api.comeBack();
    await second.until(() => second.said('all kinds are listed, announcing'));
    assert.equal(await second.readiness(), 'ok\n');
  });

  test('takes no notice of it if the API server answers', async (context) => {
    const pod = await podWithState(context);
    const second = await pod.container(context);
    await pass(pod.clock, 5_000);
    assert.deepEqual([await second.readiness(), second.said(STAND_IN)], ['ok\n', false]);
  });

  test('waits for an API server that hangs, but not long', async (context) => {
    const pod = await podWithState(context);
    pod.api.freeze();
    const second = await pod.container(context);
    await pass(pod.clock, 2_900);
    assert.equal(second.said(STAND_IN), false);
    await second.until(() => second.said(STAND_IN), soon);
  });

  test('works with it if the API server answers but keeps a list back', async (context) => {
    const pod = await podWithState(context);
    const mend = pod.api.faults.inject({ verb: 'list', plural: 'nodes', error: 'hang' });
    const second = await pod.container(context);
    await pass(pod.clock, 2_900);
    assert.equal(second.said(STAND_IN), false);
    await second.until(() => second.said(STAND_IN), soon);
    mend();
  });

  test('does without the state of another Pod', async (context) => {
    const pod = await podWithState(context);
    pod.api.freeze();
    const second = await pod.container(context, 'pod-2');
    await second.until(() => second.said('the saved state is of no use'));
    await pass(pod.clock, 5_000);
    assert.equal(second.said(STAND_IN), false);
  });
});
