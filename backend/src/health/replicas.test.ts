import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NO_PLACE } from '../domain/replica.ts';
import { aReplica } from '../domain/testing/builders.ts';
import type { DatagramHandlers } from '../platform/ports.ts';
import { decodeProbe, encodeProbe } from './probe-message.ts';
import type { ReplicaProber } from './replicas.ts';
import { Lab, members, MISSED_MS, PORT, probe, replica, SEEN_MS, sees } from './testing/replicas.ts';
import { BACK_MS } from './tracked-replica.ts';

suite('two replicas', () => {
  test('see each other within an interval, and say so once', () => {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.changes.length = 0;
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
    assert.deepEqual(sees(b), { answering: ['a'], lost: [] });
    lab.clock.advance(60_000);
    assert.deepEqual(lab.changes.sort(), ['a', 'b']);
  });

  test('one dies: lost after three misses, not before', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(2 * 475);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
    lab.clock.advance(MISSED_MS - 2 * 475);
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
  });

  test('one says that its view is stale, and later that it is not', () => {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.clock.advance(SEEN_MS);
    lab.changes.length = 0;
    a.setStale(true);
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(b), { answering: ['a!'], lost: [] });
    a.setStale(false);
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(b), { answering: ['a'], lost: [] });
    assert.deepEqual(lab.changes, ['b', 'b']);
  });

  test('one is asked just after it was suspended: what it answers holds at that moment', () => {
    const lab = new Lab();
    const b = lab.start('b', members('a', 'b'));
    let isStale = false;
    const a: ReplicaProber = lab.start('a', members('a', 'b'), lab.datagrams, () => a.setStale(isStale));
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(b), { answering: ['a'], lost: [] });
    isStale = true;
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(b), { answering: ['a!'], lost: [] });
  });

  test('one says that it has not met all nodes, and later that it has', () => {
    const lab = new Lab();
    const [a, b] = [lab.start('a', members('a', 'b')), lab.start('b', members('a', 'b'))];
    lab.clock.advance(SEEN_MS);
    lab.changes.length = 0;
    for (const newcomer of [true, false]) {
      a.setNewcomer(newcomer);
      lab.clock.advance(SEEN_MS);
      assert.deepEqual(
        b.answering().map((other) => other.newcomer),
        [newcomer],
      );
    }
    assert.deepEqual(lab.changes, ['b', 'b']);
  });

  test('two datagrams in a row that get lost change nothing', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    lab.changes.length = 0;
    for (let i = 0; i < 10; i++) {
      lab.datagrams.cut('10.0.0.2');
      lab.clock.advance(900);
      lab.datagrams.heal('10.0.0.2');
      lab.clock.advance(1_100);
      assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
    }
    assert.deepEqual(lab.changes, []);
  });

  test('a lost one is forgotten when no router can hold its routes any more', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    a.setRetention(210_000);
    lab.clock.advance(10_000);
    b.stop();
    lab.clock.advance(MISSED_MS);
    lab.clock.advance(209_000);
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
    lab.changes.length = 0;
    lab.clock.advance(2_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
    assert.deepEqual(lab.changes, ['a']);
  });

  test('a lost one that comes back stays lost until it has announced for three seconds, however well it answers', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    b.setAnnouncing(true);
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    lab.datagrams.heal('10.0.0.2');
    // It doesn't know yet that its sessions are gone.
    lab.clock.advance(SEEN_MS);
    b.setAnnouncing(false);
    lab.clock.advance(5_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: ['b'] });
    b.setAnnouncing(true);
    lab.clock.advance(BACK_MS - 100);
    assert.deepEqual(sees(a).lost, ['b']);
    lab.changes.length = 0;
    lab.clock.advance(SEEN_MS + 1_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
    assert.deepEqual(lab.changes, ['a']);
  });

  test('a lost one that answers and never announces is forgotten when no router can hold its routes any more', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    a.setRetention(60_000);
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    lab.clock.advance(MISSED_MS);
    lab.datagrams.heal('10.0.0.2');
    lab.clock.advance(50_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: ['b'] });
    lab.clock.advance(15_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
  });

  test('one that leaves on purpose is neither answering nor lost', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
    b.stop();
    lab.clock.advance(60_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
  });

  test('one that left and is started again answers again', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    b.stop();
    lab.clock.advance(5_000);
    lab.start('b', members('a', 'b'));
    lab.clock.advance(SEEN_MS);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
  });

  test('one that never answered is neither answering nor lost', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(60_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
  });
});

suite('membership', () => {
  test('one that dies and leaves the membership stays lost', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    b.stop();
    lab.clock.advance(1_000);
    a.setReplicas(members('a'));
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
    a.setReplicas(members('a', 'c'));
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
  });

  test('one that left the membership but still announces counts as long as it answers', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    a.setReplicas(members('a'));
    lab.clock.advance(10_000);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
  });

  test('one that never answered and leaves the membership is forgotten', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(5_000);
    a.setReplicas(members('a'));
    lab.start('b', members('b'));
    lab.clock.advance(5_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
  });

  test('three: one dies, the others see each other and miss it', () => {
    const lab = new Lab();
    const all = members('a', 'b', 'c');
    const [a, b] = [lab.start('a', all), lab.start('b', all)];
    lab.start('c', all);
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.3');
    lab.clock.advance(MISSED_MS);
    assert.deepEqual(sees(a), { answering: ['b'], lost: ['c'] });
    assert.deepEqual(sees(b), { answering: ['a'], lost: ['c'] });
  });

  test('a member that moved to another address and node is asked there', () => {
    const lab = new Lab();
    const a = lab.start('a', [replica('a'), aReplica('b', '10.0.0.99')]);
    lab.start('b', members('a', 'b'));
    lab.clock.advance(5_000);
    assert.deepEqual(sees(a).answering, []);
    a.setReplicas(members('a', 'b'));
    lab.clock.advance(2 * SEEN_MS);
    assert.deepEqual(a.answering(), [
      {
        name: 'b',
        node: 'node-b',
        stale: false,
        behind: undefined,
        newcomer: false,
        announcing: false,
        place: NO_PLACE,
        isPlaceKnown: true,
        countsUs: false,
      },
    ]);
  });

  test('itself is never asked', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a'));
    lab.clock.advance(10_000);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
  });
});

suite('forgery', () => {
  /** A replica that asks, and a stranger in place of the other one. */
  function ask(answer: (question: Uint8Array) => Uint8Array, stranger: string): ReplicaProber {
    const lab = new Lab();
    const handlers: DatagramHandlers = {
      onMessage: (bytes, from) => {
        if (decodeProbe(bytes)?.kind === 'question') socket.send(answer(bytes), from.port, from.host);
      },
      onError: (error) => assert.fail(error),
    };
    const socket = lab.datagrams.bind(stranger, PORT, handlers);
    const relay: DatagramHandlers = {
      onMessage: (bytes) => handlers.onMessage(bytes, { host: '10.0.0.1', port: PORT }),
      onError: (error) => assert.fail(error),
    };
    if (stranger !== '10.0.0.2') lab.datagrams.bind('10.0.0.2', PORT, relay);
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(5_000);
    return a;
  }

  const repeat = (question: Uint8Array): Uint8Array => encodeProbe(probe('answer', decodeProbe(question)?.nonce ?? 0n));

  test('the right nonce from the right address is an answer', () => {
    assert.deepEqual(ask(repeat, '10.0.0.2').answering(), [
      {
        name: 'b',
        node: 'node-b',
        stale: false,
        behind: undefined,
        newcomer: false,
        announcing: false,
        place: NO_PLACE,
        isPlaceKnown: true,
        countsUs: false,
      },
    ]);
  });
  test('the right nonce from another address is none', () => {
    assert.deepEqual(ask(repeat, '10.0.0.66').answering(), []);
  });
  test('another nonce is none', () => {
    assert.deepEqual(ask(() => encodeProbe(probe('answer', 7n)), '10.0.0.2').answering(), []);
  });
  test('an echo of the question is none', () =>
    assert.deepEqual(ask((question) => question, '10.0.0.2').answering(), []));
  test('noise is none', () => assert.deepEqual(ask(() => new Uint8Array(16), '10.0.0.2').answering(), []));

  test('an answer is no longer than its question, so that nobody amplifies through us', () => {
    const lab = new Lab();
    lab.start('a', members('a'));
    const answers: Uint8Array[] = [];
    const socket = lab.datagrams.bind('10.0.0.66', 1_234, {
      onMessage: (bytes) => answers.push(bytes),
      onError: (error) => assert.fail(error),
    });
    const question = encodeProbe(probe('question', 5n));
    for (const bytes of [question, new Uint8Array(16), new Uint8Array(0), encodeProbe(probe('answer', 5n))]) {
      socket.send(bytes, PORT, '10.0.0.1');
    }
    lab.clock.advance(100);
    assert.deepEqual(answers.map(decodeProbe), [probe('answer', 5n)]);
    assert.equal(answers[0]?.byteLength, question.byteLength);
  });
});

suite('a question that cannot even be sent', () => {
  const unsendable = (lab: Lab): string[] =>
    lab.logger.entries
      .filter(({ message }) => message.includes('cannot be sent'))
      .map(({ fields }) => `${fields['other']}`);

  test('is logged once per replica and outage, not per question', () => {
    const lab = new Lab();
    const a = lab.start('a', [replica('a'), aReplica('b', 'fd00::2'), aReplica('c', 'fd00::3')]);
    lab.clock.advance(60_000);
    assert.deepEqual(unsendable(lab), ['b', 'c']);
    a.setReplicas(members('a', 'b', 'c'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(60_000);
    assert.deepEqual(sees(a).answering, ['b']);
    assert.deepEqual(unsendable(lab), ['b', 'c']);
    a.setReplicas([aReplica('b', 'fd00::2'), aReplica('c', 'fd00::3')]);
    lab.clock.advance(60_000);
    assert.deepEqual(unsendable(lab), ['b', 'c', 'b']);
  });
});

suite('the socket', () => {
  test('that fails is bound again', () => {
    const lab = new Lab();
    const blocker = lab.datagrams.bind('10.0.0.1', PORT, {
      onMessage: () => undefined,
      onError: (error) => assert.fail(error),
    });
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(5_000);
    assert.deepEqual(sees(a).answering, []);
    assert.equal(a.isSettled, false, 'it has asked nobody');
    blocker.close();
    lab.clock.advance(1_000 + 2 * SEEN_MS);
    assert.deepEqual(sees(a).answering, ['b']);
    assert.equal(a.isSettled, true);
    assert.ok(lab.logger.entries.some(({ level, message }) => level === 'error' && message.includes('socket failed')));
  });

  test('is closed at the end, with no timer left, even while it waits to be bound again', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(5_000);
    a.stop();
    assert.equal(lab.clock.pendingTimers, 0);
    const again = lab.start('a', members('a'));
    const second = lab.start('a', members('a'));
    lab.clock.advance(10);
    second.stop();
    lab.clock.advance(5_000);
    again.stop();
    lab.clock.advance(10);
    assert.equal(lab.clock.pendingTimers, 0);
    let failed = false;
    lab.datagrams.bind('10.0.0.1', PORT, { onMessage: () => undefined, onError: () => (failed = true) });
    lab.clock.advance(10);
    assert.equal(failed, false, 'the port is still bound');
  });
});
