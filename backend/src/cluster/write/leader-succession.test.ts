/** What the statuses of pools have to say in time, so that no change of leader takes an address away. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { range } from '../../domain/testing/builders.ts';
import { LOAD_BALANCER_CLASS, OPENELB_KEYS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../resources/keys.ts';
import { eips, type Eip } from '../custom-kinds.ts';
import { settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { LeaderBench, POOL, service } from './testing/leader-bench.ts';

/** Names a pool that there is not. */
const ELSEWHERE = { [OPENELB_KEYS.servicePool]: 'gone' };

function of(namespace: string, name: string, labels: Readonly<Record<string, string>> = {}): kinds.Service {
  return {
    metadata: { name, namespace, labels },
    spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
  };
}

async function withPool(spec: Eip['spec'], ...namespaces: readonly kinds.Namespace[]): Promise<LeaderBench> {
  const bench = new LeaderBench();
  for (const namespace of namespaces) bench.api.store(kinds.namespaces, namespace);
  await bench.start();
  bench.api.store(eips, { ...POOL, spec });
  await bench.pass();
  return bench;
}

suite('whoever leads next leaves a Service its address', () => {
  test('whose namespace was relabelled and has no place in a full list of namespaces', async () => {
    const team = (i: number): kinds.Namespace => ({ metadata: { name: `n${1_000 + i}`, labels: { team: 'web' } } });
    const teams = Array.from({ length: 1_003 }, (_, i) => team(i));
    const bench = await withPool({ address: '10.0.0.0/16', namespaceSelector: { team: 'web' } }, ...teams);
    for (const { metadata } of teams) bench.api.store(kinds.services, of(metadata?.name ?? '', 's'));
    await bench.pass(20_000);
    const ip = bench.ipOf('s', 'n2002');
    assert.ok(ip);
    bench.api.store(kinds.namespaces, { metadata: { name: 'n2002', labels: {} } });
    await bench.pass(10_000);
    assert.equal(bench.api.read(eips, { name: 'a' })?.status?.namespaces?.includes('n2002'), true);
    const next = await bench.successor();
    assert.equal(next.ipOf('s', 'n2002'), ip);
    await next.leader.stop();
  });

  test('whose labels the pool ceases to select while nobody leads, whichever of many it is', async () => {
    const spec = { address: '10.0.0.0/16', serviceSelector: { matchLabels: { tier: 'gold' } } };
    const bench = await withPool(spec);
    const gold = (i: number): kinds.Service => of('d', `s${1_000 + i}`, { tier: 'gold' });
    for (let i = 0; i < 700; i += 1) bench.api.store(kinds.services, gold(i));
    await bench.pass(20_000);
    const had = bench.api.readAll(kinds.services).map(({ metadata }) => bench.ipOf(metadata?.name ?? ''));
    assert.equal(new Set(had).size, 700);
    const next = await bench.successor((one) => ({ ...one, metadata: { ...one.metadata, labels: { tier: 'wood' } } }));
    const has = next.api.readAll(kinds.services).map(({ metadata }) => next.ipOf(metadata?.name ?? ''));
    assert.deepEqual(has, had);
    await next.leader.stop();
  });
});

/** As somebody leaves the status of an older Service: with the address of another one, which it does as if it were its own. */
function claiming(object: kinds.Service, ip: string): kinds.Service {
  const [type, lastTransitionTime] = [SERVICE_CONDITIONS.allocated, '2026-01-01T00:00:00Z'];
  const condition = { type, status: 'True', reason: 'Allocated', message: '', lastTransitionTime };
  const annotations = { ...object.metadata?.annotations, [SERVICE_KEYS.assigned]: `a=${ip}` };
  return {
    ...object,
    metadata: { ...object.metadata, annotations },
    status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] }, conditions: [condition] },
  };
}

suite('somebody who writes the status of his Service while nobody leads', () => {
  test('takes no address from a younger one, whichever of a large pool it is', async () => {
    const bench = await withPool({ address: '10.0.0.0/16' });
    const forger = of('d', 'forger');
    bench.api.store(kinds.services, { ...forger, metadata: { ...forger.metadata, annotations: ELSEWHERE } });
    await bench.pass();
    for (let i = 0; i < 200; i += 1) bench.api.store(kinds.services, service(`s${1_000 + i}`));
    await bench.pass(20_000);
    const named = Object.values(bench.api.read(eips, { name: 'a' })?.status?.used ?? {});
    const unnamed = bench.api.readAll(kinds.services).filter(({ metadata }) => {
      const name = metadata?.name ?? '';
      return name !== 'forger' && !named.includes(`d/${name}`);
    });
    assert.ok(unnamed.length > 50);
    const victim = unnamed[0]?.metadata?.name ?? '';
    const ip = bench.ipOf(victim) ?? '';
    const next = await bench.successor((one) => (one.metadata?.name === 'forger' ? claiming(one, ip) : one));
    assert.deepEqual([next.ipOf(victim), next.ipOf('forger')], [ip, undefined]);
    await next.leader.stop();
  });
});

suite('the status of a pool', () => {
  test('says that it is full when what is left of it turns out to be of subnets, or used by strangers', async () => {
    const bench = await withPool({ address: '192.0.2.254-192.0.2.255', protocol: 'layer2' });
    const isOccupied = (): boolean | undefined => bench.api.read(eips, { name: 'a' })?.status?.occupied;
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    assert.equal(isOccupied(), false);
    bench.subnets = [range('192.0.2.0/24')];
    bench.leader.reservedChanged();
    await bench.pass();
    assert.equal(isOccupied(), true);
    bench.subnets = [];
    bench.leader.reservedChanged();
    await bench.pass();
    assert.equal(isOccupied(), false);
    const heard = { ip: '192.0.2.255', mac: '02:00:5e:10:00:0a', replica: 'porter-0', link: 'eth0' };
    const conflict = { ...heard, announced: false, since: '2026-01-01T00:00:00Z' };
    const spec = { address: '198.51.100.1', protocol: 'layer2' } as const;
    bench.api.store(eips, { metadata: { name: 'b' }, spec, status: { conflicts: [conflict] } });
    await bench.pass();
    assert.equal(isOccupied(), true);
    await bench.leader.stop();
  });
});

suite('a leader that has not begun', () => {
  test('does nothing on what changes, and all of it when it begins', async () => {
    const bench = new LeaderBench();
    bench.api.store(kinds.namespaces, { metadata: { name: 'd' } });
    bench.view.start();
    await settle();
    bench.api.store(eips, POOL);
    bench.api.store(kinds.services, service('s'));
    bench.leader.reservedChanged();
    await bench.pass();
    assert.deepEqual(bench.api.writes, []);
    bench.leader.start();
    await bench.pass();
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    await bench.leader.stop();
  });
});
