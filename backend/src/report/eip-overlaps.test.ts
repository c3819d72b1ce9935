import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PoolSet } from '../allocate/pool-set.ts';
import { Reserved } from '../allocate/reserved.ts';
import { aPool, range } from '../domain/testing/builders.ts';
import type { NewCondition } from './conditions.ts';
import { eipOverlapping } from './eip-overlaps.ts';

const OLD = aPool('old', ['192.0.2.0/24'], { createdAt: 1 });
const YOUNG = aPool('young', ['192.0.2.200-192.0.2.255', '10.96.0.0/24', '198.51.100.1'], { createdAt: 2 });
const RESERVED = new Reserved({
  nodes: new Map([
    ['192.0.2.7', 'n1'],
    ['198.51.100.1', 'n2'],
  ]),
  serviceRanges: [range('10.96.0.0/12')],
  subnets: [],
});

function overlapping(name: string, pools = [OLD, YOUNG], reserved?: Reserved): NewCondition | undefined {
  const set = new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), reserved);
  return eipOverlapping(name, set.overlaps(name), undefined, 4);
}

suite('the condition Overlapping of an Eip', () => {
  test('names both sides, the part, what follows and what to do, on both Eips', () => {
    for (const [name, message] of [
      ['old', /^The Eip old .*192\.0\.2\.200-192\.0\.2\.255 with the younger Eip young/],
      ['young', /^The Eip young .*192\.0\.2\.200-192\.0\.2\.255 with the older Eip old/],
    ] as const) {
      const condition = overlapping(name);
      assert.ok(condition);
      assert.deepEqual(
        [condition.type, condition.status, condition.reason, condition.observedGeneration],
        ['Overlapping', 'True', 'OverlapsEip', 4],
      );
      assert.match(condition.message, message);
      assert.match(condition.message, /older gives .* younger nothing.* end the overlap/);
    }
  });

  test('has the weightiest reason: an Eip before a Service range before a node', () => {
    const alone = aPool('young', ['10.96.0.0/24', '198.51.100.1']);
    const node = aPool('young', ['198.51.100.1']);
    const conditions = [[OLD, YOUNG], [alone], [node]].map((pools) => overlapping('young', pools, RESERVED));
    assert.deepEqual(
      conditions.map((condition) => condition?.reason),
      ['OverlapsEip', 'OverlapsServiceRange', 'OverlapsNode'],
    );
    const { message = '' } = overlapping('young', [OLD, YOUNG], RESERVED) ?? {};
    assert.match(message, /Service range 10\.96\.0\.0-10\.111\.255\.255/);
    assert.match(message, /198\.51\.100\.1 with the node n2/);
  });

  test('names five and counts the rest, whatever the length of names', () => {
    for (const length of [3, 253]) {
      const others = Array.from({ length: 50 }, (_, i) => aPool(`p${i}`.padEnd(length, 'x'), ['192.0.2.0/24']));
      const { message = '' } = overlapping('old', [OLD, ...others]) ?? {};
      assert.match(message, / and \d+ more\. /);
      assert.ok(message.length <= 1_536, `${message.length}`);
      const named = (message.match(/the (older|younger) Eip p/g) ?? []).length;
      assert.match(message, new RegExp(` and ${50 - named} more`));
      assert.ok(named >= 1 && named <= 5);
    }
  });

  test('is absent where nothing overlaps and nothing did, else False', () => {
    assert.equal(overlapping('old', [OLD]), undefined);
    const before = [{ type: 'Overlapping', status: 'True', reason: 'OverlapsNode', message: 'x' }];
    const after = eipOverlapping('old', [], before, 5);
    assert.deepEqual([after?.status, after?.reason], ['False', 'NoOverlap']);
    assert.deepEqual(eipOverlapping('old', [], [{ type: 'Ready', status: 'True' }], 5), undefined);
  });
});
