/**
 * What is announced depends on the current state alone, once what drains is drained. Named states with their full expected announcements are put in sequence, each
 * sequence is driven in several ways through an engine, and whatever the way, what the routers have at the end is what the last
 * state says, which is also what a fresh engine makes of that state.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { DrainSignal, Node } from '../domain/node.ts';
import { coalesce } from './coalesce.ts';
import type { AddressReport, Changes, InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { EMPTY, SEQUENCES, STATES, type ClusterState } from './testing/cluster-states.ts';

const KINDS = ['services', 'endpoints', 'nodes', 'pools', 'peers'] as const;

/** The values of one kind that differ between two states. */
function changesOf<T>(from: Readonly<Record<string, T>>, to: Readonly<Record<string, T>>): Map<string, T | null> {
  const changes = new Map<string, T | null>();
  for (const key of Object.keys(from)) if (!(key in to)) changes.set(key, null);
  for (const [key, value] of Object.entries(to)) if (from[key] !== value) changes.set(key, value);
  return changes;
}

function reversed<T>(changes: Changes<T>): Changes<T> {
  return new Map([...changes].reverse());
}

function delta(from: ClusterState, to: ClusterState): InputDelta {
  const parts = KINDS.map((kind) => [kind, changesOf<unknown>(from[kind], to[kind])] as const);
  const changed = Object.fromEntries(parts.filter(([, changes]) => changes.size > 0)) as InputDelta;
  return from.settings === to.settings ? changed : { ...changed, settings: to.settings };
}

/** All that a state holds, said again. */
const whole = (state: ClusterState): InputDelta => delta(EMPTY, state);

/** The changes of a delta one at a time, in an order of its own: no message says "all of this at once". */
function split(changes: InputDelta): InputDelta[] {
  const parts = [...KINDS].reverse().flatMap((kind) => {
    const entries = [...(changes[kind] ?? new Map<string, unknown>())];
    return entries.map(([key, value]) => ({ [kind]: new Map([[key, value]]) }));
  });
  return changes.settings === undefined ? parts : [...parts, { settings: changes.settings }];
}

function keysReversed(changes: InputDelta): InputDelta {
  const entries = Object.entries(changes).map(([kind, value]) => [
    kind,
    value instanceof Map ? reversed(value) : value,
  ]);
  return Object.fromEntries(entries.reverse()) as InputDelta;
}

const steps = (states: readonly ClusterState[]): InputDelta[] =>
  states.map((state, i) => delta(states[i - 1] ?? EMPTY, state));

/** Ways to drive a sequence: the states in between, then the messages that bring the engine there. */
const EXPANSIONS: Readonly<Record<string, (states: readonly ClusterState[]) => InputDelta[]>> = {
  'as it is': steps,
  'keys in reverse order': (states) => steps(states).map(keysReversed),
  'an empty cluster in between': (states) => steps(states.flatMap((state) => [EMPTY, state])),
  'one change at a time': (states) => steps(states).flatMap(split),
  'all in one message': (states) => [steps(states).reduce(coalesce, {})],
  'two by two': (states) => {
    const all = steps(states);
    return all.flatMap((each, i) => (i % 2 === 1 ? [] : [coalesce(each, all[i + 1] ?? {})]));
  },
  'everything said twice': (states) =>
    states.flatMap((state, i) => [delta(states[i - 1] ?? EMPTY, state), whole(state)]),
};

/** `<Services> <reason> <nodes>`, and who does not get it. */
function reportText({ services, younger, finding, nodes }: AddressReport): string {
  const refused = younger.length === 0 ? [] : [`(not ${younger.join(' ')})`];
  return [services.join('+'), finding.reason, ...nodes, ...refused].join(' ');
}

interface Outcome {
  readonly announced: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly reports: Readonly<Record<string, string>>;
}

/** What the network and the main thread know at the end. */
function outcome(bench: Bench): Outcome {
  return {
    announced: bench.speaker.announced(),
    reports: Object.fromEntries([...bench.reported()].map(([ip, report]) => [ip, reportText(report)])),
  };
}

/** A node that goes may stay in the routes for this long. */
const GRACE_MS = 10_000;

function run(deltas: readonly InputDelta[], first: InputDelta = {}): Outcome {
  const bench = new Bench('a', { drainGraceMs: GRACE_MS });
  bench.engine.start(first);
  for (const each of deltas) bench.engine.change(each);
  bench.clock.advance(GRACE_MS);
  return outcome(bench);
}

function fresh(inputs: InputDelta): Outcome {
  return run([], inputs);
}

function names(states: readonly ClusterState[]): string {
  return states.map(({ name }) => name).join(' > ');
}

function assertEndsAs(
  states: readonly ClusterState[],
  expand: (states: readonly ClusterState[]) => InputDelta[],
): void {
  const last = states.at(-1) ?? EMPTY;
  assert.deepEqual(run(expand(states)), { announced: last.announced, reports: last.reports }, names(states));
}

suite('a fresh engine announces', () => {
  for (const state of STATES) {
    test(state.name, () =>
      assert.deepEqual(fresh(whole(state)), { announced: state.announced, reports: state.reports }),
    );
  }
});

for (const [how, expand] of Object.entries(EXPANSIONS)) {
  suite(`only the last state counts, ${how}`, () => {
    for (const sequence of SEQUENCES) {
      test(names(sequence), () => assertEndsAs(sequence, expand));
      test(`backwards: ${names([...sequence].reverse())}`, () => assertEndsAs([...sequence].reverse(), expand));
    }

    test('every state after every other', () => {
      for (const before of STATES) for (const after of STATES) assertEndsAs([before, after], expand);
    });
  });
}

test('only the last state counts, for any sequence of states, each way of telling chosen at random', () => {
  const anyStates = fc.array(fc.constantFrom(...STATES), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(anyStates, fc.constantFrom(...Object.values(EXPANSIONS)), (states, expand) =>
      assertEndsAs(states, expand),
    ),
    { numRuns: 500 },
  );
});

test('mixed states that nobody wrote down: a path of changes ends as a fresh engine starts', () => {
  const signal = fc.record(
    {
      kind: fc.constantFrom<DrainSignal['kind']>('deleting', 'toBeDeleted', 'cordoned'),
      since: fc.option(fc.integer({ min: 0, max: 2 * Date.UTC(2026, 0, 1) }), { nil: undefined }),
    },
    { noNullPrototype: true },
  );
  const signals = fc.array(signal, { maxLength: 1 });
  const mixed = fc
    .record(Object.fromEntries(KINDS.map((kind) => [kind, fc.constantFrom(...STATES)] as const)), {
      noNullPrototype: true,
    })
    .chain((of) =>
      fc.tuple(fc.constantFrom(...STATES), signals, signals).map(([{ settings }, first, others]): ClusterState => {
        const parts = Object.fromEntries(KINDS.map((kind) => [kind, of[kind]?.[kind] ?? {}]));
        const nodes = Object.values(of.nodes?.nodes ?? {}).map((node): [string, Node] => {
          return [node.name, { ...node, drainSignals: node.name === 'n1' ? first : others }];
        });
        return { ...EMPTY, ...parts, nodes: Object.fromEntries(nodes), settings, name: 'mixed' };
      }),
    );
  const path = fc.array(mixed, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(path, fc.constantFrom(...Object.values(EXPANSIONS)), (states, expand) => {
      assert.deepEqual(run(expand(states)), fresh(whole(states.at(-1) ?? EMPTY)));
    }),
    { numRuns: 300 },
  );
});
