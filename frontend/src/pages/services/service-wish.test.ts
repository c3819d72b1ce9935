import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../../api/objects.ts';
import { wishOf, wishPatch } from './service-wish.ts';

const OPENELB_POOL = 'eip.openelb.kubesphere.io/v1alpha2';
const PORTER_POOL = 'eip.porter.kubesphere.io/v1alpha2';

function service(annotations: Readonly<Record<string, string>> = {}, spec: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', annotations }, spec: { ...spec } };
}

suite('what a Service asks for', () => {
  test('is read where the docs say that it may stand, the first that says something', () => {
    assert.deepEqual(wishOf(service()), { pools: '', ips: '' });
    const both = { [PORTER_POOL]: 'old', [OPENELB_POOL]: 'public4, public6' };
    assert.equal(wishOf(service(both)).pools, 'public4,public6');
    assert.equal(wishOf(service({ ...both, [OPENELB_POOL]: ' ' })).pools, 'old');
    const field = { loadBalancerIP: '192.0.2.9' };
    assert.equal(wishOf(service({}, field)).ips, '192.0.2.9');
    assert.equal(wishOf(service({ 'eip.porter.kubesphere.io/v1alpha1': '192.0.2.8' }, field)).ips, '192.0.2.8');
    assert.equal(
      wishOf(service({ 'lb.kubesphere.io/ips': '192.0.2.7,2001:db8::7' }, field)).ips,
      '192.0.2.7,2001:db8::7',
    );
  });

  test('is changed only where it is another one', () => {
    const asking = service({ [OPENELB_POOL]: 'public', other: 'kept' });
    assert.equal(wishPatch({ pools: ' public ', ips: '' }, asking), undefined);
    assert.deepEqual(wishPatch({ pools: 'public', ips: '192.0.2.1 2001:db8::1' }, asking), {
      metadata: { annotations: { 'lb.kubesphere.io/ips': '192.0.2.1,2001:db8::1' } },
    });
  });

  test('stands in one annotation then: one of another era would win', () => {
    const asking = service({ [OPENELB_POOL]: 'public', [PORTER_POOL]: 'older' });
    assert.deepEqual(wishPatch({ pools: 'office', ips: '' }, asking), {
      metadata: { annotations: { [OPENELB_POOL]: null, [PORTER_POOL]: 'office' } },
    });
  });

  test('is nothing when all that said so is gone', () => {
    const asking = service({ 'eip.openelb.kubesphere.io/v1alpha1': '192.0.2.8' }, { loadBalancerIP: '192.0.2.9' });
    assert.deepEqual(wishPatch({ pools: '', ips: '' }, asking), {
      metadata: { annotations: { 'eip.openelb.kubesphere.io/v1alpha1': null } },
      spec: { loadBalancerIP: null },
    });
  });
});
