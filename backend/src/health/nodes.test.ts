import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { INTERVAL_MS } from './nodes.ts';
import { response, type Behaviour } from './testing/fake-nodes.ts';
import { addressOf, ProbingBench } from './testing/probing-bench.ts';

const [N1, N2, N3] = [addressOf(1), addressOf(2), addressOf(3)];
const says =
  (status: number): Behaviour =>
  () =>
    response(status);

/** From a node's last answer to the verdict, in a small cluster: an interval, three misses, a tenth of jitter. */
const OUT_MS = 2_100;

suite('a cluster in which nothing happens', () => {
  test('two answers, and a node is alive; then nothing is said any more', () => {
    const bench = new ProbingBench(3);
    assert.equal(bench.verdicts, 'n1 unknown, n2 unknown, n3 unknown');
    bench.prober.start();
    bench.clock.advance(2 * 525 + 100);
    assert.equal(bench.verdicts, 'n1 alive, n2 alive, n3 alive');
    bench.mark();
    bench.clock.advance(3_600_000);
    assert.deepEqual(bench.history, []);
    assert.deepEqual(bench.logger.entries, []);
    assert.equal(bench.nodes.dialer.dials.length, 3, 'each connection is kept');
  });

  test('each node is asked twice a second', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.requests.clear();
    bench.clock.advance(100_000);
    for (const count of bench.nodes.requests.values()) assert.ok(count >= 190 && count <= 211, String(count));
  });

  test('a thousand nodes are asked 400 times a second in all', () => {
    const bench = new ProbingBench(1_000);
    bench.prober.start();
    bench.clock.advance(20_000);
    assert.equal(new Set(bench.prober.health().values()).size, 1);
    bench.nodes.requests.clear();
    bench.clock.advance(10_000);
    const total = [...bench.nodes.requests.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(total > 3_800 && total < 4_200, String(total));
  });
});

suite('a node dies', () => {
  test('out within three misses, and back with two answers', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.kill(N2);
    bench.clock.advance(1_450);
    assert.equal(bench.verdicts, 'n1 alive, n2 alive, n3 alive');
    bench.clock.advance(OUT_MS - 1_450);
    assert.equal(bench.verdicts, 'n1 alive, n2 dead, n3 alive');
    bench.clock.advance(60_000);
    bench.nodes.serve(N2);
    bench.mark().clock.advance(500 + 2 * 525);
    assert.deepEqual(bench.history, ['n2 alive']);
    assert.equal(bench.changes, 1);
  });

  test('the only other one', () => {
    const bench = new ProbingBench(2).started();
    bench.nodes.kill(N2);
    bench.clock.advance(OUT_MS);
    assert.equal(bench.verdicts, 'n1 alive, n2 dead');
  });

  test('one of 400 within 3 s, one of 1,000 within 5 s', () => {
    for (const [size, limit] of [
      [400, 2_800],
      [1_000, 4_400],
    ] as const) {
      const bench = new ProbingBench(size).started();
      bench.nodes.kill(addressOf(7));
      bench.clock.advance(limit);
      assert.deepEqual(bench.history, ['n7 dead']);
    }
  });

  test('two lost packets in a row change nothing', () => {
    const bench = new ProbingBench(3).started();
    for (let i = 0; i < 20; i++) {
      bench.nodes.kill(N2);
      bench.clock.advance(950);
      bench.nodes.serve(N2);
      bench.clock.advance(2_000);
    }
    assert.deepEqual(bench.history, []);
  });

  test('the log has one line with the evidence', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.kill(N2);
    bench.clock.advance(60_000);
    const [entry, ...others] = bench.logger.entries;
    assert.deepEqual(others, []);
    const { since, answered, ...fields } = entry?.fields ?? {};
    assert.deepEqual(fields, {
      node: 'n2',
      address: N2,
      before: 'alive',
      health: 'dead',
      found: 'no answer within 500 ms',
      status: 200,
      misses: 3,
      ailingMs: 0,
      witness: 'nothing',
      witnessSaid: `TCP port 10250: no answer from ${N2} port 10250 within 500 ms`,
      flaps: 0,
    });
    const silentMs = Date.parse(String(since)) - Date.parse(String(answered));
    assert.ok(silentMs > 1_400 && silentMs <= OUT_MS, String(silentMs));
    const verdict = bench.prober.verdicts().find(({ node }) => node === 'n2');
    assert.deepEqual([verdict?.health, verdict?.witness], ['dead', 'nothing']);
    const inShort = bench.prober.facts().find(({ node }) => node === 'n2');
    assert.deepEqual(inShort, { node: 'n2', health: 'dead', evidence: 'host-silent', flaps: 0 });
  });
});

suite('the service proxy', () => {
  test('restarts within seconds: nothing', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.refuse(N2);
    bench.clock.advance(14_000);
    bench.nodes.serve(N2);
    bench.clock.advance(60_000);
    assert.deepEqual(bench.history, []);
  });

  test('is rolled over node by node: nothing', () => {
    const bench = new ProbingBench(5).started();
    for (const { address } of bench.targets) {
      bench.nodes.refuse(address);
      bench.clock.advance(10_000);
      bench.nodes.serve(address, says(503));
      bench.clock.advance(3_000);
      bench.nodes.serve(address);
      bench.clock.advance(2_000);
    }
    assert.deepEqual(bench.history, []);
  });

  test('is gone for longer than 15 s: out; back with two answers', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.refuse(N2);
    bench.clock.advance(16_500);
    assert.deepEqual(bench.history, ['n2 dead']);
    assert.ok(bench.lastAt > 14_900, String(bench.lastAt));
    assert.match(String(bench.logger.entries[0]?.fields['found']), /ECONNREFUSED/);
    bench.nodes.serve(N2);
    bench.clock.advance(1_600);
    assert.deepEqual(bench.history, ['n2 dead', 'n2 alive']);
  });

  test('says 503 for longer than 15 s: out, even if it never said anything else', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.serve(N2, says(503));
    bench.clock.advance(16_500);
    assert.deepEqual(bench.history, ['n2 dead']);
    assert.equal(bench.logger.entries[0]?.fields['status'], 503);
    const other = new ProbingBench(3);
    other.nodes.serve(N2, says(503));
    other.started();
    assert.equal(other.verdicts, 'n1 alive, n2 dead, n3 alive');
  });

  test('hangs: out, as silence is silence', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.serve(N2, () => 'silence');
    bench.clock.advance(OUT_MS);
    assert.deepEqual(bench.history, ['n2 dead']);
  });

  test('answers with something that is no health: out after 15 s, if it ever did better', () => {
    for (const behaviour of [says(500), says(301), says(404), () => 'SSH-2.0\r\n', (): 'reset' => 'reset']) {
      const bench = new ProbingBench(3).started();
      bench.nodes.serve(N2, behaviour);
      bench.clock.advance(14_000);
      assert.deepEqual(bench.history, []);
      bench.clock.advance(2_500);
      assert.deepEqual(bench.history, ['n2 dead']);
      const other = new ProbingBench(3);
      other.nodes.serve(N2, behaviour);
      other.started().clock.advance(60_000);
      assert.equal(other.verdicts, 'n1 alive, n2 unknown, n3 alive');
    }
  });

  test('of before 1.28, or Cilium’s: /healthz counts where /livez is 404, in one go', () => {
    const bench = new ProbingBench(3);
    bench.nodes.serve(N2, (path) => response(path === '/healthz' ? 200 : 404));
    bench.started();
    assert.equal(bench.verdicts, 'n1 alive, n2 alive, n3 alive');
    bench.nodes.requests.clear();
    bench.clock.advance(10_000);
    assert.ok((bench.nodes.requests.get(N2) ?? 0) <= 21, 'it is not asked twice each time');
    bench.nodes.serve(N2, (path) => response(path === '/healthz' ? 503 : 404));
    bench.clock.advance(16_500);
    assert.deepEqual(bench.history, ['n2 dead']);
  });

  test('whose node is drained stays, by /livez as by /healthz', () => {
    const draining = '{"lastUpdated": "x","currentTime": "x", "nodeEligible": false}';
    const drained: Behaviour = (path) => (path === '/healthz' ? response(503, draining) : response(200));
    const old: Behaviour = (path) => (path === '/healthz' ? response(503, draining) : response(404));
    const bench = new ProbingBench(3).started();
    bench.nodes.serve(N2, drained);
    bench.nodes.serve(N3, old);
    bench.clock.advance(120_000);
    assert.deepEqual(bench.history, []);
  });

  test('is replaced by one of another version while nobody looks: /livez again', () => {
    const bench = new ProbingBench(3);
    bench.nodes.serve(N2, (path) => response(path === '/healthz' ? 200 : 404));
    bench.started();
    bench.nodes.serve(N2, (path) => response(path === '/livez' ? 200 : 404));
    bench.clock.advance(60_000);
    assert.deepEqual(bench.history, []);
  });

  test('is one that listens on loopback only, or isn’t there, or behind a firewall: unknown for ever', () => {
    const bench = new ProbingBench(3);
    bench.nodes.refuse(N2);
    bench.nodes.drop(N3);
    bench.prober.start();
    bench.clock.advance(600_000);
    assert.equal(bench.verdicts, 'n1 alive, n2 unknown, n3 unknown');
    bench.nodes.kill(N3);
    bench.clock.advance(600_000);
    assert.equal(bench.verdicts, 'n1 alive, n2 unknown, n3 unknown');
  });

  test('is replaced on all nodes by one that can’t be asked: Kubernetes has the word', () => {
    const bench = new ProbingBench(5).started();
    for (const { address } of bench.targets) {
      bench.nodes.refuse(address);
      bench.clock.advance(30_000);
      const dead = [...bench.prober.health().values()].filter((health) => health === 'dead');
      assert.ok(dead.length <= 2, bench.verdicts);
    }
    assert.equal(bench.verdicts, 'n1 unknown, n2 unknown, n3 unknown, n4 unknown, n5 unknown');
  });

  test('is hidden on one node after another by a new firewall: Kubernetes has the word', () => {
    const bench = new ProbingBench(5).started();
    for (const { address } of bench.targets) {
      bench.nodes.drop(address);
      bench.clock.advance(60_000);
    }
    assert.equal(bench.verdicts, 'n1 unknown, n2 unknown, n3 unknown, n4 unknown, n5 unknown');
  });
});

suite('a node that flaps', () => {
  /** How long after its first answer it comes back. */
  function comeback(bench: ProbingBench): number {
    bench.nodes.kill(N2);
    bench.clock.advance(OUT_MS);
    bench.nodes.serve(N2);
    bench.mark().clock.advance(70_000);
    assert.deepEqual(bench.history, ['n2 alive']);
    return bench.lastAt;
  }

  test('comes back later each time, up to a minute', () => {
    const bench = new ProbingBench(3).started();
    const waits = Array.from({ length: 8 }, () => comeback(bench));
    const limits = [0, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000);
    limits.forEach((limit, i) => {
      const wait = waits[i] ?? 0;
      assert.ok(wait >= limit && wait <= limit + 1_700, `${waits.join()} at ${i}`);
    });
  });

  test('is forgiven after ten quiet minutes', () => {
    const bench = new ProbingBench(3).started();
    for (let i = 0; i < 4; i++) comeback(bench);
    bench.clock.advance(600_000);
    assert.ok(comeback(bench) <= 1_700);
  });

  test('must answer all the while', () => {
    const bench = new ProbingBench(3).started();
    for (let i = 0; i < 3; i++) comeback(bench);
    bench.nodes.kill(N2);
    bench.clock.advance(OUT_MS);
    bench.mark();
    for (let i = 0; i < 10; i++) {
      bench.nodes.serve(N2);
      bench.clock.advance(10_000);
      bench.nodes.kill(N2);
      bench.clock.advance(1_000);
    }
    assert.deepEqual(bench.history, []);
  });
});

suite('the set of nodes', () => {
  test('one that comes is unknown until it answers twice', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.serve('10.9.9.9');
    bench.prober.setNodes([...bench.targets, { name: 'n4', address: '10.9.9.9' }]);
    assert.equal(bench.prober.health().get('n4'), 'unknown');
    bench.clock.advance(1_600);
    assert.equal(bench.prober.health().get('n4'), 'alive');
  });

  test('one that goes is asked no more, and is new when it comes again', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.kill(N2);
    bench.clock.advance(OUT_MS);
    const others = bench.targets.filter(({ name }) => name !== 'n2');
    bench.prober.setNodes(others);
    assert.equal(bench.verdicts, 'n1 alive, n3 alive');
    const dials = bench.nodes.dialer.dials.filter(({ host }) => host === N2).length;
    bench.clock.advance(60_000);
    assert.equal(bench.nodes.dialer.dials.filter(({ host }) => host === N2).length, dials);
    bench.prober.setNodes(bench.targets);
    bench.clock.advance(60_000);
    assert.equal(bench.prober.health().get('n2'), 'unknown', 'it has never answered');
  });

  test('one that changes its address is asked there, as if it were new', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.kill(N2);
    bench.clock.advance(OUT_MS);
    bench.nodes.serve('10.9.9.9');
    bench.prober.setNodes(bench.targets.map((node) => (node.name === 'n2' ? { ...node, address: '10.9.9.9' } : node)));
    assert.equal(bench.prober.health().get('n2'), 'unknown');
    bench.clock.advance(1_600);
    assert.equal(bench.prober.health().get('n2'), 'alive');
  });

  test('that is the same changes nothing', () => {
    const bench = new ProbingBench(3).started();
    for (let i = 0; i < 100; i++) {
      bench.prober.setNodes(bench.targets);
      bench.clock.advance(INTERVAL_MS / 10);
    }
    assert.deepEqual(bench.history, []);
    assert.equal(bench.nodes.dialer.dials.length, 3);
  });

  test('after stop nothing is asked and no timer is left', () => {
    const bench = new ProbingBench(3).started();
    bench.nodes.kill(N1);
    bench.clock.advance(1_200);
    bench.prober.stop();
    bench.clock.advance(2_000);
    assert.equal(bench.clock.pendingTimers, 0);
  });
});

suite('what is known of a node, in a word', () => {
  const words = (bench: ProbingBench): string =>
    bench.prober
      .facts()
      .map(({ evidence }) => evidence)
      .join(' ');

  test('follows what is found, whatever the verdict is', () => {
    const bench = new ProbingBench(3);
    assert.equal(words(bench), 'none none none');
    bench.started();
    assert.equal(words(bench), 'well well well');
    bench.nodes.refuse(N2);
    bench.clock.advance(2_000);
    assert.equal(words(bench), 'well ailing well');
    bench.nodes.kill(N2);
    bench.clock.advance(1_100);
    assert.equal(words(bench), 'well missed well');
  });

  test('tells silent hosts from those that the witness saw', () => {
    const bench = new ProbingBench(5).started();
    bench.all((address) => bench.nodes.drop(address));
    bench.clock.advance(5_000);
    assert.equal(words(bench), 'host-seen host-seen host-seen host-seen host-seen');
  });

  test('is counted by probe', () => {
    const bench = new ProbingBench(3).started();
    const before = bench.prober.probes();
    assert.ok(before.well >= 6 && before.silent + before.ailing + before.void === 0);
    bench.nodes.kill(N2);
    bench.clock.advance(5_000);
    const { well, silent } = bench.prober.probes();
    assert.ok(silent >= 4 && well > before.well);
  });
});
