import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Explanation, ServiceAnswer } from './schemas/service.ts';
import { ApiBench, kinds } from './testing/api-bench.ts';

const AT = 'namespaces/shop/services/plain';

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(kinds.services, {
    metadata: { name: 'plain', namespace: 'shop' },
    spec: { type: 'ClusterIP', ports: [{ port: 80 }] },
  });
  return api;
}

suite('a Service of another type', () => {
  test('is explained as one that is not served, with what to do', async (context) => {
    const { result, sentence, nextStep, checks } = await (
      await bench(context)
    ).answer<Explanation>(`${AT}/explanation`);
    assert.deepEqual(
      checks.map((each) => [each.check, each.result, each.reason]),
      [['served', 'failed', 'NotLoadBalancer']],
    );
    assert.equal(result, 'unreachable');
    assert.equal(sentence, "The Service can't be reached: The Service is not of type LoadBalancer.");
    assert.match(nextStep, /^Set its spec\.type to LoadBalancer/);
  });

  test('is there, without a way, and in no list', async (context) => {
    const api = await bench(context);
    const { served, notServedBecause, paths } = await api.answer<ServiceAnswer>(AT);
    assert.deepEqual([served, notServedBecause?.reason, paths], [false, 'NotLoadBalancer', []]);
    assert.equal((await api.answer<{ totalItems: number }>('services')).totalItems, 0);
  });

  test('that is not there is not found', async (context) => {
    const api = await bench(context);
    assert.equal((await api.get('namespaces/shop/services/none/explanation')).status, 404);
  });
});
