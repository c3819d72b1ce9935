/** The API server is down, and replicas restart meanwhile, as containers of their Pods: users notice nothing, changes wait. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ours } from '../local/objects.ts';
import { httpPort } from '../local/replicas.ts';
import { patience } from '../network/client.ts';
import { resting } from '../state/resting.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { LinkLab, told } from './layer2/link-lab.ts';
import { ManagerLab, pathOf } from './manager/manager-lab.ts';
import { heardPaths, medsByReplica } from './manager/paths.ts';
import { NodeVerdicts } from './manager/node-verdicts.ts';
import { keepsRoutes } from './manager/routes-during.ts';
import { saved, startsFromSaved } from './manager/saved-state.ts';

const members = ['n1', 'n2'];
/**
 * Longer than anything that could run out meanwhile: the leader's lease (15 s), the silence after which a watch is opened anew (75 s),
 * the hold time (90 s), the restart time (120 s).
 */
const outageMs = 130_000;

// Both wait most of the time: in two labs at once.
suite('while the API server is down', { concurrency: 2 }, () => {
  suite('replicas that restart', { concurrency: 1 }, () => {
    let lab: ManagerLab;
    let ip: string;
    let dual: string[];
    /** From before the API server is stopped until it is back, and all is well. */
    let traffic: PacedTraffic;
    let stoppedAt: number;

    before(async () => {
      lab = await ManagerLab.up({ members, clients: 1 });
      // A replica that restarts ranks after one that has met all nodes until it has, too.
      const health = new NodeVerdicts(lab);
      for (const node of lab.nodeNames) await health.serve(node);
      await lab.create('web', { spec: ours });
      await lab.create('dual', { spec: { ...ours, ipFamilyPolicy: 'RequireDualStack' } });
      ip = await lab.address('web');
      dual = await lab.addresses('dual');
      for (const each of [ip, ...dual]) await lab.routed(each);
      await meds(100, 200);
      await saved(lab, members, ['web', 'dual']);
      for (const node of lab.lab.nodes) await node.serve(ip);
    });
    after(() => lab.down());

    /** Waits until the router has heard paths of n1 and n2 with these MEDs, and all of them from a session that is up. */
    async function meds(first: number, second: number): Promise<void> {
      const [a = '', b = ''] = members.map((node) => lab.lab.node(node).addresses.ipv4);
      const wanted = JSON.stringify({ [a]: [first], [b]: [second] });
      const heard = async (): Promise<boolean> => {
        const paths = await heardPaths(lab.lab.router('r1'), ip);
        return JSON.stringify(medsByReplica(paths)) === wanted && paths.every(({ stale }) => !stale);
      };
      const explain = async (): Promise<string> =>
        JSON.stringify(await heardPaths(lab.lab.router('r1'), ip), undefined, 1);
      await until(heard, { what: `the MEDs ${wanted} at the router`, explain });
    }

    async function restart(...nodes: string[]): Promise<void> {
      await Promise.all(nodes.map((node) => lab.replicas.stop(node, 'SIGKILL')));
      await lab.replicas.start(...nodes);
      await lab.sessions(...members);
    }

    /** What the schema takes and nobody can do: an address of the other family. */
    async function edit(transport: object | null): Promise<void> {
      await lab.lab.api.patch('/apis/network.kubesphere.io/v1alpha2/bgppeers/r1', { spec: { transport } });
    }

    /** The kernel's route to `ip` has all next hops before, after and in every state between. */
    async function neverLess(action: () => Promise<void>): Promise<void> {
      await keepsRoutes(lab, [[ip], lab.nodeNames], action);
      for (const each of dual) await lab.routed(each);
    }

    test('one after the other: every route stays, and each replica is back among those with an old view', async () => {
      traffic = new PacedTraffic(lab.lab.client('c1'), ip, { everyMs: 10, timeoutMs: patience.long });
      await until(async () => traffic.outcomes.filter(isAnswered).length >= 10, { what: 'the traffic to flow' });
      await neverLess(async () => {
        await edit({ localAddress: lab.lab.node('n1').addresses.ipv6 });
        await lab.lab.stopApiServer();
        stoppedAt = performance.now();
        for (const node of members) {
          await restart(node);
          await meds(400, 500);
        }
      });
      for (const node of members) assert.equal(await startsFromSaved(lab, node), 1);
    });

    test('both at once: every route stays', async () => {
      await neverLess(async () => {
        await restart(...members);
        await meds(400, 500);
      });
    });

    test('meanwhile they are alive, and say why they are not ready', async () => {
      const ask = async (path: string): Promise<string> =>
        lab.lab
          .node('n1')
          .exec('curl', '-sS', '-w', '%{http_code}', `http://${lab.lab.node('n1').addresses.ipv4}:${httpPort}${path}`);
      assert.match(await ask('/healthz'), /200$/);
      const answer = await ask('/readyz');
      assert.match(answer, /announcing what was known at 20[0-9T:.-]+Z/);
      assert.match(answer, /waiting for the first list of services/);
      assert.match(answer, /503$/);
    });

    test('more than two minutes later: every route stays, also when one restarts once more', async () => {
      await neverLess(async () => {
        await resting(() => sleep(Math.max(0, stoppedAt + outageMs - performance.now())));
        await meds(400, 500);
        await restart('n1');
        await meds(400, 500);
      });
    });

    test('the API server is back: nothing moves, though an edit of the peer can’t be used; the view is fresh, a new Service is served; no request of all that time is lost', async (t) => {
      await neverLess(async () => {
        await lab.lab.startApiServer();
        t.diagnostic(`away for ${seconds(performance.now() - stoppedAt)} s`);
        await meds(100, 200);
        await edit(null);
      });
      await lab.create('afterwards', { spec: ours });
      await lab.routed(await lab.address('afterwards'));
      const outcomes = await traffic.stop();
      assert.deepEqual(
        outcomes.filter((outcome) => !isAnswered(outcome)),
        [],
      );
      t.diagnostic(`${outcomes.length} requests, none lost`);
    });

    /**
     * Has a machine's connections with the API server come to nothing, as those through a load balancer that has forgotten them: no end,
     * no answer. New ones work. Returns how to end it.
     */
    async function forgetConnections(name: string): Promise<() => Promise<void>> {
      const node = lab.lab.node(name);
      const lines = await node.exec('ss', '-Htn', 'state', 'established', 'dport', '=', ':6443');
      const ports = [...lines.matchAll(/:(\d+)\s+\S+:6443\b/g)].map(([, port = '']) => port);
      assert.ok(ports.length > 0, lines);
      const rules = ports.flatMap((port) => [
        ['OUTPUT', '-p', 'tcp', '--sport', port, '--dport', '6443', '-j', 'DROP'],
        ['INPUT', '-p', 'tcp', '--sport', '6443', '--dport', port, '-j', 'DROP'],
      ]);
      for (const rule of rules) await node.exec('iptables', '-A', ...rule);
      return async () => {
        for (const rule of rules) await node.exec('iptables', '-D', ...rule);
      };
    }

    test('the watches of the first one hang without a word, while the API server answers it: it hears what happens all the same', async (t) => {
      const mend = await forgetConnections('n1');
      const start = performance.now();
      try {
        await withoutN3(async () => {
          // Until it notices, n3 is in the route, as what it says ranks first.
          await lab.routed(ip, members, 60_000);
          t.diagnostic(
            `a node that was deleted meanwhile is out of the route after ${seconds(performance.now() - start)} s`,
          );
        });
        await lab.routed(ip, lab.nodeNames, 60_000);
      } finally {
        await mend();
      }
    });

    /** Runs `action` after n3 was deleted, which only the API server knows; then it registers anew. */
    async function withoutN3(action: () => Promise<void>): Promise<void> {
      await lab.lab.api.delete('/api/v1/nodes/n3');
      await action();
      const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
      await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    }

    test('one that restarts cut off from the API server: its routes lose against those of the other, which go with the time', async () => {
      await neverLess(async () => {
        await lab.replicas.hideApiServer('n1');
        await restart('n1');
        await meds(400, 100);
      });
      await withoutN3(async () => {
        // The one that is cut off still announces n3, and nobody listens to it.
        await lab.routed(ip, members);
        await lab.create('unheard', { spec: ours });
        await lab.routed(await lab.address('unheard'), members);
      });
      await neverLess(async () => {
        await lab.replicas.showApiServer('n1');
        await meds(100, 200);
      });
    });

    test('the world has moved on since: what is gone goes, what is new comes, and the rest does not notice', async () => {
      // An address that nobody else is given.
      await lab.create('obsolete', { spec: { ...ours, loadBalancerIP: '172.30.0.200' } });
      const obsolete = await lab.address('obsolete');
      await lab.routed(obsolete);
      await lab.announcedBecause('obsolete', 'Announced');
      await saved(lab, members, ['web', 'dual', 'obsolete']);
      await neverLess(async () => {
        await Promise.all(members.map((node) => lab.replicas.stop(node, 'SIGKILL')));
        // Nobody is there to see it, or to take the finalizer away.
        await lab.deleteService('obsolete');
        await lab.patchService('obsolete', { metadata: { finalizers: null } });
        await lab.gone('obsolete');
        await lab.create('meanwhile', { spec: ours });
        await lab.lab.stopApiServer();
        await lab.replicas.start(...members);
        await lab.sessions(...members);
        await meds(400, 500);
        await lab.routed(obsolete);
        await lab.lab.startApiServer();
        await lab.routed(await lab.address('meanwhile'));
        await meds(100, 200);
      });
      await lab.routed(obsolete, []);
      assert.equal(await lab.lab.api.find(pathOf('obsolete')), undefined);
    });
  });

  suite('an address on the LAN', { concurrency: 1 }, () => {
    const all = ['n1', 'n2', 'n3'];
    let lab: LinkLab;
    let ip: string;
    let owner: string;

    before(async () => {
      lab = await LinkLab.up(all);
      [ip = ''] = await lab.serve('web');
      owner = await lab.owner(ip);
      await saved(lab.manager, all, ['web']);
      await lab.manager.lab.stopApiServer();
    });
    after(() => lab.down());

    test('comes back to its owner that restarts while the API server is down', async () => {
      const move = await lab.during(ip, async () => {
        await lab.manager.replicas.stop(owner, 'SIGKILL');
        await lab.manager.replicas.start(owner);
        await lab.manager.sessions(...all);
        await lab.ownedBy(ip, owner);
      });
      told('the owner restarts without the API server', move);
      assert.equal(await startsFromSaved(lab.manager, owner), 1);
      lab.assertOneOwner(move.records, ip, { changes: 2 });
    });

    test('is answered for again when all replicas have restarted at once', async () => {
      await Promise.all(all.map((node) => lab.manager.replicas.stop(node, 'SIGKILL')));
      await lab.manager.replicas.start(...all);
      await lab.ownedBy(ip, owner);
    });
  });
});

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
