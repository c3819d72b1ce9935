import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../cluster/fake/passage.ts';
import { aNode } from '../domain/testing/builders.ts';
import type { InputDelta } from '../engine/messages.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { FakeStateFile } from '../platform/fake/state-file.ts';
import { SavedInputs } from './saved-inputs.ts';

const HOUR_MS = 3_600_000;

/** Containers of one Pod, one after the other, with what outlives them. */
class Bench {
  readonly clock = new FakeClock();
  readonly file = new FakeStateFile();
  readonly logger = new FakeLogger();
  nodes: string[] = [];
  passwords: string[] = [];
  isFresh = true;

  container(owner = 'pod-1'): SavedInputs {
    const { clock, file, logger } = this;
    const inputs = (): InputDelta => ({
      nodes: new Map(this.nodes.map((name) => [name, aNode(name, ['10.0.0.1'])])),
      passwords: new Map(this.passwords.map((password, i) => [`r${i}`, password])),
    });
    return new SavedInputs({ clock, file, logger, inputs, isFresh: () => this.isFresh }, { owner });
  }

  /** What a container that starts now finds. */
  async found(owner?: string): Promise<string[] | undefined> {
    const saved = await this.container(owner).load();
    return saved && [...saved.inputs.nodes.keys()];
  }

  /** Writes this, as a container that ends then. */
  async write(...nodes: string[]): Promise<void> {
    this.nodes = nodes;
    const container = this.container();
    container.begin();
    await pass(this.clock, 1_000);
    container.stop();
  }

  get warnings(): string[] {
    return this.logger.entries
      .filter(({ level }) => level === 'warn')
      .map(({ fields }) => String(fields['why'] ?? fields['err']));
  }
}

suite('saved inputs', () => {
  test('are there for the next container a second after a change', async () => {
    const bench = new Bench();
    const container = bench.container();
    container.changed();
    await pass(bench.clock, 5_000);
    assert.equal(await bench.found(), undefined);
    container.begin();
    await pass(bench.clock, 1_000);
    assert.deepEqual(await bench.found(), []);
    bench.nodes = ['n1'];
    container.changed();
    await pass(bench.clock, 1_000);
    assert.deepEqual(await bench.found(), ['n1']);
    container.stop();
    assert.equal(bench.clock.pendingTimers, 0);
    assert.deepEqual(bench.warnings, []);
  });

  test('have passwords where the volume is memory, and on no disk', async () => {
    const bench = new Bench();
    bench.passwords = ['right-horse'];
    const passwords = async (): Promise<unknown> => (await bench.container().load())?.inputs.passwords;
    await bench.write('n1');
    assert.deepEqual(await passwords(), new Map([['r0', 'right-horse']]));
    bench.file.inMemory = false;
    await bench.write('n1');
    assert.deepEqual(await passwords(), new Map());
    assert.deepEqual(await bench.found(), ['n1']);
  });

  test('are written once a second at most while things change, and seldom while nothing does', async () => {
    const bench = new Bench();
    const container = bench.container();
    container.begin();
    for (let i = 0; i < 100; i += 1) {
      bench.nodes = [`n${i}`];
      container.changed();
      await pass(bench.clock, 100);
    }
    assert.ok(bench.file.writes <= 10, `${bench.file.writes} writes`);
    await pass(bench.clock, 2_000);
    assert.deepEqual(await bench.found(), ['n99']);
    const { writes } = bench.file;
    await pass(bench.clock, 10 * HOUR_MS, 60_000);
    assert.ok(bench.file.writes - writes <= 10, `${bench.file.writes - writes} writes in ten hours`);
    container.stop();
  });

  test('do not age while they are known to be true, and do once they are not', async () => {
    const bench = new Bench();
    const container = bench.container();
    container.begin();
    await pass(bench.clock, 48 * HOUR_MS, 60_000);
    assert.deepEqual(await bench.found(), []);
    bench.isFresh = false;
    await pass(bench.clock, 25 * HOUR_MS, 60_000);
    container.stop();
    assert.equal(await bench.found(), undefined);
    assert.match(bench.warnings.join(), /hours old/);
  });

  test('are of use after the wall clock was set, and judged by it after a boot', async () => {
    for (const byMs of [-HOUR_MS, 48 * HOUR_MS]) {
      const bench = new Bench();
      await bench.write('n1');
      bench.clock.setWall(byMs);
      assert.deepEqual(await bench.found(), ['n1']);
      bench.clock.reboot();
      assert.equal(await bench.found(), undefined);
      assert.match(bench.warnings.join(), byMs < 0 ? /future/ : /hours old/);
    }
  });

  test('of another Pod, of the future or garbled are refused, and the log says why', async () => {
    const bench = new Bench();
    await bench.write('n1');
    assert.equal(await bench.found('pod-2'), undefined);
    const { bytes = new Uint8Array() } = bench.file;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    assert.equal(await bench.found(), undefined);
    assert.deepEqual(bench.warnings, ['it is of pod-1', 'its checksum is wrong']);
  });

  test('that cannot be read or written are told of, and all goes on', async () => {
    const bench = new Bench();
    bench.file.failure = new Error('no space left');
    assert.equal(await bench.found(), undefined);
    const container = bench.container();
    container.begin();
    await pass(bench.clock, 50_000);
    assert.deepEqual(bench.warnings, ['Error: no space left', 'Error: no space left']);
    bench.file.failure = undefined;
    await pass(bench.clock, 20_000);
    assert.deepEqual(await bench.found(), []);
    container.stop();
  });

  test('are the old ones if the process ends while it writes', async () => {
    const bench = new Bench();
    await bench.write('n1');
    bench.nodes = Array.from({ length: 5_000 }, (_, i) => `new-${i}`);
    const container = bench.container();
    container.begin();
    bench.clock.advance(1_000);
    container.stop();
    for (let i = 0; i < 20; i += 1) await settle();
    assert.deepEqual(await bench.found(), ['n1']);
  });
});
