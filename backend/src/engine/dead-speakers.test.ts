import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { selfMedOffset } from '../announce/next-hop-self.ts';
import type { DrainPhase } from '../announce/drain.ts';
import type { NodeHealth } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import { aNode } from '../domain/testing/builders.ts';
import { DeadSpeakers } from './dead-speakers.ts';

/** Nodes of which these are dead; the others answer. */
function cluster(
  dead: readonly string[],
  ...more: Node[]
): { nodes: Map<string, Node>; health: Map<string, NodeHealth>; drains: Map<string, DrainPhase> } {
  const nodes = [...['n1', 'n2', 'n3'].map((name, i) => aNode(name, [`10.0.0.${i + 1}`])), ...more];
  return {
    nodes: new Map(nodes.map((node) => [node.name, node])),
    health: new Map(nodes.map(({ name }) => [name, dead.includes(name) ? 'dead' : 'alive'])),
    drains: new Map(),
  };
}

const gone = (...names: string[]): Set<string> => new Set(names);

suite('deaths of machines with a replica', () => {
  test('are none while the machine works, or a dead one has left nothing', () => {
    const speakers = new DeadSpeakers();
    assert.equal(speakers.deaths(gone('n1'), cluster([])), 0);
    assert.equal(speakers.deaths(gone(), cluster(['n1'])), 0);
    const excluded = aNode('cp', ['10.0.0.9'], { excluded: true });
    assert.equal(speakers.deaths(gone('cp'), cluster(['cp'], excluded)), 0);
  });

  test('are none where the replica had withdrawn all before, also when the Node object is deleted', () => {
    const excluded = aNode('n4', ['10.0.0.4'], { excluded: true });
    const drained = { ...cluster([], aNode('n4', ['10.0.0.4'])), drains: new Map([['n4', 'drained' as const]]) };
    for (const before of [cluster([], excluded), drained]) {
      const atOnce = new DeadSpeakers();
      assert.equal(atOnce.deaths(gone(), before, new Set(['n4'])), 0);
      assert.equal(atOnce.deaths(gone(), cluster([]), new Set(['n4'])), 0, 'its Pod outlives its Node');
      assert.equal(atOnce.deaths(gone('n4'), cluster([])), 0);
      const later = new DeadSpeakers();
      assert.equal(later.deaths(gone('n4'), before), 0);
      assert.equal(later.deaths(gone('n4'), cluster([])), 0);
    }
  });

  test('are not undone by what is decided about the node later, when no replica is there to withdraw', () => {
    const speakers = new DeadSpeakers();
    assert.equal(speakers.deaths(gone(), cluster([]), new Set(['n1'])), 0);
    assert.equal(speakers.deaths(gone('n1'), cluster(['n1'])), 1);
    const excluded = cluster(['n1'], aNode('n1', ['10.0.0.1'], { excluded: true }));
    assert.equal(speakers.deaths(gone('n1'), excluded), 1);
    assert.equal(speakers.deaths(gone('n1'), { ...cluster(['n1']), drains: new Map([['n1', 'drained']]) }), 1);
  });

  test('count again for a node whose replica is back in between', () => {
    const speakers = new DeadSpeakers();
    const excluded = cluster([], aNode('n1', ['10.0.0.1'], { excluded: true }));
    assert.equal(speakers.deaths(gone('n1'), excluded), 0);
    assert.equal(speakers.deaths(gone(), cluster([]), new Set(['n1'])), 0);
    assert.equal(speakers.deaths(gone('n1'), cluster(['n1'])), 1);
  });

  test('are found by probes, else by Kubernetes, or by the object that is gone', () => {
    assert.equal(new DeadSpeakers().deaths(gone('n1'), cluster(['n1'])), 1);
    const notReady = { ...cluster([], aNode('n4', ['10.0.0.4'], { ready: false })), health: new Map() };
    assert.equal(new DeadSpeakers().deaths(gone('n4'), notReady), 1);
    assert.equal(new DeadSpeakers().deaths(gone('n9'), cluster([])), 1);
  });

  test('count on as long as any of them is known, so that the later one stays outbid when the earlier one is over', () => {
    const speakers = new DeadSpeakers();
    assert.equal(speakers.deaths(gone('n1'), cluster(['n1'])), 1);
    assert.equal(speakers.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(speakers.deaths(gone('n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(speakers.deaths(gone(), cluster(['n1'])), 0);
  });

  test('are as many for those that notice them together or in another order', () => {
    const [one, other] = [new DeadSpeakers(), new DeadSpeakers()];
    one.deaths(gone('n2'), cluster(['n2']));
    assert.equal(one.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(other.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
  });
});

const RETENTION = 210;
const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'];

interface Running {
  readonly since: number;
  readonly speakers: DeadSpeakers;
  /** When it missed others. */
  readonly missed: Map<string, number>;
}

/** What a router has of a replica on each machine, each told of its own machine alone. */
class Site {
  now = 0;
  readonly running = new Map<string, Running>();
  readonly router = new Map<string, { readonly med: number; readonly until: number }>();

  /** Whether one would be left that was there when the machines died of which the router has something left. */
  canDie(name: string): boolean {
    if (!this.running.has(name)) return false;
    const left = [...this.running].filter(([other]) => other !== name);
    const deaths = [...this.router.values()].filter(({ until }) => until < Infinity);
    return left.some(([, { since }]) => deaths.every(({ until }) => since < until - RETENTION));
  }

  start(name: string): void {
    if (this.running.has(name)) return;
    this.running.set(name, { since: this.now, speakers: new DeadSpeakers(), missed: new Map() });
    for (const { missed } of this.running.values()) missed.delete(name);
    this.#announce();
  }

  die(name: string): void {
    if (!this.canDie(name)) return;
    this.running.delete(name);
    const { med = 0 } = this.router.get(name) ?? {};
    this.router.set(name, { med, until: this.now + RETENTION });
    for (const { missed } of this.running.values()) missed.set(name, this.now);
    this.#announce();
  }

  pass(time: number): void {
    for (let i = 0; i < time; i += 10) {
      this.now += 10;
      for (const [name, { until }] of this.router) if (until <= this.now) this.router.delete(name);
      this.#announce();
    }
  }

  #announce(): void {
    const dead = NAMES.filter((name) => !this.running.has(name));
    for (const [name, { speakers, missed }] of this.running) {
      for (const [other, at] of missed) if (this.now - at >= RETENTION) missed.delete(other);
      const deaths = speakers.deaths(new Set(missed.keys()), cluster(dead, aNode('n4', []), aNode('n5', [])));
      const med = selfMedOffset({ self: name, answering: [], lost: [], stale: false, deaths });
      this.router.set(name, { med, until: Infinity });
    }
  }

  /** The machines that the router forwards to. */
  winners(): string[] {
    const best = Math.min(...[...this.router.values()].map(({ med }) => med));
    return [...this.router].filter(([, { med }]) => med === best).map(([name]) => name);
  }
}

const event = fc.oneof(
  fc.record({ does: fc.constant('die' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ does: fc.constant('start' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({ does: fc.constant('pass' as const), time: fc.integer({ min: 10, max: 300 }) }),
);

test('a router forwards to no dead machine, whatever dies and comes back, as long as one is left that saw it', () => {
  let deaths = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const site = new Site();
      for (const name of NAMES) site.start(name);
      assert.deepEqual(site.winners(), NAMES);
      site.pass(10);
      for (const each of events) {
        if (each.does === 'pass') site.pass(each.time);
        else {
          deaths += each.does === 'die' && site.canDie(each.name) ? 1 : 0;
          site[each.does](each.name);
        }
        for (const winner of site.winners()) assert.ok(site.running.has(winner), `${winner} at ${site.now}`);
      }
      site.pass(RETENTION);
      assert.deepEqual(site.winners().sort(), [...site.running.keys()].sort(), 'all are equal again');
    }),
  );
  assert.ok(deaths > 50, `${deaths} deaths`);
});
