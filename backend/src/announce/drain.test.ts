import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { DrainSignal } from '../domain/node.ts';
import { aNode } from '../domain/testing/builders.ts';
import {
  drainBegan,
  drainedBecause,
  drainPhase,
  drainSignals,
  sparing,
  type AbleNode,
  type DrainPhase,
} from './drain.ts';

const WALL = Date.UTC(2026, 0, 2);
const at = { now: 60_000, wall: WALL };
const deleting: DrainSignal = { kind: 'deleting', since: WALL - 2_000 };
const toBeDeleted: DrainSignal = { kind: 'toBeDeleted', since: WALL - 5_000 };
const cordoned: DrainSignal = { kind: 'cordoned', since: undefined };

suite('what means a drain', () => {
  const kinds = (onCordon: boolean, ...signals: readonly DrainSignal[]): string[] =>
    drainSignals(aNode('n1', [], { drainSignals: signals }), { graceMs: 0, onCordon }).map(({ kind }) => kind);

  test('the taint and the deletion, always', () => {
    assert.deepEqual(kinds(false, deleting, toBeDeleted), ['deleting', 'toBeDeleted']);
    assert.deepEqual(kinds(false), []);
  });

  test('a cordon, where it is to', () => {
    assert.deepEqual(kinds(false, cordoned), []);
    assert.deepEqual(kinds(false, toBeDeleted, cordoned), ['toBeDeleted']);
    assert.deepEqual(kinds(true, cordoned), ['cordoned']);
  });
});

suite('a drain began', () => {
  test('when the object says so, by our own clock', () =>
    assert.equal(drainBegan([toBeDeleted], at, undefined), 55_000));
  test('at the first of several signals', () => {
    assert.equal(drainBegan([deleting, toBeDeleted, cordoned], at, undefined), 55_000);
  });
  test('now, if the object does not say', () => assert.equal(drainBegan([cordoned], at, undefined), 60_000));
  test('now, if by its time it has not begun: that clock is ahead of ours', () => {
    assert.equal(drainBegan([{ kind: 'deleting', since: WALL + 90_000 }], at, undefined), 60_000);
  });
  test('long ago', () => assert.equal(drainBegan([{ kind: 'deleting', since: 0 }], at, undefined), 60_000 - WALL));
  test('when it was first seen, whatever is said of it later', () => {
    assert.equal(drainBegan([cordoned], at, 20_000), 20_000);
    assert.equal(drainBegan([deleting, cordoned], at, 20_000), 20_000);
    assert.equal(drainBegan([deleting], at, 59_000), 58_000);
  });

  test('at one moment for all replicas whose clocks agree, whenever they ask', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1 });
    fc.assert(
      fc.property(ages, fc.nat(1_000_000), (when, laterMs) => {
        const signals = when.map((age): DrainSignal => ({ kind: 'toBeDeleted', since: WALL - age }));
        const later = { now: at.now + laterMs, wall: at.wall + laterMs };
        assert.equal(drainBegan(signals, at, undefined), drainBegan(signals, later, undefined));
      }),
    );
  });
});

test('a drain is over when the grace time is', () => {
  const phases = (graceMs: number): DrainPhase[] =>
    [0, 9_999, 10_000, 50_000].map((age) => drainPhase(1_000, 1_000 + age, { graceMs, onCordon: false }));
  assert.deepEqual(phases(10_000), ['draining', 'draining', 'drained', 'drained']);
  assert.deepEqual(phases(0), ['drained', 'drained', 'drained', 'drained']);
});

test('why a node is drained: what weighs most', () => {
  const why = (...signals: readonly DrainSignal[]): string =>
    drainedBecause(aNode('n1', [], { drainSignals: signals })).reason;
  assert.equal(why(deleting, toBeDeleted), 'NodeDeleting');
  assert.equal(why(toBeDeleted, cordoned), 'NodeToBeDeleted');
  assert.equal(why(cordoned), 'NodeCordoned');
  assert.deepEqual(drainedBecause(aNode('n1', [])).params, { node: 'n1' });
});

suite('whom a drain takes traffic from', () => {
  const nodes = ['n1', 'n2', 'n3'].map((name): AbleNode => ({ node: aNode(name, []), alive: true, ready: true }));
  const spared = (phases: Readonly<Record<string, DrainPhase>>): string => {
    const { chosen, draining, drained } = sparing(nodes, new Map(Object.entries(phases)));
    return [chosen, draining, drained].map((part) => part.map(({ name }) => name).join(' ')).join(' | ');
  };

  test('nobody', () => assert.equal(spared({}), 'n1 n2 n3 |  | '));
  test('a node of another address', () => assert.equal(spared({ n9: 'draining' }), 'n1 n2 n3 |  | '));
  test('one or two of three', () => {
    assert.equal(spared({ n2: 'draining' }), 'n1 n3 | n2 | ');
    assert.equal(spared({ n2: 'drained' }), 'n1 n3 |  | n2');
    assert.equal(spared({ n2: 'drained', n1: 'draining' }), 'n3 | n1 | n2');
  });
  test('nobody, where there is nobody else', () => {
    assert.equal(spared({ n1: 'draining', n2: 'drained', n3: 'draining' }), 'n1 n2 n3 |  | ');
    assert.equal(spared({ n1: 'drained', n2: 'drained', n3: 'drained' }), 'n1 n2 n3 |  | ');
  });

  const anyAble = fc
    .array(fc.record({ alive: fc.boolean(), ready: fc.boolean() }))
    .map((all) => all.map((each, i): AbleNode => ({ node: aNode(`n${i}`, []), ...each })));
  const drainsOf = (phases: readonly (DrainPhase | undefined)[]): Map<string, DrainPhase> =>
    new Map(phases.flatMap((phase, i) => (phase === undefined ? [] : [[`n${i}`, phase]])));
  const anyPhases = fc.array(fc.constantFrom<DrainPhase | undefined>(undefined, 'draining', 'drained'));

  test('everybody is somewhere, and whoever loses traffic loses it to one that is as good and stays', () => {
    fc.assert(
      fc.property(anyAble, anyPhases, (able, phases) => {
        const drains = drainsOf(phases);
        const { chosen, draining, drained } = sparing(able, drains);
        assert.equal(chosen.length + draining.length + drained.length, able.length);
        const staying = able.filter(({ node }) => chosen.includes(node) && !drains.has(node.name));
        for (const { node, alive, ready } of able.filter((each) => !chosen.includes(each.node))) {
          assert.ok(
            staying.some((other) => Number(other.alive) >= Number(alive) && Number(other.ready) >= Number(ready)),
          );
          assert.ok(drains.has(node.name));
        }
      }),
    );
  });

  test('nothing else is known of the nodes: all that drain, as soon as one stays', () => {
    fc.assert(
      fc.property(anyPhases, fc.boolean(), (phases, alive) => {
        const able = phases.map((_, i): AbleNode => ({ node: aNode(`n${i}`, []), alive, ready: true }));
        const drains = drainsOf(phases);
        const { chosen } = sparing(able, drains);
        const staying = able.flatMap(({ node }) => (drains.has(node.name) ? [] : [node]));
        assert.deepEqual(chosen, staying.length === 0 ? able.map(({ node }) => node) : staying);
      }),
    );
  });
});
