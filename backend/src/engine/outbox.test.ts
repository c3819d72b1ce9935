import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { endpointsOn } from '../domain/testing/builders.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import type { InputDelta } from './messages.ts';
import { Outbox } from './outbox.ts';
import { holding, N1 } from './testing/shop.ts';

const ON_N1 = endpointsOn(['n1']);
/** As many as may come one right after the other. */
const FEW = ['one', 'two', 'three', 'four', 'five'];

function given(name: string): InputDelta {
  const key = `shop/${name}`;
  return { services: new Map([[key, holding(name, '192.0.2.1')]]), endpoints: new Map([[key, ON_N1]]) };
}

function taken(name: string): InputDelta {
  return { services: new Map([[`shop/${name}`, null]]), endpoints: new Map([[`shop/${name}`, null]]) };
}

/** The keys that each message names, in place of the message. */
class Bench {
  readonly clock = new FakeClock();
  readonly sent: string[] = [];
  readonly outbox = new Outbox({
    clock: this.clock,
    send: (delta) => {
      const keyed = [delta.services, delta.endpoints, delta.nodes].flatMap((changes) => [...(changes?.keys() ?? [])]);
      this.sent.push([...new Set(keyed)].join());
    },
  });

  /** Adds a delta, and lets the turn of the event loop end. */
  async add(delta: InputDelta): Promise<void> {
    this.outbox.add(delta);
    await this.turn();
  }

  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

suite('what the engine is told', () => {
  test('of a Service that comes alone, it hears at once', async () => {
    const bench = new Bench();
    await bench.add(given('a'));
    assert.deepEqual(bench.sent, ['shop/a']);
    bench.clock.advance(100);
    await bench.add(given('b'));
    assert.deepEqual(bench.sent, ['shop/a', 'shop/b']);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('of the first Service of a turn it hears within the turn, of the others together after it', async () => {
    const bench = new Bench();
    bench.outbox.add(given('a'));
    assert.deepEqual(bench.sent, ['shop/a']);
    for (const name of ['b', 'c']) bench.outbox.add(given(name));
    assert.deepEqual(bench.sent, ['shop/a']);
    await bench.turn();
    assert.deepEqual(bench.sent, ['shop/a', 'shop/b,shop/c']);
    bench.outbox.add(given('d'));
    assert.deepEqual(bench.sent.at(-1), 'shop/d');
  });

  test('nothing of an object that was made anew within a turn but what it is now', async () => {
    const bench = new Bench();
    bench.outbox.add(taken('a'));
    bench.outbox.add(given('a'));
    assert.deepEqual(bench.sent, []);
    await bench.turn();
    assert.deepEqual(bench.sent, ['shop/a']);
  });

  test('of the first few it hears at once, one after the other', async () => {
    const bench = new Bench();
    for (const name of FEW) {
      await bench.add(given(name));
      bench.clock.advance(5);
    }
    assert.deepEqual(
      bench.sent,
      FEW.map((name) => `shop/${name}`),
    );
  });

  test('of a burst, it hears ten times a second', async () => {
    const bench = new Bench();
    for (const name of FEW) await bench.add(given(name));
    bench.sent.length = 0;
    for (let i = 0; i < 100; i++) {
      await bench.add(given(`burst-${i}`));
      bench.clock.advance(10);
    }
    assert.equal(bench.sent.length, 10);
    // One that comes when all is calm again is on its own.
    bench.clock.advance(1_000);
    bench.sent.length = 0;
    await bench.add(given('late'));
    assert.deepEqual(bench.sent, ['shop/late']);
  });

  test('of a Service that comes after much that could not wait, it hears within a tenth of a second', async () => {
    const bench = new Bench();
    for (let i = 0; i < 50; i++) await bench.add(taken(`gone-${i}`));
    bench.sent.length = 0;
    await bench.add(given('a'));
    bench.clock.advance(100);
    assert.deepEqual(bench.sent, ['shop/a']);
  });

  const urgent: readonly [what: string, delta: InputDelta, key: string][] = [
    ['a Service that lost its address', taken('a'), 'shop/a'],
    ['endpoints that moved', { endpoints: new Map([['shop/a', ON_N1]]) }, 'shop/a'],
    ['a node', { nodes: new Map([['n1', N1]]) }, 'n1'],
  ];
  for (const [what, delta, key] of urgent) {
    test(`of ${what}, it hears at once, and of what came before`, async () => {
      const bench = new Bench();
      for (const name of FEW) await bench.add(given(name));
      bench.sent.length = 0;
      await bench.add(given('y'));
      assert.equal(bench.sent.join(), '');
      await bench.add(delta);
      assert.equal(bench.sent.length, 1);
      assert.deepEqual(new Set(bench.sent[0]?.split(',')), new Set(['shop/y', key]));
      bench.clock.advance(1_000);
      assert.equal(bench.sent.length, 1);
    });
  }

  test('is forgotten when all of it is part of something else', async () => {
    const bench = new Bench();
    for (const name of FEW) await bench.add(given(name));
    bench.sent.length = 0;
    await bench.add(given('b'));
    bench.outbox.clear();
    bench.clock.advance(1_000);
    assert.deepEqual(bench.sent, []);
  });
});
