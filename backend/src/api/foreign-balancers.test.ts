import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Preflight } from './schemas/simulation.ts';
import { ApiBench, eips, kinds, served } from './testing/api-bench.ts';

interface Theirs {
  readonly key: string;
  readonly ip?: string;
  readonly hostname?: string;
  readonly loadBalancerClass?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function theirs({ key, ip, hostname, loadBalancerClass, annotations = {} }: Theirs): kinds.Service {
  const [namespace = '', name = ''] = key.split('/');
  const entry = { ...(ip === undefined ? {} : { ip }), ...(hostname === undefined ? {} : { hostname }) };
  return {
    metadata: { name, namespace, annotations },
    spec: {
      type: 'LoadBalancer',
      ports: [{ port: 80 }],
      ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
    },
    status: { loadBalancer: { ingress: [entry] } },
  };
}

async function bench(context: TestContext, ...services: kinds.Service[]): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29' } });
  await api.store(kinds.services, served('shop/ours', '192.0.2.1'), ...services);
  return api;
}

async function found(api: ApiBench, token = 'admin'): Promise<Preflight['checks'][number] | undefined> {
  const { checks } = await api.answer<Preflight>('preflight', { token });
  return checks.find(({ check }) => check === 'loadBalancers');
}

suite('other load balancers, before the first Service', () => {
  test('are none where all Services with addresses are ours', async (context) => {
    const api = await bench(context, { metadata: { name: 'none', namespace: 'shop' }, spec: { type: 'LoadBalancer' } });
    const check = await found(api);
    assert.deepEqual([check?.result, check?.objects], ['passed', []]);
  });

  test('that have given addresses of our pools are a fault, and named', async (context) => {
    const api = await bench(
      context,
      theirs({
        ...{ key: 'shop/web', ip: '192.0.2.5', loadBalancerClass: 'metallb' },
        annotations: { 'metallb.io/ip-allocated-from-pool': 'first' },
      }),
      theirs({ key: 'shop/far', ip: '198.51.100.1' }),
    );
    const check = await found(api);
    assert.deepEqual([check?.result, check?.objects], ['failed', ['shop/web (MetalLB; 192.0.2.5 of Eip a)']]);
    assert.match(check?.text ?? '', /addresses of our pools/);
    assert.match(check?.nextStep ?? '', /spec\.addresses/);
  });

  test('that serve Services without a class are a warning, whether or not a pool is the default', async (context) => {
    const api = await bench(
      context,
      theirs({
        ...{ key: 'shop/vip', ip: '198.51.100.1' },
        annotations: { 'kube-vip.io/loadbalancerIPs': '198.51.100.1' },
      }),
      theirs({ key: 'shop/cloud', hostname: 'lb.example.net' }),
    );
    const check = await found(api);
    assert.deepEqual([check?.result, check?.objects], ['warning', ['shop/cloud', 'shop/vip (kube-vip)']]);
  });

  test('with a class of their own and addresses elsewhere are named, and are in nobody’s way', async (context) => {
    const api = await bench(
      context,
      theirs({ key: 'shop/web', ip: '198.51.100.1', loadBalancerClass: 'example.com/lb' }),
    );
    const check = await found(api);
    assert.deepEqual([check?.result, check?.objects], ['passed', ['shop/web (class example.com/lb)']]);
    assert.match(check?.text ?? '', /outside of all pools/);
  });

  test('are counted, and not named, for who may not see the Services', async (context) => {
    const api = await bench(context, theirs({ key: 'bank/vault', ip: '192.0.2.5' }));
    api.users.set('viewer', { name: 'viewer', may: ['get preflight'] });
    const check = await found(api, 'viewer');
    assert.deepEqual([check?.result, check?.objects, check?.count], ['failed', [], 1]);
  });
});
