import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubernetesObject } from '../api/objects.ts';
import { isForPeopleTheSame, rebased, withVersion } from './rebase.ts';

const read: KubernetesObject = {
  ...{ apiVersion: 'v1', kind: 'Eip' },
  metadata: { name: 'a', resourceVersion: '7', generation: 1, labels: { x: '1' } },
  spec: { address: '192.0.2.1', bgp: { med: 1, prepend: 2 }, priority: 3, namespaces: ['a'] },
};

type Part = Readonly<Record<string, unknown>>;

/** The object where `part` is all of its spec. */
function of(part: Part): KubernetesObject {
  return { ...read, spec: part };
}

/** What became of the spec, and what both had changed of it. */
function specs(mine: Part, before: Part, now: Part): unknown {
  const { object, both } = rebased(of(mine), of(before), of(now));
  return [object.spec, both];
}

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
    const spec = { address: '192.0.2.1', bgp: { med: 5, prepend: 9 }, namespaces: ['a', 'b'], avoidBuggyIPs: true };
    assert.deepEqual(rebased(mine, read, now), { object: { ...now, spec }, both: [] });
  });

  test('stands where both are about the same, and is named', () => {
    const [mine, now] = [
      { ...read, spec: { ...read.spec, priority: 4, bgp: { med: 5 } } },
      { ...read, spec: { ...read.spec, priority: 5, bgp: { med: 6, prepend: 2 } } },
    ];
    const { object, both } = rebased(mine, read, now);
    assert.deepEqual(object.spec, mine.spec);
    assert.deepEqual([...both].sort(), ['spec.bgp.med', 'spec.priority']);
  });

  test('that others made as well is none', () => {
    assert.deepEqual(specs({ priority: 4 }, { priority: 3 }, { priority: 4 }), [{ priority: 4 }, []]);
  });

  test('of labels and finalizers is one as well', () => {
    const mine = { ...read, metadata: { ...read.metadata, labels: {}, finalizers: ['b'] } };
    const now = { ...read, metadata: { ...read.metadata, resourceVersion: '8' } };
    assert.deepEqual(rebased(mine, read, now).object.metadata, {
      ...{ name: 'a', resourceVersion: '8', generation: 1, labels: {}, finalizers: ['b'] },
    });
  });

  test('that takes away a map leaves what others added to it, and the other way round', () => {
    assert.deepEqual(specs({}, { bgp: { med: 1 } }, { bgp: { med: 1, prepend: 2 } }), [{ bgp: { prepend: 2 } }, []]);
    assert.deepEqual(specs({ bgp: { med: 1, prepend: 2 } }, { bgp: { med: 1 } }, {}), [{ bgp: { prepend: 2 } }, []]);
    assert.deepEqual(specs({ bgp: { med: 1 } }, {}, { bgp: { prepend: 2 } }), [{ bgp: { med: 1, prepend: 2 } }, []]);
    assert.deepEqual(specs({}, { bgp: { med: 1 } }, { bgp: { med: 2 } }), [{}, ['spec.bgp.med']]);
  });

  test('of one label is named as such, whatever its key has in it', () => {
    const labeled = (team: string): KubernetesObject => ({
      ...read,
      metadata: { ...read.metadata, labels: { 'example.org/team': team } },
    });
    const { both } = rebased(labeled('b'), labeled('a'), labeled('c'));
    assert.deepEqual(both, ['metadata.labels[example.org/team]']);
  });
});

suite('a list of names or numbers', () => {
  const lists = (mine: unknown, before: unknown, now: unknown): unknown =>
    specs({ namespaces: mine }, { namespaces: before }, { namespaces: now });
  const merged = (namespaces: unknown): unknown => [{ namespaces }, []];
  const ours = (namespaces: unknown): unknown => [{ namespaces }, ['spec.namespaces']];

  test('has what either added, and nothing of what either took away', () => {
    assert.deepEqual(lists(['a', 'b', 'c'], ['a', 'b'], ['a', 'b', 'd']), merged(['a', 'b', 'c', 'd']));
    assert.deepEqual(lists(['a', 'c'], ['a', 'b'], ['b', 'd']), merged(['c', 'd']));
    assert.deepEqual(lists(['a', 'x'], ['a'], ['a', 'x', 'y']), merged(['a', 'x', 'y']));
    assert.deepEqual(lists([], ['a'], ['a', 'b']), merged(['b']));
    assert.deepEqual(lists([], ['a', 'b'], ['b']), merged([]));
    assert.deepEqual(lists(['b'], ['a', 'b'], ['b', 'c']), merged(['b', 'c']));
    assert.deepEqual(lists(['b', 'c'], ['a', 'b'], ['b']), merged(['b', 'c']));
  });

  test('is what we made of it where both put something in the same place', () => {
    assert.deepEqual(lists(['b'], ['a'], ['c']), ours(['b']));
  });

  test('is what we made of it where either put it in another order, or has one twice', () => {
    assert.deepEqual(lists(['b', 'a'], ['a', 'b'], ['a', 'b', 'c']), ours(['b', 'a']));
    assert.deepEqual(lists(['a', 'b', 'c'], ['a', 'b'], ['b', 'a']), ours(['a', 'b', 'c']));
    assert.deepEqual(lists(['a', 'a'], ['a'], ['a', 'b']), ours(['a', 'a']));
  });

  test('does not become empty, which means all, where neither emptied it', () => {
    assert.deepEqual(lists(['a'], ['a', 'b'], ['b']), ours(['a']));
  });

  test('is none where one has no list at all, or one of objects', () => {
    assert.deepEqual(lists(['a', 'b'], ['a'], undefined), ours(['a', 'b']));
    assert.deepEqual(lists([{ a: 1 }], [], [{ b: 1 }]), ours([{ a: 1 }]));
  });
});

suite('addresses of a pool, for which there are two fields', () => {
  test('are in the one or the other, never in both', () => {
    const [one, several] = [{ address: 'A' }, { addresses: ['A', 'B'] }];
    assert.deepEqual(specs({ address: 'C' }, one, several), [{ addresses: ['C', 'B'] }, []]);
    assert.deepEqual(specs(several, one, { address: 'C' }), [{ addresses: ['B', 'C'] }, []]);
    assert.deepEqual(specs(one, several, { addresses: ['A', 'B', 'C'] }), [{ addresses: ['A', 'C'] }, []]);
    assert.deepEqual(specs({ addresses: ['A'] }, several, { address: 'A' }), [{ address: 'A' }, []]);
    assert.deepEqual(specs({ addresses: ['B', 'C'] }, { addresses: ['A', 'B', 'C'] }, several), [{ address: 'B' }, []]);
  });

  test('stay in the field where they are', () => {
    assert.deepEqual(specs({ addresses: ['A'], priority: 1 }, { addresses: ['A'] }, { addresses: ['A'], med: 1 }), [
      { med: 1, addresses: ['A'], priority: 1 },
      [],
    ]);
  });

  test('that both changed are named by the field that has them', () => {
    assert.deepEqual(specs({ address: 'B' }, { address: 'A' }, { address: 'C' }), [{ address: 'B' }, ['spec.address']]);
    const [mine, now] = [{ addresses: ['B', 'A'] }, { addresses: ['A', 'B', 'C'] }];
    assert.deepEqual(specs(mine, { addresses: ['A', 'B'] }, now), [mine, ['spec.addresses']]);
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
