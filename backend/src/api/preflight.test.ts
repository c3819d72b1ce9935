import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Preflight } from './schemas/simulation.ts';
import { ApiBench, eips, factsOf, kinds } from './testing/api-bench.ts';
import { aNode } from './testing/facts.ts';
import { bench, POOL } from './testing/what-if.ts';

suite('before the first Service', () => {
  function failing({ checks }: Preflight): string[] {
    return checks
      .filter(({ result }) => result === 'failed' || result === 'warning')
      .map(({ check, objects }) => `${check} ${objects.join()}`.trim());
  }

  test('a cluster that has everything is ready', async (context) => {
    const api = await bench(context);
    api.replicas.set('porter-1', factsOf('porter-1'));
    const answer = await api.answer<Preflight>('preflight');
    assert.deepEqual([answer.ready, failing(answer)], [true, []]);
  });

  test('what is in the way is told, with what to do', async (context) => {
    const api = await new ApiBench().start();
    context.after(async () => await api.stop());
    const excluded = aNode('n1', '203.0.113.11');
    const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    await api.store(kinds.nodes, {
      ...excluded,
      metadata: {
        name: 'n1',
        labels: { ...labels, 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' },
      },
    });
    const probe = {
      node: 'n1',
      address: '203.0.113.11',
      health: 'unknown',
      since: '2026-01-01T00:00:00Z',
      found: 'no answer',
    } as const;
    const never = {
      ...probe,
      answered: undefined,
      status: undefined,
      misses: 9,
      ailingMs: 0,
      witness: undefined,
      witnessSaid: undefined,
      flaps: 0,
    };
    api.replicas.set('porter-0', factsOf('porter-0', { nodes: [never] }));
    const answer = await api.answer<Preflight>('preflight');
    assert.equal(answer.ready, false);
    assert.deepEqual(failing(answer), ['nodes n1', 'healthPort n1', 'pools', 'replicas']);
    for (const { text, nextStep, result } of answer.checks) {
      assert.ok(text.length > 10);
      if (result === 'failed' || result === 'warning') assert.ok(nextStep.length > 10, text);
    }
    const chinese = await api.answer<Preflight>('preflight', { headers: { 'accept-language': 'zh' } });
    assert.match(chinese.checks[0]?.nextStep ?? '', /^请/);
  });

  test('kube-proxy in IPVS mode and ports of others are named', async (context) => {
    const api = await bench(context);
    const portProblems = [{ port: 179, problem: 'listen EADDRINUSE' }];
    api.replicas.set('porter-0', factsOf('porter-0', { kubeProxyMode: 'ipvs', portProblems }));
    api.replicas.set('porter-1', factsOf('porter-1', { kubeProxyMode: 'iptables' }));
    assert.deepEqual(failing(await api.answer<Preflight>('preflight')), [
      'ports porter-0-node: 179, listen EADDRINUSE',
    ]);
    await api.store(eips, { ...POOL, spec: { ...POOL.spec, protocol: 'layer2' } });
    assert.deepEqual(failing(await api.answer<Preflight>('preflight'))[0], 'kubeProxy porter-0-node');
  });

  test('OpenELB beside it is named before all that it serves', async (context) => {
    const api = await bench(context);
    const beside = ['DaemonSet openelb-system/openelb-speaker runs'];
    for (const name of ['porter-0', 'porter-1']) api.replicas.set(name, factsOf(name, { beside }));
    const answer = await api.answer<Preflight>('preflight');
    assert.deepEqual([answer.ready, failing(answer)], [false, [`loadBalancers ${beside.join()}`]]);
    const { text, nextStep } = answer.checks.find(({ check }) => check === 'loadBalancers') ?? {};
    assert.match(text ?? '', /OpenELB/);
    assert.match(nextStep ?? '', /kubectl porterlb takeover openelb/);
  });

  test('what is in the way is told in Chinese, too: what a kernel says as that says it, the rest in our words', async (context) => {
    const api = await bench(context);
    const portProblems = [
      { port: 179, problem: 'bind: address already in use (EADDRINUSE)' },
      { port: 17982, problem: 'on 127.0.0.1: listen EADDRINUSE: address already in use 127.0.0.1:17982' },
      { port: 180, problem: 'something else' },
    ];
    api.replicas.set('porter-0', factsOf('porter-0', { portProblems }));
    const objectsOf = async (wanted: string, language = 'zh'): Promise<readonly string[]> => {
      const { checks } = await api.answer<Preflight>('preflight', { headers: { 'accept-language': language } });
      return checks.find(({ check }) => check === wanted)?.objects ?? [];
    };
    assert.deepEqual(await objectsOf('ports'), [
      'porter-0-node: 179, 端口已被占用（bind: address already in use (EADDRINUSE)）',
      'porter-0-node: 17982, 在 127.0.0.1 上：127.0.0.1:17982 已被占用（listen EADDRINUSE: address already in use）',
      'porter-0-node: 180, something else',
    ]);
    assert.equal((await objectsOf('ports', 'en'))[0], `porter-0-node: 179, ${portProblems[0]?.problem}`);
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'example.com/lb', ports: [{ port: 80 }] };
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.3' }] } };
    await api.store(kinds.services, { metadata: { name: 'theirs', namespace: 'shop' }, spec, status });
    assert.deepEqual(await objectsOf('loadBalancers'), ['shop/theirs (类 example.com/lb; Eip a 的 192.0.2.3)']);
    const beside = [
      'DaemonSet lb/a runs',
      'Deployment lb/b is ending',
      'Deployment lb/c is about to return',
      'Deployment lb/d may run, and may not be looked at: let the ServiceAccount p/m get it, or delete the ClusterRoleBinding x',
    ];
    api.clock.advance(2_000);
    api.replicas.set('porter-0', factsOf('porter-0', { beside }));
    const told = await objectsOf('loadBalancers');
    assert.deepEqual(told.slice(0, 3), [
      'DaemonSet lb/a 正在运行',
      'Deployment lb/b 正在结束',
      'Deployment lb/c 即将恢复运行',
    ]);
    assert.match(told[3] ?? '', /^Deployment lb\/d 可能在运行.* ServiceAccount p\/m .* ClusterRoleBinding x$/);
  });

  test('of many objects the first are named, and all are counted', async (context) => {
    const api = await bench(context);
    const portProblems = Array.from({ length: 12 }, (_, i) => ({ port: 179 + i, problem: 'listen EADDRINUSE' }));
    api.replicas.set('porter-0', factsOf('porter-0', { portProblems }));
    const { checks } = await api.answer<Preflight>('preflight');
    const { objects, count } = checks.find(({ check }) => check === 'ports') ?? {};
    assert.deepEqual([objects?.length, count], [10, 12]);
  });

  test('pools without a router, kernels that answer and other load balancers are named', async (context) => {
    const api = await new ApiBench().start();
    context.after(async () => await api.stop());
    const conflict = {
      replica: 'p',
      ip: '192.0.2.1',
      link: 'eth0',
      mac: '02:00:00:00:00:01',
      node: 'n1',
      announced: true,
      since: '2026-01-01T00:00:00Z',
    };
    const annotations = { 'eip.porter.kubesphere.io/is-default-eip': 'true' };
    await api.store(eips, {
      ...POOL,
      metadata: { name: 'a', annotations },
      status: { conflicts: [conflict] },
    });
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
    const status = { loadBalancer: { ingress: [{ ip: '198.51.100.1' }] } };
    await api.store(kinds.services, { metadata: { name: 'theirs', namespace: 'shop' }, spec, status });
    const failed = failing(await api.answer<Preflight>('preflight'));
    assert.deepEqual(
      failed.filter((each) => !each.startsWith('replicas')),
      ['loadBalancers shop/theirs', 'kernelAnswers n1', 'bgp a'],
    );
  });
});
