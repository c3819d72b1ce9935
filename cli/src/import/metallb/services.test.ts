import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importMetalLb, type Import } from './convert.ts';
import type { AnyObject } from './fields.ts';
import { metalLb, service } from './testing/objects.ts';

const POOLS = [
  metalLb('IPAddressPool', 'public', { addresses: ['192.0.2.0/24', '2001:db8::/112'] }),
  metalLb('BGPAdvertisement', 'any', {}),
];

function imported(...services: AnyObject[]): Import {
  return importMetalLb([...POOLS, ...services]);
}

function annotations({ objects }: Import, name: string): Readonly<Record<string, string>> | undefined {
  return objects.find((each) => each.kind === 'Service' && each.metadata.name === name)?.metadata.annotations;
}

function told({ findings }: Import, object: string): string[] {
  return findings
    .filter((each) => each.object === object)
    .map(({ kind, field, why }) => `${kind} ${field ?? '-'} ${why}`);
}

describe('a Service of MetalLB', () => {
  it('asks for the addresses that it has, and comes before the pools', () => {
    const result = imported(service('web', ['192.0.2.7', '2001:db8::7']));
    assert.deepEqual(result.objects[0], {
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: {
        ...{ name: 'web', namespace: 'shop' },
        annotations: { 'lb.kubesphere.io/v1alpha1': 'porter', 'lb.kubesphere.io/ips': '192.0.2.7,2001:db8::7' },
      },
    });
    assert.deepEqual(told(result, 'Service shop/web'), []);
  });

  for (const prefix of ['metallb.io', 'metallb.universe.tf']) {
    it(`keeps what its annotations with ${prefix} say`, () => {
      const result = imported(
        service('web', ['192.0.2.7'], {
          annotations: {
            [`${prefix}/address-pool`]: 'public',
            [`${prefix}/loadBalancerIPs`]: '192.0.2.7',
            [`${prefix}/allow-shared-ip`]: 'key',
            [`${prefix}/ip-allocated-from-pool`]: 'public',
            [`${prefix}/new`]: 'x',
          },
        }),
      );
      assert.deepEqual(annotations(result, 'web'), {
        'lb.kubesphere.io/v1alpha1': 'porter',
        'lb.kubesphere.io/ips': '192.0.2.7',
        'eip.porter.kubesphere.io/v1alpha2': 'public',
        'lb.kubesphere.io/allow-shared-ip': 'key',
      });
      assert.deepEqual(
        told(result, 'Service shop/web').map((line) => line.split(' ').slice(0, 2).join(' ')),
        [`lost metadata.annotations[${prefix}/new]`, `unneeded metadata.annotations[${prefix}/ip-allocated-from-pool]`],
      );
    });
  }

  it('keeps what it has rather than what it asks for; without an address it asks for what it asked for', () => {
    const wish = { annotations: { 'metallb.io/loadBalancerIPs': '192.0.2.9, 2001:db8::9' } };
    const moved = imported(service('web', ['192.0.2.7'], wish));
    assert.equal(annotations(moved, 'web')?.['lb.kubesphere.io/ips'], '192.0.2.7');
    assert.match(
      told(moved, 'Service shop/web').join(),
      /changed - it asks for 192.0.2.9, 2001:db8::9 and has 192.0.2.7, which it keeps/,
    );
    assert.equal(
      annotations(imported(service('web', [], wish)), 'web')?.['lb.kubesphere.io/ips'],
      '192.0.2.9,2001:db8::9',
    );
  });

  it('with an address or a pool that is not imported is named', () => {
    const result = imported(service('web', ['198.51.100.1'], { annotations: { 'metallb.io/address-pool': 'gone' } }));
    assert.match(
      told(result, 'Service shop/web').join('\n'),
      /todo - no pool that is imported has its address 198.51.100.1/,
    );
    assert.match(told(result, 'Service shop/web').join('\n'), /todo \S+ there is no IPAddressPool gone/);
  });

  it('with a class is told how it gets ours, and what else of it comes and goes with the type', () => {
    const spec = { loadBalancerClass: 'metallb', externalTrafficPolicy: 'Local', clusterIP: '10.96.0.7' };
    const result = imported(service('web', ['192.0.2.7'], { spec }));
    const found = result.findings.find(({ field }) => field === 'spec.loadBalancerClass');
    assert.equal(
      found?.next,
      'After applying the rest: kubectl patch service web -n shop --type merge ' +
        `-p '{"spec":{"type":"ClusterIP","loadBalancerClass":null,"externalTrafficPolicy":null}}' && ` +
        'kubectl patch service web -n shop --type merge ' +
        `-p '{"spec":{"type":"LoadBalancer","loadBalancerClass":"lb.kubesphere.io/porter","externalTrafficPolicy":"Local"}}'`,
    );
  });

  it('that waits is known by a class that another one has, whose address is of a pool', () => {
    const spec = { loadBalancerClass: 'metallb' };
    const other = { loadBalancerClass: 'cloud' };
    const result = imported(
      ...[service('web', ['192.0.2.7'], { spec }), service('waiting', [], { spec })],
      ...[service('cloud', ['203.0.113.1'], { spec: other, annotations: { 'metallb.io/address-pool': 'public' } })],
      service('cloudy', [], { spec: other }),
    );
    assert.deepEqual(annotations(result, 'waiting'), { 'lb.kubesphere.io/v1alpha1': 'porter' });
    assert.match(told(result, 'Service shop/waiting').join(), /todo spec.loadBalancerClass its class metallb /);
    assert.match(told(result, 'Service shop/cloudy').join(), /unneeded - is served by another load balancer/);
  });

  it('that shares its address with one of another namespace is named, the younger of the two', () => {
    const old = service('old', ['192.0.2.7'], { namespace: 'bank' });
    const young = service('young', ['192.0.2.7']);
    const made = (object: AnyObject, creationTimestamp: string): AnyObject => ({
      ...object,
      metadata: { ...(object.metadata as object), creationTimestamp },
    });
    const result = imported(made(young, '2026-02-01T00:00:00Z'), made(old, '2026-01-01T00:00:00Z'));
    assert.match(told(result, 'Service shop/young').join(), /todo - shares 192.0.2.7 with Service bank\/old/);
    assert.deepEqual(told(result, 'Service bank/old'), []);
  });

  it('is told apart from those of others, which are left alone and named', () => {
    const result = imported(
      service('cloud', ['203.0.113.1']),
      service('waiting', []),
      service('ours', ['192.0.2.8'], { spec: { loadBalancerClass: 'lb.kubesphere.io/porter' } }),
      service('given', ['192.0.2.10'], { annotations: { 'lb.kubesphere.io/assigned': 'public/192.0.2.10' } }),
      { ...service('plain', ['192.0.2.9']), spec: { type: 'ClusterIP' } },
    );
    assert.equal(result.services, 0);
    assert.match(told(result, 'Service shop/cloud').join(), /unneeded - is served by another load balancer/);
    assert.match(told(result, 'Service shop/waiting').join(), /changed - waits for an address/);
    assert.deepEqual([told(result, 'Service shop/ours'), told(result, 'Service shop/plain')], [[], []]);
  });
});
