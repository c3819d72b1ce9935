import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReady } from './cluster.ts';
import { podsOf, type PodObject } from './pods.ts';

const object = { metadata: { namespace: 'openelb-system', name: 'openelb-speaker' } };
const LOST = new Map([['n2', '2026-01-01T12:00:00Z']]);

function pod(
  name: string,
  nodeName: string,
  status: PodObject['status'] = {},
  creationTimestamp = '2026-01-01T09:00:00Z',
): PodObject {
  const ownerReferences = [{ kind: 'DaemonSet', name: 'openelb-speaker' }];
  return {
    metadata: { name, creationTimestamp, ownerReferences },
    spec: { nodeName },
    status: { phase: 'Running', ...status },
  };
}

const names = (pods: readonly PodObject[]): string[] =>
  podsOf({ kind: 'DaemonSet', object, lost: LOST }, pods).map(({ name }) => name);

describe('Pods of a workload', () => {
  it('are none that have ended, as an evicted one', () => {
    const pods = [pod('a', 'n1'), pod('evicted', 'n1', { phase: 'Failed' }), pod('done', 'n1', { phase: 'Succeeded' })];
    assert.deepEqual(names(pods), ['a']);
  });

  it('may run on a dead node, but for those that were made for it later', () => {
    const later = '2026-01-01T12:00:01Z';
    const pods = [
      pod('ran', 'n2'),
      pod('began', 'n2', { phase: 'Pending' }),
      pod('late', 'n2', { phase: 'Pending' }, later),
    ];
    assert.deepEqual(names(pods), ['ran', 'began']);
    assert.deepEqual(names([pod('elsewhere', 'n1', { phase: 'Pending' }, later)]), ['elsewhere']);
  });

  it('are Ready where it can be known', () => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const of = (...pods: readonly PodObject[]): boolean =>
      isReady({ kind: 'DaemonSet', object, pods: podsOf({ kind: 'DaemonSet', object, lost: LOST }, pods) });
    assert.equal(of(pod('a', 'n1', { conditions }), pod('b', 'n2')), true);
    assert.equal(of(pod('a', 'n1', { conditions }), pod('b', 'n3')), false);
    assert.equal(of(pod('a', 'n1', { conditions }), pod('b', '', { phase: 'Pending' })), true);
    assert.equal(of(pod('b', 'n2', { conditions })), false);
  });
});
