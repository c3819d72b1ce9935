import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DrainSignal, Node } from '../domain/node.ts';
import { aNode, aPool } from '../domain/testing/builders.ts';
import type { InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS, N1, N2 } from './testing/shop.ts';

const GRACE = 10_000;
const WEB = '192.0.2.1/32';
/** Where the clock of a bench starts. */
const EPOCH = Date.UTC(2026, 0, 1);

const BOTH = '10.0.0.1 10.0.0.2 med 100';
const WITHOUT_N1 = '10.0.0.2 med 100';
const MARKED_N1 = '10.0.0.2 10.0.0.1 (med 150 65535:0) med 100';

function tainted(node: Node, since?: number): Node {
  return { ...node, drainSignals: [{ kind: 'toBeDeleted', since }] };
}

function nodes(...changed: readonly Node[]): InputDelta {
  return { nodes: new Map(changed.map((node) => [node.name, node])) };
}

function gone(name: string): InputDelta {
  return { nodes: new Map([[name, null]]) };
}

function begun(options: ConstructorParameters<typeof Bench>[1] = {}, inputs: InputDelta = {}): Bench {
  const bench = new Bench('a', { drainGraceMs: GRACE, ...options });
  const all = { ...INPUTS, ...inputs };
  // All nodes have been met, so that no timer waits for that.
  for (const name of all.nodes?.keys() ?? []) bench.health.set(name, 'alive');
  bench.engine.start(all);
  bench.health.clear();
  return bench;
}

function route(bench: Bench): string | undefined {
  return bench.speaker.announced()['r1']?.[WEB];
}

suite('a node with the deletion taint', () => {
  test('is nobody’s choice at once, and is withdrawn when the grace time is over', () => {
    const bench = begun();
    assert.equal(route(bench), BOTH);
    bench.engine.change(nodes(tainted(N1)));
    assert.equal(route(bench), MARKED_N1);
    bench.clock.advance(GRACE - 1);
    assert.equal(route(bench), MARKED_N1);
    bench.clock.advance(1);
    assert.equal(route(bench), WITHOUT_N1);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('all addresses in one go, once more when it is over, and nothing in between', () => {
    const bench = begun();
    bench.speaker.takeCalls();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(10 * GRACE);
    const calls = bench.speaker.takeCalls().filter(({ call }) => call !== 'configure');
    assert.deepEqual(
      calls.map((call) => call.call),
      ['setRoutes', 'setRoutes'],
    );
  });

  test('is back at once without it, in the grace time and after it', () => {
    const bench = begun();
    for (const ms of [3_000, GRACE]) {
      bench.engine.change(nodes(tainted(N1)));
      bench.clock.advance(ms);
      bench.engine.change(nodes(N1));
      assert.equal(route(bench), BOTH);
      assert.equal(bench.clock.pendingTimers, 0);
    }
  });

  test('and again: the grace time is a whole one', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE - 1);
    bench.engine.change(nodes(N1));
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE - 1);
    assert.equal(route(bench), MARKED_N1);
  });

  test('changes in other ways meanwhile: the time goes on', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE / 2);
    bench.engine.change(nodes({ ...tainted(N1), labels: { rack: 'b' } }));
    bench.clock.advance(GRACE / 2);
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('dies in the grace time: withdrawn with the verdict', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.health.set('n1', 'dead');
    bench.engine.healthChanged();
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('without a grace time: withdrawn at once', () => {
    const bench = begun({ drainGraceMs: 0 });
    bench.engine.change(nodes(tainted(N1)));
    assert.equal(route(bench), WITHOUT_N1);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('where all nodes have it: announced as if none had it, however long; one that loses it takes over', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1), tainted(N2)));
    assert.equal(route(bench), BOTH);
    bench.clock.advance(100 * GRACE);
    assert.equal(route(bench), BOTH);
    bench.engine.change(nodes(N2));
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('where it is needed again, it is announced again, also after it was withdrawn', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE);
    bench.health.set('n2', 'dead');
    bench.engine.healthChanged();
    assert.equal(route(bench), '10.0.0.1 med 100');
  });

  test('two nodes after each other, each in its own time', () => {
    const n3 = aNode('n3', ['10.0.0.3']);
    const bench = begun({}, nodes(N1, N2, n3));
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(4_000);
    bench.engine.change(nodes(tainted(n3)));
    assert.equal(route(bench), '10.0.0.2 10.0.0.1 (med 150 65535:0) 10.0.0.3 (med 150 65535:0) med 100');
    bench.clock.advance(6_000);
    assert.equal(route(bench), '10.0.0.2 10.0.0.3 (med 150 65535:0) med 100');
    bench.clock.advance(4_000);
    assert.equal(route(bench), '10.0.0.2 med 100');
  });

  test('does not keep the engine from ending', async () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    await bench.engine.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });
});

suite('other signs that a node is about to go', () => {
  const signs: Readonly<Record<string, readonly DrainSignal[]>> = {
    'a deletion timestamp': [{ kind: 'deleting', since: undefined }],
    'a cordon': [{ kind: 'cordoned', since: undefined }],
  };
  for (const [name, drainSignals] of Object.entries(signs)) {
    test(`${name} does what the taint does`, () => {
      const bench = begun({ drainOnCordon: true });
      bench.engine.change(nodes({ ...N1, drainSignals }));
      assert.equal(route(bench), MARKED_N1);
      bench.clock.advance(GRACE);
      assert.equal(route(bench), WITHOUT_N1);
      bench.engine.change(nodes(N1));
      assert.equal(route(bench), BOTH);
    });
  }

  test('a cordon means nothing by default', () => {
    const bench = begun();
    bench.engine.change(nodes({ ...N1, drainSignals: [{ kind: 'cordoned', since: 0 }] }));
    bench.clock.advance(GRACE);
    assert.equal(route(bench), BOTH);
  });

  test('one after the other are one drain', () => {
    const bench = begun({ drainOnCordon: true });
    const signals: DrainSignal[] = [{ kind: 'cordoned', since: undefined }];
    bench.engine.change(nodes({ ...N1, drainSignals: signals }));
    bench.clock.advance(6_000);
    signals.unshift({ kind: 'toBeDeleted', since: EPOCH + 6_000 });
    bench.engine.change(nodes({ ...N1, drainSignals: [...signals] }));
    bench.clock.advance(4_000);
    assert.equal(route(bench), WITHOUT_N1);
  });
});

suite('the time in the object counts', () => {
  test('a replica that starts in the middle of a drain ends it with the others', () => {
    const drain = nodes(tainted(N1, EPOCH - 4_000), N2);
    const bench = begun({}, drain);
    assert.equal(route(bench), MARKED_N1);
    bench.clock.advance(6_000);
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('one that starts after it announces nothing through the node', () => {
    assert.equal(route(begun({}, nodes(tainted(N1, EPOCH - GRACE), N2))), WITHOUT_N1);
  });

  test('a clock that is ahead of ours gives no more than the grace time', () => {
    const bench = begun({}, nodes(tainted(N1, EPOCH + 3_600_000), N2));
    assert.equal(route(bench), MARKED_N1);
    bench.clock.advance(GRACE);
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('a time that comes later (the taint after a cordon) shortens it, and never makes it longer', () => {
    const bench = begun({ drainOnCordon: true });
    const cordoned = (since?: number): InputDelta => nodes({ ...N1, drainSignals: [{ kind: 'cordoned', since }] });
    bench.engine.change(cordoned());
    bench.engine.change(cordoned(EPOCH - 5_000));
    bench.clock.advance(2_000);
    bench.engine.change(cordoned(EPOCH + 2_000));
    bench.clock.advance(3_000);
    assert.equal(route(bench), WITHOUT_N1);
  });
});

suite('a node whose object is gone', () => {
  test('stays in the routes as nobody’s choice for the grace time, and is probed that long', () => {
    const bench = begun();
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), MARKED_N1);
    assert.deepEqual(bench.probed, { n1: '10.0.0.1', n2: '10.0.0.2' });
    bench.clock.advance(GRACE);
    assert.equal(route(bench), WITHOUT_N1);
    assert.deepEqual(bench.probed, { n2: '10.0.0.2' });
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('and that was dead before is not taken for alive', () => {
    const bench = begun();
    bench.health.set('n1', 'dead');
    bench.engine.healthChanged();
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('dies in the grace time: withdrawn with the verdict', () => {
    const bench = begun();
    bench.engine.change(gone('n1'));
    bench.health.set('n1', 'dead');
    bench.engine.healthChanged();
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('after it was drained: nothing more happens', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE);
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), WITHOUT_N1);
    assert.deepEqual(bench.probed, { n2: '10.0.0.2' });
  });

  test('in the middle of its drain: that goes on, and begins no new one', () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(6_000);
    bench.engine.change(gone('n1'));
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), MARKED_N1);
    bench.clock.advance(4_000);
    assert.equal(route(bench), WITHOUT_N1);
  });

  test('registers anew: back at once, and for good', () => {
    const bench = begun();
    bench.engine.change(gone('n1'));
    bench.engine.change(nodes(N1));
    assert.equal(route(bench), BOTH);
    bench.clock.advance(10 * GRACE);
    assert.equal(route(bench), BOTH);
  });

  test('was the last one: no route when the grace time is over', () => {
    const bench = begun({}, nodes(N1));
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), '10.0.0.1 med 100');
    bench.clock.advance(GRACE);
    assert.equal(route(bench), undefined);
  });

  test('without a grace time: withdrawn at once', () => {
    const bench = begun({ drainGraceMs: 0 });
    bench.engine.change(gone('n1'));
    assert.equal(route(bench), WITHOUT_N1);
    assert.deepEqual(bench.probed, { n2: '10.0.0.2' });
  });
});

suite('on a link', () => {
  const pools = new Map([['public', aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' })]]);
  const owners = (bench: Bench): readonly string[] | undefined => bench.linkWanted.get('192.0.2.1')?.nodes;

  test('a node that drains owns nothing from then on', () => {
    const bench = begun({ layer2: true }, { pools });
    assert.deepEqual(owners(bench), ['n1', 'n2']);
    bench.engine.change(nodes(tainted(N1)));
    assert.deepEqual(owners(bench), ['n2']);
    bench.engine.change(nodes(N1));
    assert.deepEqual(owners(bench), ['n1', 'n2']);
    bench.engine.change(gone('n1'));
    assert.deepEqual(owners(bench), ['n2']);
  });

  test('the last one keeps its addresses', () => {
    const bench = begun({ layer2: true }, { pools });
    bench.engine.change(nodes(tainted(N1), tainted(N2)));
    bench.clock.advance(GRACE);
    assert.deepEqual(owners(bench), ['n1', 'n2']);
  });
});

test('the log says which node drains, why and for how long, when that is over, and that it does no more', () => {
  const bench = begun();
  bench.engine.change(nodes(tainted(N1)));
  bench.engine.change(nodes({ ...tainted(N1), labels: { rack: 'b' } }));
  bench.clock.advance(10 * GRACE);
  bench.engine.change(nodes(N1));
  const lines = bench.logger.entries.filter(({ message }) => /drained|grace/.test(message));
  assert.deepEqual(
    lines.map(({ fields, message }) => [message, fields]),
    [
      ['node is being drained', { node: 'n1', why: ['toBeDeleted'], graceMs: GRACE }],
      ['grace time is over, next hops are withdrawn where others are left', { nodes: ['n1'] }],
      ['node is not being drained any more', { node: 'n1' }],
    ],
  );
});
