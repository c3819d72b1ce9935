import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  MED_FIRST,
  MED_LEAVING,
  MED_OTHER,
  MED_OUTBIDDING,
  MED_STALE,
  MED_TAKEOVER,
  medOffset,
  retained,
  type LostReplica,
  type ReplicaView,
} from './med.ts';

/**
 * `a!` is one whose view is stale, `a?` one that has not met all nodes, `a+` one whose node is dead; `a@100` has said its offset, and
 * `a@200&100` fell silent together with one that had said 100.
 */
function word(marked: string): Omit<LostReplica, 'us'> {
  const [stale, newcomer, nodeIsDead] = [marked.includes('!'), marked.includes('?'), marked.includes('+')];
  const [name = '', med, ...beside] = marked.replace(/[!?+]/g, '').split(/[@&]/);
  const said = { med: med === undefined ? undefined : Number(med), beside: beside.map(Number) };
  return { name, stale, newcomer, nodeIsDead, ...said };
}

interface Rest extends Partial<Omit<ReplicaView, 'lost'>> {
  readonly lost?: readonly string[];
  /** What this one said of itself when those were lost; the same as now unless it is given. */
  readonly us?: LostReplica['us'];
}

/** The others answer. */
function offset(self: string, others: readonly string[], { lost = [], us, ...rest }: Rest = {}): number {
  const now = { told: [], stale: false, newcomer: false, leaving: false, ...rest };
  const then = us ?? { stale: now.stale, newcomer: now.newcomer };
  return medOffset({
    self,
    answering: others.map(word),
    lost: lost.map((other) => ({ ...word(other), us: then })),
    ...now,
  });
}

suite("a replica's MED", () => {
  // Other versions run beside this one during an upgrade: the figures are part of the protocol between them.
  test('figures', () => {
    assert.deepEqual(
      { MED_TAKEOVER, MED_OUTBIDDING, MED_FIRST, MED_OTHER, MED_STALE, MED_LEAVING },
      { MED_TAKEOVER: 0, MED_OUTBIDDING: 50, MED_FIRST: 100, MED_OTHER: 200, MED_STALE: 300, MED_LEAVING: 900 },
    );
  });

  test('alone: first', () => assert.equal(offset('a', []), 100));
  test('the first by name: first', () => assert.equal(offset('a', ['b', 'c']), 100));
  test('another: after it', () => assert.equal(offset('b', ['a', 'c']), 200));
  test('the last: no worse than the second', () => assert.equal(offset('c', ['a', 'b']), 200));
  test('whether it lists itself makes no difference', () => {
    assert.equal(offset('a', ['a', 'b']), 100);
    assert.equal(offset('b', ['a', 'b']), 200);
  });

  test('one of higher rank is lost: takes over', () => assert.equal(offset('b', [], { lost: ['a'] }), 0));
  test('of three, the first is lost: the second takes over, the third waits', () => {
    assert.equal(offset('b', ['c'], { lost: ['a'] }), 0);
    assert.equal(offset('c', ['b'], { lost: ['a'] }), 200);
  });
  test('of three, the second is lost: nothing changes', () => {
    assert.equal(offset('a', ['c'], { lost: ['b'] }), 100);
    assert.equal(offset('c', ['a'], { lost: ['b'] }), 200);
  });
  test('one of lower rank is lost: nothing to take over', () => assert.equal(offset('a', [], { lost: ['b'] }), 100));
  test('the lost one is forgotten: first, and no longer a takeover', () =>
    assert.equal(offset('b', [], { lost: [] }), 100));
  test('the lost one is back: second again', () => assert.equal(offset('b', ['a'], { lost: [] }), 200));
  test('the lost one answers, but has not announced yet: what routers retain of it still has to lose', () => {
    assert.equal(offset('b', ['a'], { lost: ['a'] }), 0);
    assert.equal(offset('c', ['a', 'b'], { lost: ['a'] }), 200);
  });

  test('stale: 300 worse than its rank among the stale', () => {
    assert.equal(offset('a', ['b'], { stale: true }), 400);
    assert.equal(offset('b', ['a'], { stale: true }), 400);
    assert.equal(offset('b', ['a!'], { stale: true }), 500);
    assert.equal(offset('b', [], { stale: true, lost: ['a'] }), 300);
  });
  test('stale, and the fresh first one is lost: no penalty against its retained paths once its node is dead', () => {
    const us = { stale: false, newcomer: false };
    assert.equal(offset('b', [], { stale: true, lost: ['a'], us }), 300);
    assert.equal(offset('b', [], { stale: true, lost: ['a+'], us }), 0);
    assert.equal(offset('b', ['c!'], { stale: true, lost: ['a+'], us }), 0);
    assert.equal(offset('c', ['b!'], { stale: true, lost: ['a+'], us }), 500);
  });
  test('stale, and another fresh one answers or may be alive: the penalty stays', () => {
    assert.equal(offset('b', ['c'], { stale: true, lost: ['a+'] }), 300);
    assert.equal(offset('b', [], { stale: true, lost: ['a+', 'c'] }), 300);
    assert.equal(offset('b', [], { stale: true, lost: ['a+', 'c!'] }), 0);
    assert.equal(offset('c', ['b!'], { lost: ['a+'] }), 0);
  });
  test('stale, and the fresh first one answers again: outbid until it has announced, then the penalty is back', () => {
    assert.equal(offset('b', ['a'], { stale: true, lost: ['a+'] }), 0);
    assert.equal(offset('b', ['a'], { stale: true }), 400);
  });
  test('stale, once the first: what the dead second one has said would win', () => {
    const us = { stale: false, newcomer: false };
    assert.equal(offset('a', [], { stale: true, lost: ['b+'], us }), 0);
    assert.equal(offset('a', [], { stale: true, lost: ['b'], us }), 400);
    assert.equal(offset('a', [], { stale: true, lost: ['b!+'], us }), 300);
  });
  test('fresh again: outbids the one that ranked first as long as routers may retain its paths', () =>
    assert.equal(offset('a', [], { lost: ['b'], us: { stale: true, newcomer: false } }), 0));
  test('of three, the first is stale: the second is first among the fresh, the third waits', () => {
    assert.equal(offset('b', ['a!', 'c']), 100);
    assert.equal(offset('c', ['a!', 'b']), 200);
  });
  test('all are stale: the order among them stays', () => {
    assert.equal(offset('a', ['b!', 'c!'], { stale: true }), 400);
    assert.equal(offset('b', ['a!', 'c!'], { stale: true }), 500);
  });
  test('one that has not met all nodes is no first while another has', () => {
    assert.equal(offset('a', ['b', 'c'], { newcomer: true }), 200);
    assert.equal(offset('b', ['a?', 'c']), 100);
    assert.equal(offset('c', ['a?', 'b']), 200);
  });
  test('nobody has met all nodes: the order stays', () => {
    assert.equal(offset('a', ['b?', 'c?'], { newcomer: true }), 100);
    assert.equal(offset('b', ['a?', 'c?'], { newcomer: true }), 200);
  });
  test('the last one that had is lost: the first of the others takes over, whatever their names', () => {
    assert.equal(offset('a', ['b?'], { newcomer: true, lost: ['c'] }), 0);
    assert.equal(offset('b', ['a?'], { newcomer: true, lost: ['c'] }), 200);
  });
  test('two that have not met all nodes lose each other: only one takes over', () => {
    assert.equal(offset('a', [], { newcomer: true, lost: ['b?'] }), 100);
    assert.equal(offset('b', [], { newcomer: true, lost: ['a?'] }), 0);
  });
  test('one that has met all nodes loses one that has not: nothing to take over', () => {
    assert.equal(offset('b', [], { lost: ['a?'] }), 100);
    assert.equal(offset('a', [], { newcomer: true, lost: ['b'] }), 0);
  });
  test('one that took over before it had met all nodes goes on outbidding when it has', () =>
    assert.equal(offset('a', [], { lost: ['c'], us: { stale: false, newcomer: true } }), 0));
  test('a fresh view counts for more than having met all nodes', () => {
    assert.equal(offset('a', ['b!'], { newcomer: true }), 100);
    assert.equal(offset('b', ['a?'], { stale: true }), 400);
  });
  test('leaving: the worst, whatever else', () => {
    assert.equal(offset('a', ['b'], { leaving: true }), 900);
    assert.equal(offset('b', [], { leaving: true, stale: true, lost: ['a'] }), 900);
  });
});

suite('the MED of a replica where lost ones have said theirs', () => {
  test('the lost first one has said its offset: the next one goes below, and below the one that took over before it', () => {
    assert.equal(offset('b', ['c'], { lost: ['a@100'] }), 49);
    assert.equal(offset('c', [], { lost: ['a@100', 'b@49'] }), 48);
    assert.equal(offset('c', [], { lost: ['b@49'] }), 48);
    assert.equal(offset('d', [], { lost: ['c@1'] }), 0);
  });
  test('there is no room below: the bottom', () => assert.equal(offset('c', [], { lost: ['b@0'] }), 0));
  test('one that never said its offset is lost: the bottom, whatever others said', () =>
    assert.equal(offset('c', [], { lost: ['a', 'b@49'] }), 0));
  test('a lost one of lower rank has taken over when it could not hear the first: outbid', () =>
    assert.equal(offset('a', [], { lost: ['b@49'] }), 48));
  test('a lost one was the second by its last word, and the first if it outlived the one before it', () => {
    assert.equal(offset('c', [], { lost: ['b@200'] }), 49);
    assert.equal(offset('c', [], { lost: ['a@100&200', 'b@200&100'] }), 48);
    assert.equal(offset('d', [], { lost: ['a@100&200&200', 'b@200&100&200', 'c@200&100&200'] }), 47);
    assert.equal(offset('a', [], { lost: ['b@200&200', 'c@200&200'] }), 100);
  });
  test('others say what they have lost: a new first one outbids it, another has nothing to do with it', () => {
    assert.equal(offset('a', ['b'], { told: [50] }), 49);
    assert.equal(offset('a', ['b'], { told: [50, 49] }), 48);
    assert.equal(offset('b', ['a'], { told: [50] }), 200);
    assert.equal(offset('a', ['b!'], { stale: true, told: [50] }), 400);
  });
  test('what others are told: whatever a first one would not win against', () => {
    const tells = (...lost: readonly string[]): unknown => {
      const us = { stale: false, newcomer: false };
      const view = { self: 'b', answering: [], told: [], stale: false, newcomer: false, leaving: false };
      return Object.fromEntries(retained({ ...view, lost: lost.map((other) => ({ ...word(other), us })) }));
    };
    assert.deepEqual(tells('a@100', 'c@49', 'd@200', 'e!@400'), { a: 50, c: 49 });
    assert.deepEqual(tells('a', 'c'), { a: 0 });
    assert.deepEqual(tells('a@100&200', 'c@200&100'), { a: 50, c: 49 });
  });
  test('stale, the stale first one is lost: below it among the stale', () => {
    assert.equal(offset('b', ['c!'], { stale: true, lost: ['a!@400'] }), 349);
    assert.equal(offset('c', [], { stale: true, lost: ['a!@400', 'b!@349'] }), 348);
    assert.equal(offset('b', [], { stale: true, lost: ['a@100'] }), 400);
    assert.equal(offset('b', [], { stale: true, lost: ['a@100+'] }), 49);
  });
  test('stale, a stale one is lost that ranked better at a router that hears no fresh one: all that stale ones can', () => {
    assert.equal(offset('c', ['d'], { stale: true, lost: ['a!@49'] }), 300);
    assert.equal(offset('a', ['d'], { stale: true, lost: ['c!@49'] }), 300);
    assert.equal(offset('a', [], { lost: ['c!@49'] }), 48);
  });
  test('fresh, a stale one is lost: nothing to outbid', () => assert.equal(offset('b', [], { lost: ['a!@400'] }), 100));
});

const names = ['a', 'b', 'c', 'd'] as const;
const state = fc.record({ up: fc.boolean(), stale: fc.boolean(), newcomer: fc.boolean(), leaving: fc.boolean() });
const cluster = fc.tuple(state, state, state, state);

suite('replicas that see the same', () => {
  test('fresh ones have exactly one winner, and no stale or leaving one ties with it', () => {
    fc.assert(
      fc.property(cluster, (states) => {
        const replicas = names.map((name, i) => ({
          name,
          ...(states[i] ?? { up: false, stale: false, newcomer: false, leaving: false }),
        }));
        const answering = replicas
          .filter(({ up, leaving }) => up && !leaving)
          .map(({ name, stale, newcomer }) => `${name}${stale ? '!' : ''}${newcomer ? '?' : ''}`);
        const lost = replicas.filter(({ up }) => !up).map(({ name, leaving }) => `${name}${leaving ? '+' : ''}`);
        const offsets = replicas
          .filter(({ up }) => up)
          .map((replica) => ({
            ...replica,
            offset: offset(replica.name, answering, { ...replica, lost }),
          }));
        fc.pre(offsets.length > 0);
        const best = Math.min(...offsets.map((replica) => replica.offset));
        const staying = offsets.filter(({ leaving }) => !leaving);
        const fresh = staying.filter(({ stale }) => !stale);
        const winners = offsets.filter((replica) => replica.offset === best);
        if (staying.length > 0) assert.equal(winners.length, 1);
        if (fresh.length > 0) assert.ok(winners.every(({ stale, leaving }) => !stale && !leaving));
        const knowing = fresh.filter(({ newcomer }) => !newcomer);
        if (knowing.length > 0) assert.ok(winners.every(({ newcomer }) => !newcomer));
      }),
    );
  });

  test('whoever wins when some have died with their nodes outbids what routers retain of them', () => {
    const knowledge = fc.record({ stale: fc.boolean(), newcomer: fc.boolean() });
    const fate = fc.record({ then: knowledge, now: knowledge, dies: fc.boolean() });
    fc.assert(
      fc.property(fc.tuple(fate, fate, fate, fate), fc.boolean(), (fates, said) => {
        const replicas = fates.map(({ then, now, dies }, i) => {
          const name = names[i] ?? '';
          return { name, then, now: { ...now, newcomer: now.newcomer && then.newcomer }, dies };
        });
        const marked = (name: string, { stale, newcomer }: LostReplica['us']): string =>
          `${name}${stale ? '!' : ''}${newcomer ? '?' : ''}`;
        const before = replicas.map(({ name, then }) => marked(name, then));
        const lost = replicas.filter(({ dies }) => dies);
        const living = replicas.filter(({ dies }) => !dies);
        fc.pre(lost.length > 0 && living.length > 0);
        const told = lost.map(({ name, then }) => offset(name, before, then));
        const answering = living.map(({ name, now }) => marked(name, now));
        const words = lost.map(({ name, then }, i) => `${marked(name, then)}+${said ? `@${told[i] ?? 0}` : ''}`);
        const offsets = living.map(({ name, then, now }) => offset(name, answering, { ...now, lost: words, us: then }));
        const best = Math.min(...offsets);
        assert.ok(best < Math.min(...told), `${best} against ${told.join()}`);
        const winners = living.filter((_, i) => offsets[i] === best);
        assert.equal(winners.length, 1);
        if (living.some(({ now }) => !now.stale)) assert.equal(winners[0]?.now.stale, false);
      }),
      { numRuns: 1_000 },
    );
  });

  test('all stale: the order remains', () => {
    for (let count = 1; count <= names.length; count++) {
      const answering = names.slice(0, count);
      const others = answering.map((name) => `${name}!`);
      const offsets = answering.map((name) => offset(name, others, { stale: true }));
      assert.equal(offsets.filter((value) => value === Math.min(...offsets)).length, 1);
      assert.equal(offsets[0], Math.min(...offsets));
    }
  });
});
