import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { ours } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { ApiProxy, type ApiTrouble } from '../chaos/api-trouble.ts';
import { ManagerLab, pathOf } from './manager/manager-lab.ts';
import { heardPaths, medsByReplica } from './manager/paths.ts';
import { RouteHistory } from './manager/route-history.ts';

/** Another candidate respects a silent leader's lease for 15 s after it saw the last change; the rest is for a slow machine. */
const leaseTimeMs = 60_000;

suite('replicas come and go, and the router notices nothing', () => {
  let lab: ManagerLab;
  let router: Router;
  let ip: string;
  let first: string;
  let second: string;

  before(async () => {
    lab = await ManagerLab.up({ members: ['n1'] });
    router = lab.lab.router('r1');
    first = lab.lab.node('n1').addresses.ipv4;
    second = lab.lab.node('n2').addresses.ipv4;
    await lab.leads('n1');
    await lab.replicas.setMembers('n1', 'n2');
    await lab.replicas.start('n2');
    await lab.sessions('n1', 'n2');
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    await lab.routed(ip);
  });
  after(() => lab.down());

  async function meds(wanted: Readonly<Record<string, number>>, timeoutMs = 60_000): Promise<void> {
    const expected = Object.fromEntries(Object.entries(wanted).map(([from, med]) => [from, [med]]));
    const now = async (): Promise<string> => JSON.stringify(medsByReplica(await heardPaths(router, ip)));
    await until(async () => (await now()) === JSON.stringify(expected), {
      what: `the MEDs ${JSON.stringify(expected)} at the router`,
      timeoutMs,
      explain: now,
    });
  }

  /**
   * Waits until the router uses one path per node, all heard from this replica. It hears the paths one after the other, and
   * looks for the best of them a moment later.
   */
  async function usesPathsOf(replica: string): Promise<void> {
    const wanted = lab.nodeNames.map((node) => `${lab.lab.node(node).addresses.ipv4} from ${replica}`);
    const used = async (): Promise<boolean> => {
      const paths = (await heardPaths(router, ip)).filter(({ inUse }) => inUse);
      const now = paths.map(({ from, nextHop }) => `${nextHop} from ${from}`).sort();
      return now.join() === wanted.join();
    };
    await until(used, { what: `the paths of ${replica} to be used`, explain: readable });
  }

  /** Follows the kernel's route while `action` runs; it must be complete in every state that the kernel ever had. */
  async function neverLess(action: () => Promise<void>): Promise<void> {
    const all = lab.nodeNames.map((node) => lab.lab.node(node).addresses.ipv4).join();
    await lab.routed(ip);
    const history = await RouteHistory.start(router, ip);
    let states: string[];
    try {
      await action();
    } finally {
      states = await history.stop();
    }
    for (const state of states) assert.equal(state, all);
    await lab.routed(ip);
  }

  test('two replicas: MED 100 and 200, and only the paths of the first are used', async () => {
    await meds({ [first]: 100, [second]: 200 });
    const heard = async (): Promise<boolean> => (await heardPaths(router, ip)).length === 2 * lab.nodeNames.length;
    await until(heard, { what: 'a path from each replica to each node', explain: readable });
    await usesPathsOf(first);
  });

  test('the first one is killed: the route stays, the second takes over, and leads within the lease time', async () => {
    await lab.leads('n1');
    await neverLess(async () => {
      await lab.replicas.stop('n1', 'SIGKILL');
      await usesPathsOf(second);
    });
    await meds({ [first]: 100, [second]: 49 });
    // What the router still keeps of the dead one doesn't hold it back.
    await lab.lab.api.delete('/api/v1/nodes/n3');
    await lab.routed(ip, ['n1', 'n2']);
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    await lab.routed(ip);
    await lab.create('meanwhile', { spec: ours });
    const due = { what: `${podOn('n2')} to lead`, timeoutMs: leaseTimeMs };
    await until(async () => (await lab.replicas.leader()) === podOn('n2'), due);
    await lab.routed(await lab.address('meanwhile'));
  });

  test('the killed one comes back: it is the first again, and the route stays', async () => {
    await neverLess(async () => {
      await lab.replicas.start('n1');
      await lab.sessions('n1', 'n2');
      await meds({ [first]: 100, [second]: 200 });
    });
    await usesPathsOf(first);
  });

  test('the leader leaves in order: the route stays and the other leads at once', async () => {
    await lab.leads('n2');
    await neverLess(async () => {
      await lab.replicas.stop('n2');
      await lab.replicas.setMembers('n1');
    });
    await lab.create('handed-over', { spec: ours });
    await lab.routed(await lab.address('handed-over'));
    await meds({ [first]: 100 });
    await neverLess(async () => {
      await lab.replicas.setMembers('n1', 'n2');
      await lab.replicas.start('n2');
      await meds({ [first]: 100, [second]: 200 });
    });
  });

  test('the first one leaves in order: no moment without the full route', async () => {
    await neverLess(async () => {
      await lab.replicas.stop('n1');
      await lab.replicas.setMembers('n2');
      await meds({ [second]: 100 });
    });
    await usesPathsOf(second);
  });

  test('the only one leaves: routes stay, its successor renews them, and what is gone meanwhile goes', async () => {
    // One path: FRR before 9.1 takes only one stale path of an address away (its issue 17372).
    await lab.create('obsolete', { spec: { ...ours, externalTrafficPolicy: 'Local' } }, ['n3']);
    const obsolete = await lab.address('obsolete');
    await lab.routed(obsolete, ['n3']);
    await neverLess(async () => {
      await lab.replicas.stop('n2');
      const retained = async (): Promise<boolean> => (await heardPaths(router, ip)).every(({ stale }) => stale);
      await until(retained, { what: 'the router to retain the routes of the replica that left', explain: readable });
      await lab.lab.api.delete('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/obsolete-1');
      await lab.routed(obsolete, ['n3']);
      await lab.replicas.start('n2');
      await lab.sessions('n2');
      await lab.routed(obsolete, []);
      await meds({ [second]: 100 });
    });
    const renewed = async (): Promise<boolean> => (await heardPaths(router, ip)).every(({ stale }) => !stale);
    await until(renewed, { what: 'every path to be renewed', explain: readable });
  });

  test('a node that goes while the only replica restarts is no next hop afterwards', async () => {
    await lab.replicas.stop('n2');
    await lab.lab.api.delete('/api/v1/nodes/n3');
    await lab.replicas.start('n2');
    await lab.routed(ip, ['n1', 'n2']);
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    await lab.routed(ip);
  });

  test('all leave at once and come back: the route stays', async () => {
    await lab.replicas.setMembers('n1', 'n2');
    await lab.replicas.start('n1');
    await meds({ [first]: 100, [second]: 200 });
    await neverLess(async () => {
      await Promise.all(['n1', 'n2'].map((node) => lab.replicas.stop(node)));
      await lab.replicas.start('n1', 'n2');
      await lab.sessions('n1', 'n2');
      await meds({ [first]: 100, [second]: 200 });
    });
  });

  test('a Service that was deleted while no replica ran goes when one is back', async () => {
    await lab.create('orphan', { spec: ours });
    await lab.routed(await lab.address('orphan'));
    await Promise.all(['n1', 'n2'].map((node) => lab.replicas.stop(node)));
    await lab.deleteService('orphan');
    assert.notEqual((await lab.service('orphan')).metadata.deletionTimestamp, undefined);
    await lab.replicas.start('n1', 'n2');
    const gone = async (): Promise<boolean> => (await lab.lab.api.find(pathOf('orphan'))) === undefined;
    await until(gone, { what: 'the Service to be gone' });
    await meds({ [first]: 100, [second]: 200 });
  });

  test('the API server is away for 10 s: every route stays, and soon after it is back a new Service is served', async () => {
    await meds({ [first]: 100, [second]: 200 });
    await neverLess(async () => {
      await lab.lab.stopApiServer();
      await sleep(10_000);
      // Both views are stale now, and the order among them holds.
      await meds({ [first]: 400, [second]: 500 });
      await lab.lab.startApiServer();
      await lab.create('afterwards', { spec: ours });
      await lab.routed(await lab.address('afterwards'));
      await meds({ [first]: 100, [second]: 200 });
    });
  });

  test('the API server falls silent, one leaves and then the other, and both come back: the route stays', async () => {
    const nodes = ['n1', 'n2'];
    await neverLess(async () => {
      for (const node of nodes) await lab.replicas.hideApiServer(node);
      await lab.replicas.stop('n1');
      const others = async (): Promise<boolean> =>
        Object.keys(medsByReplica(await heardPaths(router, ip))).join() === second;
      await until(others, { what: 'the router to hear of the second one only', explain: readable });
      await lab.replicas.stop('n2');
      for (const node of nodes) await lab.replicas.showApiServer(node);
      await lab.replicas.start(...nodes);
      await lab.sessions(...nodes);
      await meds({ [first]: 100, [second]: 200 });
    });
  });

  suite('with an API server that gives them trouble', { concurrency: 1 }, () => {
    const workload = ['deployment/porter-manager', '--namespace', 'porterlb-system'];
    let proxy: ApiProxy;

    before(async () => {
      // Connections that are open stay as they are: both begin anew.
      await Promise.all(['n1', 'n2'].map((node) => lab.replicas.stop(node)));
      proxy = await ApiProxy.start(lab.lab);
      await lab.replicas.start('n1', 'n2');
      await meds({ [first]: 100, [second]: 200 });
      await lab.lab.apply(deployment());
    });

    async function troubled(trouble: ApiTrouble, action: () => Promise<void>): Promise<void> {
      for (const node of ['n1', 'n2']) await proxy.begin(node, trouble);
      await neverLess(action);
      for (const node of ['n1', 'n2']) await proxy.end(node);
    }

    async function isServed(name: string): Promise<void> {
      await lab.create(name, { spec: ours });
      await lab.routed(await lab.address(name), lab.nodeNames, 60_000);
    }

    test('watches are told that their version is forgotten (410): every route stays, and a new Service is served', async () => {
      const told = async (): Promise<boolean> => {
        const logs = await Promise.all(['n1', 'n2'].map((node) => lab.replicas.log(node)));
        return logs.every((log) => log.includes('"status":410'));
      };
      await troubled('expired', async () => {
        await lab.create('forgotten', { spec: ours });
        await until(told, { what: 'both replicas to be told 410' });
      });
      await lab.routed(await lab.address('forgotten'), lab.nodeNames, 60_000);
      await meds({ [first]: 100, [second]: 200 }, 60_000);
    });

    test('somebody else writes just before them, each time: every route stays, and a new Service is served', async () => {
      await troubled('raced', () => isServed('raced'));
    });

    test('each answer takes two seconds: the first one is replaced without a moment without the full route, and a new Service is served', async () => {
      await troubled('slow', async () => {
        await lab.replicas.stop('n1');
        await meds({ [second]: 100 });
        await isServed('slow');
        await lab.replicas.start('n1');
        await meds({ [first]: 100, [second]: 200 }, 60_000);
      });
    });

    test('each answer takes two seconds, and they are uninstalled: the routes are withdrawn', async () => {
      for (const node of ['n1', 'n2']) await proxy.begin(node, 'slow');
      await lab.lab.kubectl(['delete', ...workload, '--cascade=foreground', '--wait=false']);
      await Promise.all(['n1', 'n2'].map((node) => lab.replicas.stop(node)));
      const gone = async (): Promise<boolean> => (await heardPaths(router, ip)).length === 0;
      await until(gone, { what: 'the router to have heard of the address from nobody', explain: readable });
      await lab.routed(ip, []);
    });
  });

  async function readable(): Promise<string> {
    return JSON.stringify(await heardPaths(router, ip), undefined, 1);
  }
});

/** What the replicas would be Pods of. */
function deployment(): KubeObject {
  const labels = { app: 'porter-manager' };
  const containers = [{ name: 'manager', image: 'porterlb' }];
  const template = { metadata: { labels }, spec: { containers } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'porter-manager', namespace: 'porterlb-system' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  };
}
