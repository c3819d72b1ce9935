import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../../cluster/fake/passage.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { Problem } from '../errors.ts';
import { factsOf } from '../testing/api-bench.ts';
import { announced } from '../testing/facts.ts';
import { Gather, type Word } from './gather.ts';

class Bench {
  readonly clock = new FakeClock();
  /** The addresses of each question to the other replica. */
  readonly asked: (readonly string[])[] = [];
  hangs = false;
  /** Milliseconds until the other replica answers. */
  takes = 0;
  readonly gather: Gather = new Gather(
    {
      clock: this.clock,
      members: () => ['a', 'b'].map((name) => ({ name, node: name, address: '10.0.0.1' })),
      own: async (ips) => await Promise.resolve(factsOf('a', { addresses: ips.map((ip) => announced(ip, 'd/s', [])) })),
      ask: async (_replica, ips) => {
        this.asked.push(ips);
        if (this.hangs) return await new Promise(() => undefined);
        if (this.takes > 0) await new Promise<void>((resolve) => void this.clock.setTimer(this.takes, resolve));
        await settle();
        return factsOf('b');
      },
    },
    { self: { name: 'a', node: 'a', address: '10.0.0.1' } },
  );

  /** What is said of this address. */
  async about(ip: string): Promise<string[]> {
    return spoken(await this.gather.all([ip]));
  }
}

function spoken(words: readonly Word[]): string[] {
  return words.flatMap((word) => ('facts' in word ? word.facts.addresses.map(({ ip }) => ip) : []));
}

suite('asking all replicas', () => {
  test('of no address has the same words for a second, however many ask of new addresses meanwhile', async () => {
    const bench = new Bench();
    const words = new Set<readonly Word[]>();
    for (let i = 0; i < 100; i += 1) {
      await bench.about(`10.0.0.${i}`);
      words.add(await bench.gather.all());
      bench.clock.advance(30);
    }
    // In three seconds.
    assert.ok(words.size <= 4, `${words.size} of 100`);
  });

  test('of no address goes on with the words that count while it asks for the next ones: nobody waits, and none are older than a second', async () => {
    const bench = new Bench();
    await bench.gather.all();
    bench.takes = 200;
    const since = new Map<readonly Word[], number>();
    for (let ms = 0; ms < 5_000; ms += 50) {
      const now = bench.clock.now();
      let words: readonly Word[] | undefined;
      void bench.gather.all().then((known) => (words = known));
      await settle();
      assert.ok(words !== undefined, `nobody waits after ${ms} ms`);
      const first = since.get(words) ?? now;
      since.set(words, first);
      assert.ok(now - first <= 1_000);
      bench.clock.advance(50);
      await settle();
    }
    assert.ok(since.size >= 5);
    assert.ok(bench.asked.length <= 8, `${bench.asked.length} rounds in five seconds`);
  });

  test('of many addresses at once asks engines seldom, and answers each', async () => {
    const bench = new Bench();
    const answers: string[][] = [];
    for (let second = 0; second < 10; second += 1) {
      for (let i = 0; i < 500; i += 1) {
        const ip = `10.${second}.${i >> 8}.${i & 255}`;
        void bench.about(ip).then((said) => {
          assert.ok(said.includes(ip));
          answers.push(said);
        });
        if (i % 50 === 49) await pass(bench.clock, 100, 10);
      }
    }
    await pass(bench.clock, 2_000);
    assert.equal(answers.length, 5_000);
    assert.ok(bench.asked.length <= 50 + 1_000, `${bench.asked.length} rounds`);
    assert.ok(bench.asked.every((ips) => ips.length <= 64));
  });

  test('of the same address again within a second asks nobody', async () => {
    const bench = new Bench();
    await bench.about('192.0.2.1');
    bench.clock.advance(900);
    await Promise.all([bench.about('192.0.2.1'), bench.gather.all()]);
    assert.equal(bench.asked.length, 1);
    bench.clock.advance(200);
    await bench.about('192.0.2.1');
    assert.equal(bench.asked.length, 2);
  });

  test('where one hangs waits for it once, and names it from then on, until it answers again', async () => {
    const bench = new Bench();
    bench.hangs = true;
    const replica = { name: 'b', node: 'b', address: '10.0.0.1' };
    /** How long it takes, and whether the other one has answered. */
    const told = async (ip: string): Promise<string> => {
      let ms = 0;
      const words = bench.gather.all([ip]);
      let outcome: readonly Word[] | undefined;
      void words.then((known) => (outcome = known));
      for (await settle(); outcome === undefined; ms += 50) await pass(bench.clock, 50, 50);
      const [, other] = await words;
      return `${ms} ms: ${other !== undefined && 'facts' in other ? 'answered' : other?.problem}`;
    };
    assert.equal(await told('192.0.2.1'), '1500 ms: no answer within 1500 ms');
    assert.equal(bench.gather.hungFor(replica), 'no answer within 1500 ms');
    assert.equal(await told('192.0.2.2'), '100 ms: no answer within 1500 ms');
    // The question before is under way.
    assert.equal(await told('192.0.2.3'), '0 ms: no answer within 1500 ms');
    assert.equal(bench.asked.length, 2);
    await pass(bench.clock, 1_500, 50);
    bench.hangs = false;
    assert.equal(await told('192.0.2.4'), '0 ms: answered');
    assert.equal(bench.gather.hungFor(replica), undefined);
    bench.takes = 500;
    assert.match(await told('192.0.2.5'), /^5\d\d ms: answered$/);
  });

  test('where one hung long ago says nothing of it to others: it may be well since then', async () => {
    const bench = new Bench();
    const replica = { name: 'b', node: 'b', address: '10.0.0.1' };
    bench.hangs = true;
    void bench.about('192.0.2.1');
    await pass(bench.clock, 1_500, 50);
    bench.clock.advance(9_000);
    assert.equal(bench.gather.hungFor(replica), 'no answer within 1500 ms');
    void bench.about('192.0.2.2');
    await pass(bench.clock, 1_500, 50);
    bench.clock.advance(9_000);
    assert.equal(bench.gather.hungFor(replica), 'no answer within 1500 ms');
    bench.clock.advance(1_100);
    assert.equal(bench.gather.hungFor(replica), undefined);
  });

  test('where one hangs that is slow to come back hears it from the next question on', async () => {
    const bench = new Bench();
    bench.hangs = true;
    void bench.about('192.0.2.1');
    await pass(bench.clock, 1_500, 50);
    bench.hangs = false;
    bench.takes = 800;
    const missing = bench.gather.all(['192.0.2.2']);
    await pass(bench.clock, 1_000, 50);
    assert.ok((await missing).some((word) => 'problem' in word));
    const heard = bench.gather.all(['192.0.2.3']);
    await pass(bench.clock, 1_000, 50);
    assert.ok((await heard).every((word) => 'facts' in word));
  });

  test('where one hangs asks it one question at a time, also when several were under way as it was found out', async () => {
    const bench = new Bench();
    bench.hangs = true;
    void bench.gather.all(['192.0.2.1']);
    await pass(bench.clock, 750, 50);
    void bench.gather.all(['192.0.2.2']);
    await pass(bench.clock, 850, 50);
    void bench.gather.all(['192.0.2.3']);
    // The second question has been in vain, too; the third is under way.
    await pass(bench.clock, 750, 50);
    void bench.gather.all(['192.0.2.4']);
    await pass(bench.clock, 100, 50);
    assert.equal(bench.asked.length, 3);
  });

  test('where one hangs names it, and refuses what can not be answered in time', async () => {
    const bench = new Bench();
    bench.hangs = true;
    const first = bench.gather.all(['192.0.2.1']);
    const rest = Array.from({ length: 4 + 16 }, (_, i) =>
      bench.gather.all(Array.from({ length: 64 }, (_ip, j) => `10.0.${i}.${j}`)),
    );
    const outcomes = Promise.allSettled(rest);
    await pass(bench.clock, 20_000, 500);
    assert.deepEqual(
      (await first).map((word) => 'problem' in word),
      [false, true],
    );
    const refused = (await outcomes).filter((each) => each.status === 'rejected');
    assert.ok(refused.length === 1 && refused.every(({ reason }) => reason instanceof Problem));
  });
});
