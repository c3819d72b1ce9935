/** A drain takes traffic from a node only for one that is as good: what probes say of the others counts. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import { aNode, aPool } from '../domain/testing/builders.ts';
import type { InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS, N1, N2 } from './testing/shop.ts';

const GRACE = 10_000;
/** It takes no traffic, and answers probes. */
const CP = aNode('cp', ['10.0.0.9'], { excluded: true });

const BOTH = '10.0.0.1 10.0.0.2 med 100';
const WITHOUT_N1 = '10.0.0.2 med 100';
const MARKED_N1 = '10.0.0.2 10.0.0.1 (med 150 65535:0) med 100';

function tainted(node: Node): Node {
  return { ...node, drainSignals: [{ kind: 'toBeDeleted', since: undefined }] };
}

function nodes(...changed: readonly Node[]): InputDelta {
  return { nodes: new Map(changed.map((node) => [node.name, node])) };
}

function answers(bench: Bench, ...names: readonly string[]): void {
  for (const name of names) bench.health.set(name, 'alive');
  bench.engine.healthChanged();
}

function begun(options: ConstructorParameters<typeof Bench>[1] = {}, inputs: InputDelta = {}): Bench {
  const bench = new Bench('a', { drainGraceMs: GRACE, ...options });
  bench.engine.start({ ...INPUTS, nodes: new Map([N1, N2, CP].map((node) => [node.name, node])), ...inputs });
  answers(bench, 'cp');
  return bench;
}

function route(bench: Bench): string | undefined {
  return bench.speaker.announced()['r1']?.['192.0.2.1/32'];
}

suite('a node that answers, beside one that has not answered yet', () => {
  test('is as good as ever until that one answers, then nobody’s choice, and withdrawn if the grace time is over', () => {
    for (const [ms, then] of [
      [0, MARKED_N1],
      [GRACE, WITHOUT_N1],
    ] as const) {
      const bench = begun();
      answers(bench, 'n1');
      bench.engine.change(nodes(tainted(N1)));
      bench.clock.advance(ms);
      assert.equal(route(bench), BOTH);
      answers(bench, 'n2');
      bench.clock.advance(500);
      assert.equal(route(bench), then);
    }
  });

  test('is back when the other’s verdict is revoked', () => {
    const bench = begun();
    answers(bench, 'n1', 'n2');
    bench.engine.change(nodes(tainted(N1)));
    bench.clock.advance(GRACE);
    assert.equal(route(bench), WITHOUT_N1);
    bench.health.set('n2', 'unknown');
    bench.engine.healthChanged();
    bench.clock.advance(500);
    assert.equal(route(bench), BOTH);
  });

  test('many that answer one after the other are one change', () => {
    const many = Array.from({ length: 20 }, (_, i) => aNode(`m${i}`, [`10.0.1.${i + 1}`]));
    const bench = begun({}, nodes(N1, N2, CP, ...many));
    bench.engine.change(nodes(tainted(N1)));
    bench.speaker.takeCalls();
    answers(bench, 'n1');
    for (const { name } of many) answers(bench, name);
    bench.clock.advance(500);
    assert.deepEqual(
      bench.speaker.takeCalls().map(({ call }) => call),
      ['setRoutes'],
    );
  });

  test('no node drains: who answers changes nothing', () => {
    const bench = begun();
    bench.speaker.takeCalls();
    answers(bench, 'n1', 'n2');
    assert.deepEqual([bench.speaker.takeCalls(), bench.clock.pendingTimers], [[], 0]);
  });

  test('does not keep the engine from ending', async () => {
    const bench = begun();
    bench.engine.change(nodes(tainted(N1)));
    answers(bench, 'n1');
    await bench.engine.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('on a link: it keeps its addresses until then', () => {
    const pools = new Map([['public', aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' })]]);
    const bench = begun({ layer2: true }, { pools });
    const owners = (): readonly string[] | undefined => bench.linkWanted.get('192.0.2.1')?.nodes;
    answers(bench, 'n1');
    bench.engine.change(nodes(tainted(N1)));
    assert.deepEqual(owners(), ['n1', 'n2']);
    answers(bench, 'n2');
    bench.clock.advance(500);
    assert.deepEqual(owners(), ['n2']);
  });
});
