import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { addressOf, ProbingBench } from './testing/probing-bench.ts';

const [N2, N3] = [addressOf(2), addressOf(3)];

/** From the last answers of several nodes to the verdict: an interval, three misses, a tenth of jitter, the witness' word. */
const WITNESSED_MS = 2_650;

suite('several nodes fall silent at once', () => {
  test('and the witness sees none of them: all are out', () => {
    const bench = new ProbingBench(5).started();
    for (const i of [2, 3, 4]) bench.nodes.kill(addressOf(i));
    bench.clock.advance(WITNESSED_MS);
    assert.equal(bench.verdicts, 'n1 alive, n2 dead, n3 dead, n4 dead, n5 alive');
    assert.equal(bench.prober.verdicts()[1]?.witness, 'nothing');
  });

  test('and the witness sees their hosts: nothing changes, and in the end Kubernetes has the word', () => {
    const bench = new ProbingBench(5).started();
    bench.all((address) => bench.nodes.drop(address));
    bench.clock.advance(14_000);
    assert.deepEqual(bench.history, []);
    assert.match(
      bench.logger.entries.map(({ message }) => message).join(),
      /^nodes fell silent, but the fault may be here/,
    );
    bench.clock.advance(5_000);
    assert.equal(bench.verdicts, 'n1 unknown, n2 unknown, n3 unknown, n4 unknown, n5 unknown');
    bench.all((address) => bench.nodes.serve(address));
    bench.clock.advance(1_600);
    assert.equal(bench.verdicts, 'n1 alive, n2 alive, n3 alive, n4 alive, n5 alive');
  });

  test('because all service proxies are busy for 5 s: nothing changes', () => {
    const bench = new ProbingBench(5).started();
    for (let i = 0; i < 10; i++) {
      bench.all((address) => bench.nodes.serve(address, () => 'silence'));
      bench.clock.advance(5_000);
      bench.all((address) => bench.nodes.serve(address));
      bench.clock.advance(2_000);
    }
    assert.deepEqual(bench.history, []);
  });

  test('and one of them is really dead: it is out', () => {
    const bench = new ProbingBench(5).started();
    bench.all((address) => bench.nodes.drop(address));
    bench.nodes.kill(N3);
    bench.clock.advance(WITNESSED_MS);
    assert.deepEqual(bench.history, ['n3 dead']);
    bench.mark().nodes.kill(N2);
    bench.clock.advance(WITNESSED_MS);
    assert.deepEqual(bench.history, ['n2 dead'], 'one that dies while the probe is blind too');
  });

  test('all but our own, and a router answers: they are dead', () => {
    const bench = new ProbingBench(3).started();
    for (const address of [N2, N3]) bench.nodes.kill(address);
    bench.clock.advance(3_000);
    assert.equal(bench.verdicts, 'n1 alive, n2 dead, n3 dead');
  });

  test('all but our own, and no router answers: the fault is here', () => {
    const bench = new ProbingBench(3).started();
    for (const address of [N2, N3, bench.router]) bench.nodes.kill(address);
    bench.clock.advance(14_000);
    assert.deepEqual(bench.history, []);
    for (const address of [N2, N3]) bench.nodes.serve(address);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.history, []);
  });

  test('for moments of any length, all but our own and the router: no verdict falls', () => {
    const bench = new ProbingBench(6).started();
    for (let length = 100; length < 6_000; length += 37) {
      const others = [...bench.targets.slice(1).map(({ address }) => address), bench.router];
      for (const address of others) bench.nodes.kill(address);
      bench.clock.advance(length);
      for (const address of others) bench.nodes.serve(address);
      bench.clock.advance(3_000 + length);
      assert.deepEqual(bench.history, [], `${length} ms`);
    }
  });

  test('one of them for a moment only, on a machine where everything is late by up to 300 ms: the other one is out', () => {
    for (let late = 60; late <= 300; late += 20) {
      const bench = new ProbingBench(3).started();
      bench.nodes.serve(N2, () => 'silence');
      bench.clock.advance(1_000);
      bench.nodes.serve(N2);
      bench.mark().nodes.kill(N3);
      for (let ms = 0; ms < 4_000; ms += 40 + late) {
        bench.clock.advance(40);
        bench.clock.suspend(late);
      }
      assert.deepEqual(bench.history, ['n3 dead'], `late by up to ${late} ms`);
    }
  });

  test('a thousand of them, seen by the witness, cost no more than twice the usual rate', () => {
    const bench = new ProbingBench(1_000).started();
    bench.all((address) => bench.nodes.drop(address));
    bench.clock.advance(10_000);
    const before = bench.nodes.dialer.dials.length;
    bench.clock.advance(10_000);
    const perSecond = (bench.nodes.dialer.dials.length - before) / 10;
    assert.ok(perSecond < 850, String(perSecond));
    assert.equal([...bench.prober.health().values()].includes('dead'), false);
  });
});

suite('the fault is here', () => {
  test('our link has no carrier: nothing changes', () => {
    const bench = new ProbingBench(3).started();
    const { prefixes } = bench;
    bench.prefixes = [];
    for (const address of [N2, N3]) bench.nodes.kill(address);
    bench.clock.advance(14_000);
    for (const address of [N2, N3]) bench.nodes.serve(address);
    bench.prefixes = prefixes;
    bench.clock.advance(60_000);
    assert.deepEqual(bench.history, []);
    const two = new ProbingBench(2).started();
    two.prefixes = [];
    two.nodes.kill(N2);
    two.clock.advance(14_000);
    assert.deepEqual(two.history, [], 'even if there is only one other node');
  });

  test('this process is suspended for 30 s: nothing changes, and it doesn’t ask everybody at once then', () => {
    const bench = new ProbingBench(200).started();
    for (let i = 0; i < 5; i++) {
      // In the middle of some probe or other.
      bench.clock.advance(333);
      bench.nodes.requests.clear();
      bench.clock.suspend(30_000);
      bench.clock.advance(20);
      const asked = [...bench.nodes.requests.values()].reduce((sum, count) => sum + count, 0);
      assert.ok(asked < 50, String(asked));
      bench.clock.advance(10_000);
    }
    assert.deepEqual(bench.history, []);
  });

  test('suspended again and again while a node refuses: only what was seen counts', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.refuse(N2);
    bench.clock.advance(1_000);
    bench.clock.suspend(60_000);
    bench.clock.advance(1_000);
    bench.nodes.serve(N2);
    bench.clock.advance(10_000);
    assert.deepEqual(bench.history, []);
  });
});
