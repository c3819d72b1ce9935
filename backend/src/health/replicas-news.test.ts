import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaPlace } from '../domain/replica.ts';
import type { Datagrams } from '../platform/ports.ts';
import { decodeProbe, encodeProbe, type ProbeMessage } from './probe-message.ts';
import { encodePlace } from './replica-place.ts';
import { Lab, members, MISSED_MS, PORT, probe, replica, SEEN_MS, sees } from './testing/replicas.ts';

const PLACE: ReplicaPlace = {
  links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24'] }],
  towards: {},
};

suite('news', () => {
  /** More than the way there and back, far less than an interval. */
  const AT_ONCE_MS = 50;

  test('a replica that starts asks at once, and is found at once', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(10_000);
    const b = lab.start('b', members('a', 'b'));
    lab.clock.advance(AT_ONCE_MS);
    assert.deepEqual(sees(b).answering, ['a']);
    assert.deepEqual(sees(a).answering, ['b']);
  });

  test('leaving, a stale view and another place are known at once', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    b.setStale(true);
    lab.clock.advance(AT_ONCE_MS);
    const known = { answering: true, leaving: false, stale: true, announcing: false };
    assert.deepEqual(a.members(), [{ name: 'b', ...known }]);
    assert.deepEqual(sees(a).answering, ['b!']);
    b.setPlace(PLACE);
    lab.clock.advance(AT_ONCE_MS);
    assert.deepEqual(a.answering()[0]?.place, PLACE);
    assert.deepEqual([...a.leavingNodes()], []);
    b.announceLeaving();
    lab.clock.advance(AT_ONCE_MS);
    assert.deepEqual(sees(a), { answering: [], lost: [] });
    assert.deepEqual([...a.leavingNodes()], ['node-b']);
    b.stop();
    lab.clock.advance(MISSED_MS);
    assert.deepEqual([...a.leavingNodes()], [], 'it is gone');
  });

  test('what does not change is no news', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    b.setPlace(PLACE);
    lab.clock.advance(10_000);
    lab.changes.length = 0;
    b.setPlace({ ...PLACE });
    b.setStale(false);
    lab.clock.advance(10_000);
    assert.deepEqual(lab.changes, []);
    assert.deepEqual(sees(a).answering, ['b']);
  });

  test('with its place a replica says whom it counts', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b', 'c'));
    const others = ['b', 'c'].map((name) => lab.start(name, members('a', 'b', 'c')));
    a.setPlace(PLACE, new Set(['b']));
    lab.clock.advance(2 * SEEN_MS);
    const countsThem = (): unknown[] =>
      others.map((each) => each.answering().map(({ name, countsUs }) => [name, countsUs])[0]);
    assert.deepEqual(countsThem(), [
      ['a', true],
      ['a', false],
    ]);
    a.setPlace(PLACE, new Set(['c']));
    lab.clock.advance(2 * SEEN_MS);
    assert.deepEqual(countsThem(), [
      ['a', false],
      ['a', true],
    ]);
  });

  test('a place is told to replicas only: strangers get the header', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    a.setPlace(PLACE);
    const answers: Uint8Array[] = [];
    const handlers = { onMessage: (bytes: Uint8Array) => void answers.push(bytes), onError: () => assert.fail() };
    const stranger = lab.datagrams.bind('10.0.0.66', 1_234, handlers);
    stranger.send(encodeProbe(probe('question', 5n, { news: true })), PORT, '10.0.0.1');
    lab.clock.advance(5_000);
    assert.deepEqual(answers.map(decodeProbe), [probe('answer', 5n, { placeOmitted: true })]);
  });

  test('a place is read only where it answers a question of ours: whoever sends others costs no more than their headers', (t) => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const read = t.mock.method(JSON, 'parse');
    const socket = lab.datagrams.bind('10.0.0.2', PORT, {
      onMessage: (bytes) => {
        const { kind: asked, nonce = 0n } = decodeProbe(bytes) ?? {};
        if (asked !== 'question') return;
        for (const kind of ['question', 'answer'] as const) {
          const octets = encodePlace(PLACE);
          for (const wrong of [1n, 2n]) socket.send(encodeProbe(probe(kind, nonce + wrong), octets), PORT, '10.0.0.1');
        }
        socket.send(encodeProbe(probe('question', nonce), encodePlace(PLACE)), PORT, '10.0.0.1');
      },
      onError: () => assert.fail(),
    });
    lab.clock.advance(1_000);
    assert.deepEqual(a.answering(), []);
    assert.equal(read.mock.callCount(), 0);
  });

  test('a place is waited for that is used up in the name of who asks: it has not been said that there is none', () => {
    const lab = new Lab();
    const b = lab.start('b', members('a', 'b'));
    b.setPlace(PLACE);
    lab.clock.advance(1_000);
    const forger = lab.datagrams.bind('10.0.0.1', 1_234, { onMessage: () => undefined, onError: () => assert.fail() });
    const forge = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 1) {
        forger.send(encodeProbe(probe('question', 1n)), PORT, '10.0.0.2');
        lab.clock.advance(1);
      }
    };
    forge(100);
    const a = lab.start('a', members('a', 'b'));
    for (let ms = 0; ms < 4_000; ms += 10) {
      forge(10);
      const [known] = a.answering();
      assert.equal(a.isSettled, known?.isPlaceKnown === true);
      if (known?.isPlaceKnown === true) assert.deepEqual(known.place, PLACE);
    }
  });

  test('one of an older version, to which an answer without a place means that there is none, may ask more than once in a moment', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    a.setPlace(PLACE);
    lab.clock.advance(1_000);
    const places: ReplicaPlace[] = [];
    const older = lab.datagrams.bind('10.0.0.2', PORT, {
      onMessage: (bytes) => {
        const { kind, place } = decodeProbe(bytes) ?? {};
        if (kind === 'answer' && place !== undefined) places.push(place);
      },
      onError: () => assert.fail(),
    });
    for (let nonce = 0n; nonce < 4n; nonce++) older.send(encodeProbe(probe('question', nonce)), PORT, '10.0.0.1');
    lab.clock.advance(10);
    assert.deepEqual(places, [PLACE, PLACE, PLACE, PLACE]);
  });

  test('however often a place is asked for in the name of a replica, it is sent a few times at once, and then each 20 ms', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    a.setPlace(PLACE);
    lab.clock.advance(1_000);
    const answers: ProbeMessage[] = [];
    const forger = lab.datagrams.bind('10.0.0.2', PORT, {
      onMessage: (bytes) => {
        const message = decodeProbe(bytes);
        if (message?.kind === 'answer') answers.push(message);
      },
      onError: () => assert.fail(),
    });
    for (let ms = 0; ms < 1_000; ms++) {
      forger.send(encodeProbe(probe('question', BigInt(ms))), PORT, '10.0.0.1');
      lab.clock.advance(1);
    }
    lab.clock.advance(10);
    assert.equal(answers.length, 1_000, 'each one is answered');
    const placed = answers.filter(({ place }) => place.links.length > 0);
    assert.equal(placed.length, 7 + 50);
    assert.ok(placed.every(({ placeOmitted }) => !placeOmitted));
    assert.equal(answers.filter(({ placeOmitted }) => placeOmitted).length, 950 - 7);
  });

  test('a replica that has forgotten us is asked no more often, and its place is not known until it knows us again', () => {
    const lab = new Lab();
    let asked = 0;
    const counting: Datagrams = {
      bind: (host, port, handlers) => {
        const socket = lab.datagrams.bind(host, port, handlers);
        return {
          ...socket,
          send: (bytes, toPort, to) => {
            if (decodeProbe(bytes)?.kind === 'question') asked++;
            socket.send(bytes, toPort, to);
          },
        };
      },
    };
    const a = lab.start('a', members('a', 'b'), counting);
    const b = lab.start('b', members('a', 'b'));
    b.setPlace(PLACE);
    lab.clock.advance(10_000);
    assert.equal(a.answering()[0]?.isPlaceKnown, true);
    lab.datagrams.cut('10.0.0.1');
    b.setReplicas(members('b'));
    lab.clock.advance(300_000);
    lab.datagrams.heal('10.0.0.1');
    lab.clock.advance(SEEN_MS);
    asked = 0;
    lab.clock.advance(10_000);
    assert.ok(asked < 25, `${asked} questions in ten seconds`);
    assert.equal(a.answering()[0]?.isPlaceKnown, false);
    b.setReplicas(members('a', 'b'));
    lab.clock.advance(AT_ONCE_MS);
    assert.equal(a.answering()[0]?.isPlaceKnown, true);
  });

  test('a place stays known, and a new one becomes known, while somebody asks in the name of the replica', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const b = lab.start('b', members('a', 'b'));
    b.setPlace(PLACE);
    lab.clock.advance(10_000);
    const moved = { ...PLACE, towards: { 'can_reach:192.0.2.9': 'eth0' } };
    const forged = encodeProbe(probe('question', 1n));
    const told = new Set<string>();
    const forger = lab.datagrams.bind('10.0.0.1', 1_234, { onMessage: () => undefined, onError: () => assert.fail() });
    for (let ms = 0; ms < 2_100; ms += 7) {
      if (ms === 1_050) b.setPlace(moved);
      forger.send(forged, PORT, '10.0.0.2');
      lab.clock.advance(7);
      told.add(JSON.stringify(a.answering()[0]?.place));
    }
    assert.deepEqual(
      [...told],
      [PLACE, moved].map((place) => JSON.stringify(place)),
    );
  });

  test('however much of it there is: no storm, and nobody is lost', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    let asked = 0;
    const socket: { send: (bytes: Uint8Array, port: number, host: string) => void } = lab.datagrams.bind(
      '10.0.0.2',
      PORT,
      {
        onMessage: (bytes) => {
          const message = decodeProbe(bytes);
          if (message?.kind !== 'question') return;
          asked += 1;
          socket.send(encodeProbe(probe('answer', message.nonce)), PORT, '10.0.0.1');
        },
        onError: () => assert.fail(),
      },
    );
    lab.clock.advance(1_000);
    asked = 0;
    for (let ms = 0; ms < 2_000; ms++) {
      socket.send(encodeProbe(probe('question', 1n, { news: true })), PORT, '10.0.0.1');
      lab.clock.advance(1);
    }
    assert.ok(asked > 4 && asked <= 105, `asked ${asked} times in 2 s`);
    assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
  });

  for (const everyMs of [3, 20, 100, 200, 240, 310]) {
    test(`a dead replica is missed in time, whatever news is forged each ${everyMs} ms in its name`, () => {
      for (let died = 0; died < 600; died += 60) {
        const lab = new Lab();
        const a = lab.start('a', members('a', 'b'));
        const b = lab.start('b', members('a', 'b'));
        const news = encodeProbe(probe('question', 1n, { news: true }));
        const forge = (ms: number, send: (bytes: Uint8Array, port: number, host: string) => void): void => {
          for (let passed = 0; passed < ms; passed += everyMs) {
            send(news, PORT, '10.0.0.1');
            lab.clock.advance(Math.min(everyMs, ms - passed));
          }
        };
        // While it lives, its own news has the same effect.
        for (let passed = 0; passed < 2_000 + died; passed += 50) {
          b.setStale(!sees(a).answering.includes('b!'));
          lab.clock.advance(50);
        }
        b.stop();
        const forger = lab.datagrams.bind('10.0.0.2', PORT, {
          onMessage: () => undefined,
          onError: () => assert.fail(),
        });
        forge(900, forger.send);
        assert.equal(sees(a).answering.length, 1, 'two misses are not enough');
        forge(MISSED_MS - 900, forger.send);
        assert.deepEqual(sees(a), { answering: [], lost: ['b'] }, `died after ${died} ms`);
      }
    });
  }

  test('of this replica itself does not hide that another one is dead', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    lab.start('b', members('a', 'b'));
    lab.clock.advance(10_000);
    lab.datagrams.cut('10.0.0.2');
    for (let passed = 0; passed < MISSED_MS; passed += 50) {
      a.setStale(passed % 100 === 0);
      lab.clock.advance(50);
    }
    assert.deepEqual(sees(a), { answering: [], lost: ['b'] });
  });

  test('on a slow path: answers to earlier questions are answers', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b'));
    const socket: { send: (bytes: Uint8Array, port: number, host: string) => void } = lab.datagrams.bind(
      '10.0.0.2',
      PORT,
      {
        onMessage: (bytes) => {
          const message = decodeProbe(bytes);
          if (message?.kind !== 'question') return;
          const answer = encodeProbe(probe('answer', message.nonce));
          lab.clock.setTimer(200, () => socket.send(answer, PORT, '10.0.0.1'));
        },
        onError: () => assert.fail(),
      },
    );
    lab.clock.advance(1_000);
    for (let passed = 0; passed < 10_000; passed += 10) {
      socket.send(encodeProbe(probe('question', 1n, { news: true })), PORT, '10.0.0.1');
      lab.clock.advance(10);
      assert.deepEqual(sees(a), { answering: ['b'], lost: [] });
    }
  });

  test('who is there is settled when all members have answered, or had the time to', () => {
    const lab = new Lab();
    const a = lab.start('a', members('a', 'b', 'c'));
    lab.start('b', members('a', 'b', 'c'));
    assert.equal(a.isSettled, false);
    lab.clock.advance(AT_ONCE_MS);
    assert.equal(a.isSettled, false);
    const before = lab.changes.length;
    lab.clock.advance(SEEN_MS);
    assert.equal(a.isSettled, true);
    assert.ok(lab.changes.slice(before).includes('a'), 'it is told');
    assert.deepEqual([...a.nodes()].sort(), ['node-b', 'node-c']);
    a.setReplicas([replica('a')]);
    assert.equal(a.isSettled, true);
    assert.deepEqual([...a.nodes()], []);
  });

  test('one that leaves need not say where it speaks any more', () => {
    const lab = new Lab();
    const b = lab.start('b', members('b'));
    b.setPlace(PLACE);
    const a = lab.start('a', members('a', 'b'));
    lab.clock.advance(SEEN_MS);
    assert.equal(a.isSettled, false);
    b.announceLeaving();
    lab.clock.advance(SEEN_MS);
    assert.equal(a.isSettled, true);
  });
});
