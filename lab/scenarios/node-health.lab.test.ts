import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../bench/figures.ts';
import { eip, on, ours, service, slice } from '../local/objects.ts';
import { httpPort } from '../local/replicas.ts';
import { until } from '../state/until.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { Metrics } from './manager/metrics.ts';
import { broken, drained, NodeVerdicts, working } from './manager/node-verdicts.ts';
import { inPool } from './manager/pools.ts';
import { keepsRoutes } from './manager/routes-during.ts';

const all = ['n1', 'n2', 'n3'];
const others = ['n1', 'n2'];

/** A lab whose machines all have a health port, a Service that is routed to all of them, and what its tests do and look at. */
class ProbedNodes {
  readonly lab: ManagerLab;
  readonly nodes: NodeVerdicts;
  readonly ip: string;

  private constructor(lab: ManagerLab, nodes: NodeVerdicts, ip: string) {
    this.lab = lab;
    this.nodes = nodes;
    this.ip = ip;
  }

  static async up(): Promise<ProbedNodes> {
    const lab = await ManagerLab.up();
    const nodes = new NodeVerdicts(lab);
    for (const node of all) await nodes.serve(node);
    await lab.create('web', { spec: ours });
    return new ProbedNodes(lab, nodes, await lab.address('web'));
  }

  /** Waits until all is as it was at first. */
  async settle(): Promise<void> {
    await this.nodes.are('alive', all);
    await this.lab.routed(this.ip);
  }

  /** Runs `action`, waits for these next hops, and says how long after its end they were there. */
  async leads(t: TestContext, wanted: readonly string[], action: () => Promise<void>): Promise<void> {
    await action();
    const start = performance.now();
    await this.lab.routed(this.ip, wanted);
    t.diagnostic(`next hops ${wanted.join(', ')} after ${((performance.now() - start) / 1_000).toFixed(2)} s`);
  }

  /** Runs `action`, and the route leads to all machines all the time. */
  async stays(action: () => Promise<void>): Promise<void> {
    await keepsRoutes(this.lab, [[this.ip], all], action);
  }

  /** Waits until Prometheus hears this of a node from the replica on n1; a probe that is missed on a busy machine is evidence for a moment, too. */
  async verdict(node: string, expected: RegExp): Promise<void> {
    const said = async (): Promise<string> =>
      (await Metrics.of(this.lab, 'n1')).series(`porterlb_node_verdict{node="${node}"`).join('\n');
    await until(async () => expected.test(await said()), { what: `${node} to have ${expected.source}`, explain: said });
  }

  /** Runs `action` while the health port is closed by a firewall on the replica's machine, in both families. */
  async blocked(action: () => Promise<void>): Promise<void> {
    const rule = ['OUTPUT', '-p', 'tcp', '--dport', '10256', '-j', 'DROP'];
    for (const program of ['iptables', 'ip6tables']) await this.lab.lab.node('n1').exec(program, '-A', ...rule);
    try {
      await action();
    } finally {
      for (const program of ['iptables', 'ip6tables']) await this.lab.lab.node('n1').exec(program, '-D', ...rule);
    }
  }
}

// Both wait most of the time: in two labs at once.
suite('nodes are probed', { concurrency: 2 }, () => {
  suite('and a dead one takes no traffic', { concurrency: 1 }, () => {
    let site: ProbedNodes;
    before(async () => {
      site = await ProbedNodes.up();
    });
    after(() => site.lab.down());
    beforeEach(() => site.settle());

    test('its cable is pulled: it leaves the route, though Kubernetes has not noticed, and comes back', async (t) => {
      await site.leads(t, others, () => site.lab.lab.node('n3').disconnect());
      await site.verdict('n3', /verdict="dead",evidence="(host-)?silent"\} 1$/);
      await site.leads(t, all, () => site.lab.lab.node('n3').reconnect());
      await site.verdict('n3', /verdict="alive",evidence="well"\} 1$/);
      assert.match((await site.nodes.history()).join('\n'), /^n3 dead: no answer/m);
    });

    test('two at once: both leave', async (t) => {
      await site.leads(t, ['n1'], async () => {
        await Promise.all([site.lab.lab.node('n2').disconnect(), site.lab.lab.node('n3').disconnect()]);
      });
      await site.leads(t, all, async () => {
        await Promise.all([site.lab.lab.node('n2').reconnect(), site.lab.lab.node('n3').reconnect()]);
      });
    });

    test('kube-proxy is gone for longer: its node leaves, and comes back with it', async (t) => {
      await site.leads(t, ['n1', 'n3'], () => site.nodes.end('n2'));
      await site.leads(t, all, () => site.nodes.serve('n2'));
    });

    test('kube-proxy says 503: the same', async (t) => {
      await site.leads(t, ['n1', 'n3'], () => site.nodes.serve('n2', broken));
      await site.leads(t, all, () => site.nodes.serve('n2', working));
    });

    test('a firewall hides all health ports, and a node dies meanwhile: it leaves', async (t) => {
      await site.blocked(async () => {
        await sleep(5_000);
        await site.leads(t, others, () => site.lab.lab.node('n3').disconnect());
        await site.lab.lab.node('n3').reconnect();
      });
      await site.lab.routed(site.ip, all, 90_000);
    });

    test('a health port that never answered says nothing: Kubernetes has the word', async () => {
      await site.nodes.end('n3');
      await site.lab.restart('n1');
      await site.nodes.are('alive', others);
      await site.stays(() => sleep(17_000));
      await site.lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'Unknown' }] });
      await site.lab.routed(site.ip, others);
    });
  });

  suite('and nothing else takes a node out', { concurrency: 1 }, () => {
    let site: ProbedNodes;
    before(async () => {
      site = await ProbedNodes.up();
    });
    after(() => site.lab.down());
    beforeEach(() => site.settle());

    test('two at once, whose firewalls drop all that is asked: while their kernels answer ARP, nothing', async () => {
      const node = site.lab.lab.node('n1');
      /** How soon the replica's kernel asks again for neighbours that it sends to; by itself it does so once in half a minute. */
      const asksAfter = async (reachableMs: number, delaySeconds: number): Promise<void> => {
        const assignments = ['ipv4', 'ipv6'].flatMap((family) => [
          `net.${family}.neigh.eth0.base_reachable_time_ms=${reachableMs}`,
          `net.${family}.neigh.eth0.delay_first_probe_time=${delaySeconds}`,
        ]);
        await node.exec('sysctl', '-q', '-w', ...assignments);
        // Those that it knows go by what held when it met them.
        await node.exec('ip', 'neigh', 'flush', 'dev', 'eth0');
      };
      const deaf = async (how: '-A' | '-D'): Promise<void> => {
        const rule = ['INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '10250,10256', '-j', 'DROP'];
        const commands = ['n2', 'n3'].flatMap((name) =>
          ['iptables', 'ip6tables'].map((program) => ({ name, program })),
        );
        await Promise.all(commands.map(({ name, program }) => site.lab.lab.node(name).exec(program, how, ...rule)));
      };
      const said = async (): Promise<boolean> =>
        (await site.lab.replicas.log('n1'))
          .split('\n')
          .some((line) => line.includes('the fault may be here') && line.includes('ARP/NDP: answered'));
      await asksAfter(100, 0);
      await site.stays(async () => {
        await deaf('-A');
        try {
          await until(said, { what: 'ARP to speak for one of them', explain: () => site.lab.logTail('n1') });
          await sleep(4_000);
        } finally {
          await deaf('-D');
        }
      });
      await asksAfter(30_000, 5);
    });

    test('an answer to probes outranks the Ready condition', async () => {
      await site.stays(async () => {
        await site.lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'Unknown' }] });
        await sleep(3_000);
        await site.lab.setNodeStatus('n3', { conditions: [{ type: 'Ready', status: 'True' }] });
      });
    });

    test('kube-proxy restarts, on one machine after another: nothing', async () => {
      await site.stays(async () => {
        for (const node of all) {
          await site.nodes.end(node);
          await sleep(4_000);
          await site.nodes.serve(node);
        }
      });
    });

    test('the node is drained, and only the old health path says so: it stays', async () => {
      await site.stays(async () => {
        await site.nodes.serve('n3', drained);
        await sleep(17_000);
      });
      await site.nodes.serve('n3');
    });

    test('a firewall hides all health ports from the replica: nothing', async () => {
      await site.stays(() => site.blocked(() => sleep(17_000)));
    });

    test('the replica’s own cable is pulled for 8 s: nothing', async () => {
      await site.stays(async () => {
        await site.lab.lab.node('n1').disconnect();
        await sleep(8_000);
        await site.lab.lab.node('n1').reconnect();
        await sleep(5_000);
      });
    });

    test('the replica is suspended for 8 s: nothing', async () => {
      const listening = await site.lab.lab.node('n1').exec('ss', '-Hltnp', `sport = :${httpPort}`);
      const pid = Number(/pid=(\d+)/.exec(listening)?.[1]);
      assert.ok(pid > 1, listening);
      await site.stays(async () => {
        process.kill(pid, 'SIGSTOP');
        await sleep(8_000);
        process.kill(pid, 'SIGCONT');
        await sleep(5_000);
      });
    });

    test('a burst of 1,000 Services: nothing', async () => {
      await site.lab.lab.apply(eip('burst', { address: '172.31.0.0/21' }));
      const before = (await site.nodes.history()).length;
      await site.stays(async () => {
        const annotations = inPool('burst');
        await inParallel(1_000, 8, async (i) => {
          await site.lab.lab.api.create(slice(`burst-${i}`, on(all)));
          await site.lab.lab.api.create(service(`burst-${i}`, { annotations, spec: ours }));
        });
        await site.lab.routed(await site.lab.address('burst-999'));
      });
      assert.deepEqual((await site.nodes.history()).slice(before), []);
    });
  });
});
