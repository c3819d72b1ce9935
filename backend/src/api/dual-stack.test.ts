import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { ReplicaReport } from './replicas/facts.ts';
import type { Explanation } from './schemas/service.ts';
import { ApiBench, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { announced, aNode, aSession } from './testing/facts.ts';

const [FOUR, SIX] = ['192.0.2.1', '2001:db8::1'];
const BOTH = {
  ...aSession('r1'),
  families: ['ipv4-unicast', 'ipv6-unicast'].map((family) => ({ family, addPath: true })),
};

/** A Service with an address of each family, and a router. */
async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(
    eips,
    { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } },
    { metadata: { name: 'b' }, spec: { address: '2001:db8::/126' } },
  );
  await api.store(bgpPeers, {
    metadata: { name: 'r1' },
    spec: {
      conf: { peerAs: 65000, neighborAddress: '203.0.113.1' },
      afiSafis: (['AFI_IP', 'AFI_IP6'] as const).map((afi) => ({
        config: { family: { afi, safi: 'SAFI_UNICAST' as const }, enabled: true },
      })),
    },
  });
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'));
  const one = served('shop/web', FOUR);
  const annotations = { 'lb.kubesphere.io/assigned': `a=${FOUR},b=${SIX}` };
  await api.store(kinds.services, {
    ...one,
    metadata: { ...one.metadata, annotations },
    status: { ...one.status, loadBalancer: { ingress: [{ ip: FOUR }, { ip: SIX }] } },
  });
  return api;
}

async function explained(api: ApiBench, facts: Partial<ReplicaReport>, language = 'en'): Promise<Explanation> {
  const addresses = [announced(FOUR, 'shop/web', ['203.0.113.11']), announced(SIX, 'shop/web', ['2001:db8::11'])];
  api.replicas.set('porter-0', factsOf('porter-0', { addresses, sessions: [BOTH], ...facts }));
  api.clock.advance(60_000);
  const headers = { 'accept-language': language };
  return await api.answer<Explanation>('namespaces/shop/services/web/explanation', { headers });
}

suite('a Service with an address of each family', () => {
  test('can be reached at both', async (context) => {
    const answer = await explained(await bench(context), {});
    assert.deepEqual([answer.result, answer.sentence], ['reachable', `The Service can be reached at ${FOUR}, ${SIX}.`]);
  });

  test('can be reached where one of them works, and is told which one does not and what to do', async (context) => {
    const api = await bench(context);
    const answer = await explained(api, { sessions: [aSession('r1')] });
    assert.equal(answer.result, 'warning');
    assert.match(
      answer.sentence,
      /^The Service can be reached at 192\.0\.2\.1, and can't be at 2001:db8::1: .*IPv6 routes/,
    );
    assert.match(answer.nextStep, /Activate IPv6 unicast/);
    const results = answer.checks.filter(({ check }) => check === 'peers').map(({ ip, result }) => [ip, result]);
    assert.deepEqual(results, [
      [FOUR, 'passed'],
      [SIX, 'failed'],
    ]);
    const chinese = await explained(api, { sessions: [aSession('r1')] }, 'zh');
    assert.match(chinese.sentence, /^可以通过 192\.0\.2\.1 访问该 Service，但无法通过 2001:db8::1 访问：/);
  });

  test('can not be reached where none works', async (context) => {
    const answer = await explained(await bench(context), { sessions: [aSession('r1', 'Active')] });
    assert.equal(answer.result, 'unreachable');
    assert.match(answer.sentence, /^The Service can't be reached: /);
  });

  test('can be reached where nobody says anything of the other one, which is told', async (context) => {
    const addresses = [announced(FOUR, 'shop/web', ['203.0.113.11'])];
    const answer = await explained(await bench(context), { addresses });
    assert.equal(answer.result, 'warning');
    assert.equal(
      answer.sentence,
      `The Service can be reached at ${FOUR}, but: No replica says anything of ${SIX} at the moment.`,
    );
  });

  test('is not called unreachable while it is not known of one whether it works', async (context) => {
    const addresses = [announced(FOUR, 'shop/web', ['203.0.113.11'])];
    const facts = { addresses, sessions: [aSession('r1', 'Active')] };
    const answer = await explained(await bench(context), facts);
    assert.equal(answer.result, 'unknown');
  });
});

test('a Service without the address of one family is told what the pools say of that one', async (context) => {
  for (const [ranges, wanting] of [
    ['192.0.2.0/30', 'ipv6'],
    ['2001:db8::/126', 'ipv4'],
  ] as const) {
    const api = await new ApiBench().start();
    context.after(async () => await api.stop());
    await api.store(kinds.namespaces, { metadata: { name: 'shop' } });
    const annotations = { 'eip.porter.kubesphere.io/is-default-eip': 'true' };
    await api.store(eips, { metadata: { name: 'a', annotations }, spec: { address: ranges } });
    const { metadata, spec } = served('shop/web', FOUR);
    await api.store(kinds.services, {
      metadata: { ...metadata, annotations: {} },
      spec: { ...spec, ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
    });
    const { checks } = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
    const said = checks.flatMap(({ details }) => details).join(' ');
    assert.ok(said.includes(`Eip a: The Eip a has no ${wanting} addresses`), said);
  }
});
