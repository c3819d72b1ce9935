import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../../api/objects.ts';
import { NEW_POOL, poolDraftOf, poolFieldOf, poolObjectOf } from './pool-draft.ts';

const pool: KubernetesObject = {
  ...NEW_POOL,
  metadata: {
    ...{ name: 'office', resourceVersion: '7', labels: { a: 'b' } },
    annotations: { 'eip.openelb.kubesphere.io/is-default-eip': 'true', other: 'kept' },
  },
  spec: { address: '192.0.2.0/24', protocol: 'layer2', priority: '3', nodeSelector: { matchLabels: { rack: '1' } } },
};

suite('a pool in a form', () => {
  test('stays as it is where nothing is changed', () => {
    assert.deepEqual(poolObjectOf(poolDraftOf(pool), pool), pool);
  });

  test('keeps what the form has no field for', () => {
    const { spec, metadata } = poolObjectOf({ ...poolDraftOf(pool), priority: 5 }, pool);
    assert.deepEqual(spec, { ...pool.spec, priority: 5 });
    assert.deepEqual(metadata, pool.metadata);
  });

  test('has one range in one field of the object, and several in the other', () => {
    const draft = { ...poolDraftOf(pool), ranges: '192.0.2.1\n 2001:db8::/120 ,192.0.2.9-192.0.2.12\n' };
    const several = poolObjectOf(draft, pool);
    assert.deepEqual(several.spec?.['addresses'], ['192.0.2.1', '2001:db8::/120', '192.0.2.9-192.0.2.12']);
    assert.ok(!('address' in (several.spec ?? {})));
    const one = poolObjectOf({ ...poolDraftOf(several), ranges: '192.0.2.1' }, several);
    assert.equal(one.spec?.['address'], '192.0.2.1');
    assert.ok(!('addresses' in (one.spec ?? {})));
  });

  test('is the default one by an annotation, of either era', () => {
    assert.equal(poolDraftOf(pool).isDefault, true);
    const not = poolObjectOf({ ...poolDraftOf(pool), isDefault: false }, pool);
    assert.deepEqual(not.metadata.annotations, { other: 'kept' });
    const again = poolObjectOf({ ...poolDraftOf(not), isDefault: true }, not);
    assert.deepEqual(again.metadata.annotations, { other: 'kept', 'eip.porter.kubesphere.io/is-default-eip': 'true' });
  });

  test('has no field of which nothing is said', () => {
    const draft = { ...poolDraftOf(NEW_POOL), name: ' office ', ranges: '192.0.2.0/24', namespaces: 'shop, bank' };
    const made = poolObjectOf(draft, NEW_POOL);
    assert.deepEqual(made.spec, { protocol: 'bgp', address: '192.0.2.0/24', namespaces: ['shop', 'bank'] });
    assert.equal(made.metadata.name, 'office');
    assert.ok(!('namespaces' in (poolObjectOf({ ...poolDraftOf(made), namespaces: ' ' }, made).spec ?? {})));
  });

  test('shows what is wrong at the field that it concerns', () => {
    const fields = [
      'spec.address',
      'spec.addresses[2]',
      'metadata.name',
      'spec.reuseAfterSeconds',
      'spec.bgp.med',
      'spec',
    ];
    assert.deepEqual(fields.map(poolFieldOf), ['ranges', 'ranges', 'name', 'reuseAfterSeconds', '', '']);
  });
});
