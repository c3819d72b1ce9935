import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeLan } from '../speakers/layer2/testing/fake-lan.ts';
import { FakeClock } from './fake/clock.ts';
import { FakeLogger } from './fake/logger.ts';
import type { Link, LinkLayer } from './ports.ts';
import { UsableLinks } from './usable-links.ts';

const events = { onFrame: () => undefined, onGone: () => undefined };

function link(index: number, name: string): Link {
  return {
    index,
    name,
    mac: Uint8Array.of(2, 0, 0, 0, 0, index),

    up: true,
    prefixes: [`192.0.${index}.1/24`],
  };
}

class Bench {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  readonly lan = new FakeLan();
  /** Failures of the next attempts to read the links. */
  readonly failures: string[] = [];
  readonly usable = new UsableLinks({ clock: this.clock, logger: this.logger, connect: () => this.#connect() });
  told = 0;

  constructor() {
    this.lan.put(link(1, 'eth0'));
    this.lan.put(link(2, 'eth1'));
    this.usable.watch(() => this.told++);
  }

  get names(): string[] {
    return this.usable.links().map(({ name }) => name);
  }

  async #connect(): Promise<LinkLayer> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw new Error(failure);
    return this.lan;
  }
}

/** Lets promises that are settled already be followed. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

suite('links that can be used', () => {
  test('are all that there are, where each can be opened', async () => {
    const bench = new Bench();
    await bench.usable.start();
    assert.deepEqual([bench.names, bench.lan.openLinks, bench.logger.entries.length], [['eth0', 'eth1'], [], 0]);
  });

  test('are none while they can not be read, which is tried again ever less often and said once', async () => {
    const bench = new Bench();
    bench.failures.push('no buffer space', 'no buffer space', 'no buffer space');
    await bench.usable.start();
    assert.deepEqual(
      [bench.names, bench.usable.linkTowards('192.0.2.9'), await bench.usable.neighbours()],
      [[], undefined, []],
    );
    for (const pause of [1_000, 2_000]) {
      bench.clock.advance(pause);
      await settled();
    }
    assert.deepEqual([bench.names, bench.told, bench.failures.length], [[], 0, 0]);
    bench.clock.advance(3_999);
    await settled();
    assert.deepEqual(bench.names, []);
    bench.clock.advance(1);
    await settled();
    assert.deepEqual([bench.names, bench.told], [['eth0', 'eth1'], 1]);
    assert.equal(bench.logger.entries.length, 1);
  });

  test('are not those that may not be opened: known at the start, without capability', async () => {
    const bench = new Bench();
    for (const name of ['eth0', 'eth1']) bench.lan.refusals.set(name, 'operation not permitted: NET_RAW is missing');
    await bench.usable.start();
    assert.deepEqual([bench.names, bench.logger.entries.length], [[], 1]);
    bench.clock.advance(600_000);
    assert.deepEqual([bench.names, bench.logger.entries.length], [[], 1]);
  });

  test('lose one that fails when it is needed, and have it again when it can be opened', async () => {
    const bench = new Bench();
    bench.lan.routes.set('192.0.2.9', 'eth1');
    await bench.usable.start();
    bench.told = 0;
    bench.lan.refusals.set('eth1', 'out of memory');
    assert.throws(() => bench.usable.open(2, events), /out of memory/);
    assert.equal(bench.told, 0);
    bench.clock.advance(0);
    assert.deepEqual([bench.names, bench.usable.linkTowards('192.0.2.9'), bench.told], [['eth0'], undefined, 1]);
    bench.clock.advance(30_000);
    assert.deepEqual([bench.names, bench.told], [['eth0'], 1]);
    bench.lan.refusals.clear();
    bench.clock.advance(60_000);
    assert.deepEqual([bench.names, bench.told], [['eth0', 'eth1'], 2]);
    bench.usable.open(2, events);
    assert.deepEqual(bench.lan.openLinks, [2]);
  });

  test('are tried again at once when something changes on the links', async () => {
    const bench = new Bench();
    await bench.usable.start();
    bench.lan.refusals.set('eth1', 'out of memory');
    assert.throws(() => bench.usable.open(2, events));
    bench.lan.refusals.clear();
    bench.lan.put(link(3, 'eth2'));
    assert.deepEqual(bench.names, ['eth0', 'eth1', 'eth2']);
  });

  test('named before they could be read: they are when they can', async () => {
    const bench = new Bench();
    bench.failures.push('no buffer space');
    await bench.usable.start();
    const names = new Set(['cni0']);
    bench.usable.setNamed(names);
    assert.deepEqual(bench.lan.named, new Set());
    bench.clock.advance(1_000);
    await settled();
    assert.deepEqual(bench.lan.named, names);
    bench.usable.setNamed(new Set());
    assert.deepEqual(bench.lan.named, new Set());
  });

  test('one that is gone is no link that is refused: another that comes with its index is a link', async () => {
    const bench = new Bench();
    await bench.usable.start();
    bench.lan.remove(2);
    bench.lan.refusals.set('#2', 'no such device');
    assert.throws(() => bench.usable.open(2, events));
    bench.lan.put(link(2, 'eth7'));
    assert.deepEqual([bench.names, bench.logger.entries.length], [['eth0', 'eth7'], 0]);
  });
});
