import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rank } from '../announce/rendezvous.ts';
import { aNode } from '../domain/testing/builders.ts';
import type { AddressReport } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS, started } from './testing/shop.ts';

function nodes(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `n${String(i + 1).padStart(3, '0')}`);
}

/** What is reported where there are these nodes. */
function reportsOn(names: readonly string[]): AddressReport[] {
  const bench = new Bench();
  bench.engine.start({ ...INPUTS, nodes: new Map(names.map((name, i) => [name, aNode(name, [`10.0.0.${i + 1}`])])) });
  return [...bench.reported().values()];
}

suite('of the nodes of an address is reported', () => {
  test('all of a few, as routers prefer them', () => {
    const names = nodes(8);
    for (const report of reportsOn(names)) {
      assert.deepEqual(report.nodes, rank(report.ip, names));
      assert.equal(report.first, undefined);
    }
  });

  test('of many the first as routers prefer them, and all in one list for all addresses', () => {
    const names = nodes(9);
    const reports = reportsOn(names);
    assert.equal(reports.length, 2);
    for (const { ip, nodes: all, first } of reports) {
      assert.deepEqual(all, names);
      assert.deepEqual(first, rank(ip, names).slice(0, 8));
    }
    assert.equal(reports[0]?.nodes, reports[1]?.nodes);
  });

  test('one list also where addresses are decided later, together', () => {
    const names = nodes(9);
    const all = new Map(names.map((name, i) => [name, aNode(name, [`10.0.0.${i + 1}`])]));
    const bench = started({ ...INPUTS, services: new Map(), nodes: all });
    bench.engine.change({ services: INPUTS.services ?? new Map() });
    const [first, second, ...others] = [...bench.reported().values()];
    assert.deepEqual([first?.nodes, others], [names, []]);
    assert.equal(first?.nodes, second?.nodes);
  });
});
