import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster, ServiceObject } from './cluster.ts';
import { takeoverPlan } from './plan.ts';
import type { Finding } from './step.ts';
import { cluster, old, pool, workload } from './testing/clusters.ts';

const NOW = '2026-01-01T12:00:00Z';
const STOPPING = { annotations: { 'porterlb.kubesphere.io/takeover': 'stopping' } };

/** What is found beyond what every cluster has. */
function found(parts: Partial<Cluster>, version: '0.5' | '0.6' = '0.6'): readonly Finding[] {
  return takeoverPlan(cluster(version, parts), NOW).findings;
}

function texts(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, text, objects }) => [kind, text.slice(0, 40), ...objects].join(' | '));
}

function pending(name: string, parts: { spec?: ServiceObject['spec']; annotations?: Record<string, string> } = {}) {
  const { spec, annotations } = parts;
  return {
    metadata: { namespace: 'shop', name, ...(annotations && { annotations }) },
    spec: { type: 'LoadBalancer', ...spec },
  };
}

describe('what is found before a takeover', () => {
  it('is nothing in a cluster as OpenELB leaves it', () => {
    assert.deepEqual([found({}), found({}, '0.5')], [[], []]);
  });

  it('is in the way where there are marks of OpenELB, and no workload', () => {
    const marks = 'obstacle | Webhooks or finalizers of OpenELB are th';
    const [finding, ...others] = found({ workloads: [] });
    assert.deepEqual(
      [texts(finding === undefined ? [] : [finding]), others],
      [[`${marks} | default | openelb-admission | public | r1 | shop/old | shop/web`], []],
    );
    const kinds = { services: [], pools: [], peers: [], confs: [] };
    assert.deepEqual(texts(found({ workloads: [], ...kinds })), [`${marks} | openelb-admission`]);
    assert.equal(found({ workloads: [], webhooks: [] }).length, 1);
    assert.deepEqual(found({ workloads: [], webhooks: [], ...kinds }), []);
    const record = { workloads: [], webhooks: [] };
    assert.deepEqual(found({ workloads: [], record }), [], 'whoever knows that it is gone has said so');
  });

  it('is in the way where replicas would not wait for a workload, and not where they would, whatever it is called', () => {
    const speaker = workload('DaemonSet', 'lb/openelb-x7k2p-speaker', ['n1', 'n2']);
    assert.deepEqual(found({ workloads: [speaker] }), []);
    assert.match(
      texts(found({ workloads: [{ ...speaker, isHidden: true }] }))[0] ?? '',
      /^obstacle .* \| lb\/openelb-x7k2p-s/,
    );
  });

  it('is in the way where a Pod is on a dead node, by its name, before OpenELB is stopped', () => {
    const speaker = workload('DaemonSet', 'openelb-system/openelb-speaker', ['n1', 'n2']);
    const pods = speaker.pods.map((pod) => ({ ...pod, isLost: pod.node === 'n2' }));
    const [finding] = found({ workloads: [{ ...speaker, pods }] });
    assert.deepEqual([finding?.kind, finding?.objects], ['obstacle', ['openelb-system/openelb-speaker-n2 on n2']]);
    assert.match(finding?.next ?? '', /delete pod NAME --force/);
  });

  it('is in the way where a peer has nothing in it that is known today', () => {
    const [finding] = found({ peers: [{ metadata: { name: 'retired' }, spec: {} }] });
    assert.deepEqual([finding?.kind, finding?.objects], ['obstacle', ['retired']]);
  });

  it('is in the way where kubectl itself comes through OpenELB', () => {
    const [finding] = found({ reachedBy: ['192.0.2.1'] });
    assert.deepEqual([finding?.kind, finding?.objects], ['obstacle', ['shop/web: 192.0.2.1']]);
  });

  it('is in nobody\u2019s way any more once OpenELB is stopped', () => {
    const [running] = cluster('0.5').workloads;
    const stopped = workload('Deployment', 'openelb-system/openelb-manager', [], STOPPING);
    const services = [old('shop/web', '192.0.2.1', { more: { 'eip.openelb.kubesphere.io/v1alpha1': '192.0.2.9' } })];
    const before = found({ services, workloads: running === undefined ? [] : [running] });
    assert.deepEqual(
      before.map(({ kind }) => kind),
      ['obstacle'],
    );
    const between = found({ services, workloads: [stopped] });
    assert.deepEqual(
      between.map(({ kind, objects }) => [kind, ...objects]),
      [['note', 'shop/web']],
    );
  });

  it('names the Services that wait, and will have an address of PorterLB', () => {
    const marked = {
      ...pool('public', {}),
      metadata: { name: 'public', annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true' } },
    };
    const services = [
      pending('nothing'),
      pending('class', { spec: { loadBalancerClass: 'lb.kubesphere.io/porter' } }),
      pending('foreign-class', { spec: { loadBalancerClass: 'x/y' } }),
      pending('other', { annotations: { 'lb.kubesphere.io/v1alpha1': 'none' } }),
      pending('asks', { annotations: { 'lb.kubesphere.io/v1alpha1': 'openelb' } }),
      { ...pending('has'), status: { loadBalancer: { ingress: [{ ip: '198.51.100.9' }] } } },
    ];
    const waiting = (pools: Cluster['pools']): (readonly string[])[] =>
      found({ services, pools }).map(({ objects }) => objects);
    assert.deepEqual(waiting([marked]), [['shop/asks', 'shop/class', 'shop/nothing']]);
    assert.deepEqual(waiting([pool('public', {})]), [['shop/asks', 'shop/class']]);
  });
});
