import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../api/objects.ts';
import { isForPeopleTheSame, rebased, withVersion } from './rebase.ts';

const read: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'Eip' },
  metadata: { name: 'a', resourceVersion: '7', generation: 1, labels: { x: '1' } },
  spec: { address: '192.0.2.1', bgp: { med: 1, prepend: 2 }, priority: 3, namespaces: ['a'] },
};

suite('a change, on top of what others changed meanwhile', () => {
  test('has both', () => {
    const { priority: _, ...fewer } = read.spec ?? {};
    const mine = { ...read, spec: { ...fewer, bgp: { med: 5, prepend: 2 } } };
    const now: KubernetesObject = {
      ...read,
      metadata: {
        ...{ name: 'a', resourceVersion: '8', generation: 2, labels: { x: '1', y: '2' } },
        ...{ finalizers: ['in-use'], annotations: { z: '3' } },
      },
      spec: { ...read.spec, bgp: { med: 1, prepend: 9 }, namespaces: ['a', 'b'], avoidBuggyIPs: true },
    };
    assert.deepEqual(rebased(mine, read, now), {
      ...now,
      spec: { address: '192.0.2.1', bgp: { med: 5, prepend: 9 }, namespaces: ['a', 'b'], avoidBuggyIPs: true },
    });
  });

  test('wins where both are about the same', () => {
    const [mine, now] = [
      { ...read, spec: { ...read.spec, priority: 4, namespaces: ['c'] } },
      { ...read, spec: { ...read.spec, priority: 5, namespaces: ['d'] } },
    ];
    assert.deepEqual(rebased(mine, read, now).spec, mine.spec);
  });

  test('of labels and finalizers is one as well', () => {
    const mine = { ...read, metadata: { ...read.metadata, labels: {}, finalizers: ['b'] } };
    const now = { ...read, metadata: { ...read.metadata, resourceVersion: '8' } };
    assert.deepEqual(rebased(mine, read, now).metadata, {
      ...{ name: 'a', resourceVersion: '8', generation: 1, labels: {}, finalizers: ['b'] },
    });
  });
});

test('what only the manager writes is no change that people have to know of', () => {
  const metadata = { ...read.metadata, resourceVersion: '8', finalizers: ['in-use'] };
  assert.equal(isForPeopleTheSame(read, { ...read, metadata, status: { usage: 1 } }), true);
  for (const other of [
    { ...read, spec: { ...read.spec, priority: 4 } },
    { ...read, metadata: { ...metadata, labels: { x: '2' } } },
    { ...read, metadata: { ...metadata, annotations: { a: 'b' } } },
  ])
    assert.equal(isForPeopleTheSame(read, other), false);
});

test('a text is one about the version that it names', () => {
  const yaml = 'kind: Eip\nmetadata:\n  name: a\n  resourceVersion: "7"\nspec: {}\n';
  assert.equal(withVersion(yaml, '8'), yaml.replace('7', '8'));
  assert.equal(withVersion('kind: Eip\n', '8'), 'kind: Eip\n');
});
