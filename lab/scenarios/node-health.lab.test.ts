import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../bench/figures.ts';
import { eip, on, ours, service, slice } from '../local/objects.ts';
import { httpPort } from '../local/replicas.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { Metrics } from './manager/metrics.ts';
import { broken, drained, NodeVerdicts, working } from './manager/node-verdicts.ts';
import { inPool } from './manager/pools.ts';
import { keepsRoutes } from './manager/routes-during.ts';

const all = ['n1', 'n2', 'n3'];
const others = ['n1', 'n2'];

suite('nodes are probed, and a dead one takes no traffic', () => {
  let lab: ManagerLab;
  let nodes: NodeVerdicts;
  let ip: string;

  before(async () => {
    lab = await ManagerLab.up();
    nodes = new NodeVerdicts(lab);
    for (const node of all) await nodes.serve(node);
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
  });
  after(() => lab.down());
  beforeEach(async () => {
    await nodes.are('alive', all);
    await lab.routed(ip);
  });

  /** Runs `action`, waits for these next hops, and says how long after its end they were there. */
  async function leads(t: TestContext, wanted: readonly string[], action: () => Promise<void>): Promise<void> {
    await action();
    const start = performance.now();
    await lab.routed(ip, wanted);
    t.diagnostic(`next hops ${wanted.join(', ')} after ${((performance.now() - start) / 1_000).toFixed(2)} s`);
  }

  /** What Prometheus hears of a node from the replica on n1. */
  async function verdict(node: string): Promise<string> {
    return (await Metrics.of(lab, 'n1')).series(`porterlb_node_verdict{node="${node}"`).join('\n');
  }

  async function stays(action: () => Promise<void>): Promise<void> {
    await keepsRoutes(lab, [[ip], all], action);
  }

  /** The health port is closed by a firewall on the replica's machine, in both families. */
  async function blocked(action: () => Promise<void>): Promise<void> {
    const rule = ['OUTPUT', '-p', 'tcp', '--dport', '10256', '-j', 'DROP'];
    for (const program of ['iptables', 'ip6tables']) await lab.lab.node('n1').exec(program, '-A', ...rule);
    try {
      await action();
    } finally {
      for (const program of ['iptables', 'ip6tables']) await lab.lab.node('n1').exec(program, '-D', ...rule);
    }
  }

  test('its cable is pulled: it leaves the route, though Kubernetes has not noticed, and comes back', async (t) => {
    await leads(t, others, () => lab.lab.node('n3').disconnect());
    assert.match(await verdict('n3'), /verdict="dead",evidence="(host-)?silent"\} 1$/);
    await leads(t, all, () => lab.lab.node('n3').reconnect());
    assert.match(await verdict('n3'), /verdict="alive",evidence="well"\} 1$/);
    assert.match((await nodes.history()).join('\n'), /^n3 dead: no answer/m);
  });

  test('two at once: both leave', async (t) => {
    await leads(t, ['n1'], async () => {
      await Promise.all([lab.lab.node('n2').disconnect(), lab.lab.node('n3').disconnect()]);
    });
    await leads(t, all, async () => {
      await Promise.all([lab.lab.node('n2').reconnect(), lab.lab.node('n3').reconnect()]);
    });
  });

  test('an answer to probes outranks the Ready condition', async () => {
    await stays(async () => {
      await lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'Unknown' }] });
      await sleep(3_000);
      await lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'True' }] });
    });
  });

  test('kube-proxy restarts, on one machine after another: nothing', async () => {
    await stays(async () => {
      for (const node of all) {
        await nodes.end(node);
        await sleep(4_000);
        await nodes.serve(node);
      }
    });
  });

  test('kube-proxy is gone for longer: its node leaves, and comes back with it', async (t) => {
    await leads(t, ['n1', 'n3'], () => nodes.end('n2'));
    await leads(t, all, () => nodes.serve('n2'));
  });

  test('kube-proxy says 503: the same', async (t) => {
    await leads(t, ['n1', 'n3'], () => nodes.serve('n2', broken));
    await leads(t, all, () => nodes.serve('n2', working));
  });

  test('the node is drained, and only the old health path says so: it stays', async () => {
    await stays(async () => {
      await nodes.serve('n3', drained);
      await sleep(17_000);
    });
    await nodes.serve('n3');
  });

  test('a firewall hides all health ports from the replica: nothing', async () => {
    await stays(() => blocked(() => sleep(17_000)));
  });

  test('and a node that dies meanwhile leaves', async (t) => {
    await blocked(async () => {
      await sleep(5_000);
      await leads(t, others, () => lab.lab.node('n3').disconnect());
      await lab.lab.node('n3').reconnect();
    });
    await lab.routed(ip, all, 90_000);
  });

  test('the replica’s own cable is pulled for 8 s: nothing', async () => {
    await stays(async () => {
      await lab.lab.node('n1').disconnect();
      await sleep(8_000);
      await lab.lab.node('n1').reconnect();
      await sleep(5_000);
    });
  });

  test('the replica is suspended for 8 s: nothing', async () => {
    const listening = await lab.lab.node('n1').exec('ss', '-Hltnp', `sport = :${httpPort}`);
    const pid = Number(/pid=(\d+)/.exec(listening)?.[1]);
    assert.ok(pid > 1, listening);
    await stays(async () => {
      process.kill(pid, 'SIGSTOP');
      await sleep(8_000);
      process.kill(pid, 'SIGCONT');
      await sleep(5_000);
    });
  });

  test('a burst of 1,000 Services: nothing', async () => {
    await lab.lab.apply(eip('burst', { address: '172.31.0.0/21' }));
    const before = (await nodes.history()).length;
    await stays(async () => {
      const annotations = inPool('burst');
      await inParallel(1_000, 8, async (i) => {
        await lab.lab.api.create(slice(`burst-${i}`, on(all)));
        await lab.lab.api.create(service(`burst-${i}`, { annotations, spec: ours }));
      });
      await lab.routed(await lab.address('burst-999'));
    });
    assert.deepEqual((await nodes.history()).slice(before), []);
  });

  test('a health port that never answered says nothing: Kubernetes has the word', async () => {
    await nodes.end('n3');
    await lab.restart('n1');
    await nodes.are('alive', others);
    await stays(() => sleep(17_000));
    await lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'Unknown' }] });
    await lab.routed(ip, others);
  });
});
