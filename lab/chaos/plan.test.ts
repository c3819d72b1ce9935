import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { isInstant, nameOf, nodeOf, type Batch, type FaultKind, type ServicePlan } from './faults.ts';
import { afterwards, batches, timeline } from './plan.ts';

const size = {
  nodes: ['n1', 'n2', 'n3'],
  routers: ['r1', 'r2'],
  services: [{ name: 'web', policy: 'Local', nodes: ['n1'] }] as const,
};

function first(count: number, seed: number): Batch[] {
  const all = batches(seed, size);
  return Array.from({ length: count }, () => all.next().value);
}

/** Of any seed: each batch of the first few, with those before it. */
function ofEach(check: (batch: Batch, before: readonly Batch[]) => void): void {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const all = first(12, seed);
      for (const [i, batch] of all.entries()) check(batch, all.slice(0, i));
    }),
    { numRuns: 300 },
  );
}

suite('a plan of faults', () => {
  test('is the same for the same seed, and another for another', () => {
    fc.assert(fc.property(fc.integer(), (seed) => assert.deepEqual(first(5, seed), first(5, seed))));
    assert.notDeepEqual(first(5, 1), first(5, 2));
  });

  test('is frozen: a seed that was written down tells the same story later', () => {
    assert.deepEqual(
      first(2, 7).flatMap(({ faults }) => faults.map(({ fault }) => fault.kind)),
      frozen,
    );
  });

  test('has something in every batch, and comes to each of its faults within twenty, whatever the seed', () => {
    const names = new Set(first(400, 1).flatMap(({ faults }) => faults.map(({ fault }) => nameOf(fault))));
    assert.deepEqual(
      [
        names.size,
        ['packets-lost', 'clock-set back', 'api-troubled expired', 'api-troubled raced'].filter(
          (name) => !names.has(name),
        ),
      ],
      [39, []],
    );
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const all = first(20, seed);
        const found = new Set(all.flatMap(({ faults }) => faults.map(({ fault }) => nameOf(fault))));
        assert.deepEqual(
          [...names].filter((name) => !found.has(name)),
          [],
        );
        for (const { faults } of all) assert.ok(faults.length > 0);
      }),
      { numRuns: 60 },
    );
  });

  test('lets two batches judge everything: a node is without power for long, and then a router loses its routes', () => {
    ofEach((batch, before) => {
      if (before.length % 3 === 0) {
        const deaths = batch.faults.filter(({ fault }) => fault.kind === 'node-off');
        assert.ok(deaths.some(({ from, to }) => to - from >= 5_000));
      }
      if (before.length % 3 === 1) {
        assert.ok(batch.faults.some(({ fault: { kind } }) => /^router-(restarted|crashed|away)$/.test(kind)));
      }
    });
  });

  test('heals what lasts, within 22 s, and nothing else', () => {
    ofEach((batch) => {
      const open = new Set<unknown>();
      for (const { at, what, fault } of timeline(batch)) {
        assert.ok(at <= 22_000);
        if (what === 'heal') assert.ok(open.delete(fault), 'begins before it ends');
        else if (!isInstant(fault)) open.add(fault);
      }
      assert.equal(open.size, 0);
    });
  });

  test('leaves one node, its replica and its sessions alone in every batch', () => {
    ofEach(({ faults }) => {
      const hit = new Set(faults.map(({ fault }) => nodeOf(fault)));
      assert.ok(size.nodes.some((node) => !hit.has(node)));
    });
  });

  test('a node that meets no other while a router hears one replica after the other again is never in a plan', () => {
    ofEach(({ faults }) => {
      const kinds = faults.map(({ fault }) => fault.kind);
      if (kinds.includes('node-apart')) assert.ok(!kinds.some((kind) => /^router-/.test(kind)));
    });
  });

  test('changes no object while nobody can', () => {
    ofEach(({ faults }) => {
      const found = faults.map(({ fault }) => fault);
      if (!found.some(({ kind }) => kind === 'api-down')) return;
      for (const fault of found) assert.ok(!('service' in fault) && !('name' in fault) && !('of' in fault), fault.kind);
    });
  });

  test('creates no Service twice, and deletes and moves only those that are there; those of the start stay', () => {
    ofEach((batch, before) => {
      const start: readonly ServicePlan[] = size.services;
      const earlier = before.flatMap(({ faults }) => faults.map(({ fault }) => fault));
      const there = earlier.reduce(afterwards, start).map(({ name }) => name);
      for (const { fault } of batch.faults) {
        if (fault.kind === 'service-created') assert.ok(!there.includes(fault.service.name));
        if (fault.kind === 'endpoints-moved') assert.ok(there.includes(fault.service.name));
        if (fault.kind === 'service-deleted') assert.ok(there.includes(fault.name) && fault.name !== 'web');
      }
    });
  });

  test('knows who is there after a fault, and where the endpoints are', () => {
    const web: ServicePlan = { name: 'web', policy: 'Local', nodes: ['n1'] };
    const guest: ServicePlan = { name: 'guest', policy: 'Cluster', nodes: ['n2'] };
    assert.deepEqual(afterwards([web], { kind: 'service-created', service: guest }), [web, guest]);
    assert.deepEqual(afterwards([web, guest], { kind: 'service-deleted', name: 'guest' }), [web]);
    const moved = { ...web, nodes: ['n3'] };
    assert.deepEqual(afterwards([web, guest], { kind: 'endpoints-moved', service: moved }), [moved, guest]);
    assert.deepEqual(afterwards([web], { kind: 'api-down' }), [web]);
  });
});

const frozen: FaultKind[] = [
  ...(['node-off', 'replica-suspended', 'endpoints-moved'] as const),
  ...(['router-away', 'api-troubled', 'api-troubled'] as const),
];
