import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTERVAL_MS } from './nodes.ts';
import { well } from './testing/fake-nodes.ts';
import { addressOf, ProbingBench } from './testing/probing-bench.ts';

test('the time from one probe of a node to the next is another one each time, by a twentieth at most', () => {
  const bench = new ProbingBench(3).started();
  const asked: number[] = [];
  bench.nodes.serve(addressOf(2), (path) => {
    asked.push(bench.clock.now());
    return well(path);
  });
  bench.clock.advance(60_000);
  const gaps = asked.slice(1).map((at, i) => at - (asked[i] ?? 0));
  assert.ok(gaps.length > 100);
  for (const gap of gaps) assert.ok(Math.abs(gap - INTERVAL_MS) <= INTERVAL_MS / 20 + 1, String(gap));
  const spread = Math.max(...gaps) - Math.min(...gaps);
  assert.ok(spread > INTERVAL_MS / 20, `from ${Math.min(...gaps)} to ${Math.max(...gaps)}`);
});
