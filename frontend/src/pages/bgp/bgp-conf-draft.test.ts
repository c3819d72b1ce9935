import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../../api/objects.ts';
import { bgpConfDraftOf, bgpConfFieldOf, bgpConfObjectOf, NEW_BGP_CONF, type BgpConfDraft } from './bgp-conf-draft.ts';

/** As OpenELB has left it: with numbers that mean nothing, and fields that the form does not have. */
const old: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf', metadata: { name: 'default' } },
  spec: {
    ...{ as: 50_000, routerId: '', listenPort: -1, useMultiplePaths: true, asPerRack: { a: 1, b: 2 } },
    gracefulRestart: { enabled: true, restartTime: 0, deferralTime: 3 },
  },
};

function after(base: KubernetesObject, change: Partial<BgpConfDraft>): Readonly<Record<string, unknown>> | undefined {
  return bgpConfObjectOf({ ...bgpConfDraftOf(base), ...change }, base).spec;
}

suite('the BGP configuration in a form', () => {
  test('stays as it is where nothing is changed', () => {
    assert.deepEqual(bgpConfObjectOf(bgpConfDraftOf(old), old), old);
  });

  test('changes what was changed, and nothing else', () => {
    assert.deepEqual(after(old, { as: 65_001 }), { ...old.spec, as: 65_001 });
    assert.deepEqual(after(old, { listenPort: 1790, listenAddresses: '192.0.2.1\n 2001:db8::1' }), {
      ...{ ...old.spec, listenPort: 1790, listenAddresses: ['192.0.2.1', '2001:db8::1'] },
    });
  });

  test('has no field of which nothing is said', () => {
    assert.deepEqual(after(NEW_BGP_CONF, { as: 65_001 }), { as: 65_001 });
    assert.deepEqual(after(NEW_BGP_CONF, {}), {});
    assert.ok(!('asPerRack' in (after(old, { racks: ' \n' }) ?? {})));
    assert.deepEqual(after({ ...old, spec: { as: 1, gracefulRestart: { enabled: false } } }, { restart: true }), {
      as: 1,
    });
  });

  test('has racks line by line; what is no number stands as it was written', () => {
    assert.equal(bgpConfDraftOf(old).racks, 'a: 1\nb: 2');
    const racks = (text: string): unknown => after(old, { racks: text })?.['asPerRack'];
    assert.deepEqual(racks('a: 1\n c =  64513 \n'), { a: 1, c: 64_513 });
    assert.deepEqual(racks('a: one\nb\nc:'), { a: 'one', b: '', c: '' });
  });

  test('switches graceful restart, and keeps what it has no field for', () => {
    const restart = (change: Partial<BgpConfDraft>): unknown => after(old, change)?.['gracefulRestart'];
    assert.deepEqual(restart({ restart: false }), { enabled: false, deferralTime: 3 });
    assert.deepEqual(restart({ restartSeconds: 30 }), { restartTime: 30, deferralTime: 3 });
  });

  test('shows what is wrong at the field that it concerns', () => {
    const fields: readonly (readonly [string, string])[] = [
      ['spec.as', 'as'],
      ['spec.asPerRack.rack-1', 'racks'],
      ['spec.routerId', 'routerId'],
      ['spec.listenPort', 'listenPort'],
      ['spec.listenAddresses[1]', 'listenAddresses'],
      ['spec.gracefulRestart.restartTime', 'restartSeconds'],
      ['metadata.name', 'name'],
      ['spec.policy', ''],
    ];
    for (const [path, field] of fields) assert.equal(bgpConfFieldOf(path), field, path);
  });
});
