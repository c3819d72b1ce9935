import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AnsweringReplica } from '../health/tracked-replica.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { HeardSubnets } from './heard-subnets.ts';
import type { FromEngine } from './messages.ts';

function replica(name: string, node: string | undefined, ...prefixes: string[]): AnsweringReplica {
  const links = prefixes.length === 0 ? [] : [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes }];
  return { name, node, place: { links, towards: {} } } as unknown as AnsweringReplica;
}

class Bench {
  others: AnsweringReplica[] = [];
  isSettled = true;
  readonly clock = new FakeClock();
  readonly said: object[] = [];
  readonly heard: HeardSubnets;

  constructor(layer2 = true) {
    const replicas = { answering: () => this.others, isSettled: true };
    Object.defineProperty(replicas, 'isSettled', { get: () => this.isSettled });
    const post = (message: FromEngine): void => {
      if (message.type === 'subnets') this.said.push(Object.fromEntries(message.byNode));
    };
    this.heard = new HeardSubnets({ clock: this.clock, replicas, post }, { layer2 });
  }
}

suite('the subnets of other replicas', () => {
  test('are said by node when all who are there had the time to tell, also where there is nobody', () => {
    const bench = new Bench();
    bench.isSettled = false;
    bench.heard.update();
    assert.deepEqual(bench.said, []);
    bench.isSettled = true;
    bench.heard.update();
    assert.deepEqual(bench.said, [{}]);
  });
  test('are said again only when they are others', () => {
    const bench = new Bench();
    bench.others = [replica('b', 'n2', '192.0.2.7/24', 'fe80::7/64'), replica('a', 'n1', '198.51.100.7/24')];
    bench.heard.update();
    bench.others = [replica('a', 'n1', '198.51.100.9/24'), replica('b', 'n2', '192.0.2.8/24', '192.0.2.9/24')];
    bench.heard.update();
    assert.deepEqual(bench.said, [{ n1: ['198.51.100.0/24'], n2: ['192.0.2.0/24'] }]);
    bench.others = [replica('a', 'n1', '198.51.100.9/24')];
    bench.isSettled = false;
    bench.heard.update();
    assert.deepEqual(bench.said.at(-1), { n1: ['198.51.100.0/24'] });
  });
  test('of two on one node are those of both, and who names no node or speaks on no link says none', () => {
    const bench = new Bench();
    bench.others = [
      replica('a', 'n1', '192.0.2.7/24'),
      replica('b', 'n1', '198.51.100.7/24'),
      replica('c', undefined, '203.0.113.7/24'),
      replica('d', 'n2'),
    ];
    bench.heard.update();
    bench.clock.advance(1_000);
    assert.deepEqual(bench.said, [{ n1: ['192.0.2.0/24', '198.51.100.0/24'] }]);
  });
  test('are waited for where others start at the same time and speak on no link yet, but not for long', () => {
    const bench = new Bench();
    bench.others = [replica('a', 'n1'), replica('b', 'n2', '192.0.2.7/24')];
    bench.heard.update();
    bench.clock.advance(900);
    bench.heard.update();
    assert.deepEqual(bench.said, []);
    bench.others = [replica('a', 'n1', '198.51.100.7/24'), replica('b', 'n2', '192.0.2.7/24')];
    bench.heard.update();
    assert.deepEqual(bench.said, [{ n1: ['198.51.100.0/24'], n2: ['192.0.2.0/24'] }]);
    const other = new Bench();
    other.others = [replica('a', 'n1')];
    other.heard.update();
    other.clock.advance(1_000);
    assert.deepEqual(other.said, [{}]);
    const off = new Bench(false);
    off.others = [replica('a', 'n1')];
    off.heard.update();
    assert.deepEqual(off.said, [{}], 'nobody waits where Layer 2 is off');
  });
});
