import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTERVAL_MS, MAX_UNSETTLED, RATE } from './nodes.ts';
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

test('a thousand nodes that fall silent together are asked no more often for that than the bound allows', () => {
  const bench = new ProbingBench(1_000);
  bench.prober.start();
  bench.clock.advance(6_000);
  const ended = (): number => Object.values(bench.prober.probes()).reduce((sum, count) => sum + count, 0);
  const before = ended();
  bench.all((address) => bench.nodes.kill(address));
  const seconds = 4;
  bench.clock.advance(seconds * 1_000);
  const perSecond = (ended() - before) / seconds;
  const hurried = (MAX_UNSETTLED * 1_000) / INTERVAL_MS;
  assert.ok(perSecond > RATE / 2 && perSecond <= 1.1 * (RATE + hurried), String(perSecond));
});
