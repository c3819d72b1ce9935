import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../../api/objects.ts';
import { NEW_PEER, peerDraftOf, peerFieldOf, peerObjectOf } from './peer-draft.ts';

const peer: KubernetesObject = {
  ...NEW_PEER,
  metadata: { name: 'tor', resourceVersion: '7' },
  spec: {
    conf: { peerAs: 65000, neighborAddress: '192.0.2.1', description: 'rack 1' },
    timers: { config: { holdTime: '30', connectRetry: '5' } },
    passwordSecretRef: { name: 'tor', key: 'password' },
    bfd: { enabled: true, detectMultiplier: 5 },
    afiSafis: [{ config: { family: { afi: 'AFI_IP' } } }],
  },
};

suite('a router in a form', () => {
  test('stays as it is where nothing is changed', () => {
    assert.deepEqual(peerObjectOf(peerDraftOf(peer), peer), peer);
  });

  test('keeps what the form has no field for', () => {
    const draft = { ...peerDraftOf(peer), holdTime: 9, peerAs: 65001, bfd: false, port: 1179 };
    assert.deepEqual(peerObjectOf(draft, peer).spec, {
      ...peer.spec,
      conf: { peerAs: 65001, neighborAddress: '192.0.2.1', description: 'rack 1' },
      timers: { config: { holdTime: '9', connectRetry: '5' } },
      bfd: { detectMultiplier: 5 },
      transport: { remotePort: 1179 },
    });
  });

  test('has no field of which nothing is said', () => {
    const draft = { ...peerDraftOf(peer), secret: ' ', holdTime: undefined };
    const spec = peerObjectOf(draft, peer).spec ?? {};
    assert.ok(!('passwordSecretRef' in spec));
    assert.deepEqual(spec['timers'], { config: { connectRetry: '5' } });
    const made = peerObjectOf({ ...peerDraftOf(NEW_PEER), name: ' tor ', multihop: true }, NEW_PEER);
    assert.deepEqual([made.metadata.name, made.spec], ['tor', { conf: {}, ebgpMultihop: { enabled: true } }]);
    const not = peerObjectOf({ ...peerDraftOf(made), multihop: false }, made);
    assert.deepEqual(not.spec, { conf: {} });
  });

  test('shows what is wrong at the field that it concerns', () => {
    const paths = ['metadata.name', 'spec.conf.peerAs', 'spec.timers.config.holdTime', 'spec.passwordSecretRef'];
    assert.deepEqual(paths.map(peerFieldOf), ['name', 'peerAs', 'holdTime', 'secret']);
    assert.deepEqual(['spec.afiSafis[0]', 'spec', 'spec.bfd.minimumTtl'].map(peerFieldOf), ['', '', '']);
  });
});
