import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { answersFor, owners, ownersOverlap, ownersOverlaps, reigns, reignsTold } from './claims.ts';
import type { LanRecord, LanRecordKind } from './records.ts';

const ip = '10.50.0.200';
const asker = '02:00:0a:32:00:fb';

function claim(at: number, mac: string, kind: LanRecordKind = 'arp-reply'): LanRecord {
  return { at, kind, ip, from: ip, mac, source: mac, destination: kind === 'arp-reply' ? asker : 'ff:ff:ff:ff:ff:ff' };
}

function question(at: number): LanRecord {
  const kind = 'arp-request';
  return { at, kind, ip, from: '10.50.0.251', mac: asker, source: asker, destination: 'ff:ff:ff:ff:ff:ff' };
}

/** One claim each 100 ms from `first` to `last`. */
function claims(mac: string, first: number, last: number): LanRecord[] {
  return Array.from({ length: (last - first) / 100 + 1 }, (_, i) => claim(first + 100 * i, mac));
}

suite('who owned an address', () => {
  test('one owner reigns from its first claim to its last; questions and other addresses are no claims', () => {
    const other = { ...claim(250, 'b'), ip: '10.50.0.201', from: '10.50.0.201' };
    const records = [...claims('a', 100, 500), question(250), other];
    assert.deepEqual(reigns(records, ip), [{ mac: 'a', first: 100, last: 500, claims: 5 }]);
    assert.equal(ownersOverlap(records, ip), 0);
    assert.deepEqual(owners(records, '10.50.0.202'), []);
  });

  test('reigns are told with names and kinds, since the first of them', () => {
    const records = [claim(1_000, 'a', 'gratuitous'), ...claims('a', 1100, 1300), claim(1400, 'b')];
    assert.deepEqual(reignsTold(records, ip, (mac) => `node ${mac}`).split('\n'), [
      'claims to 10.50.0.200 since 1970-01-01T00:00:01.000Z:',
      '  +0.0 to +300.0 ms: 4 by node a (1 gratuitous, 3 arp-reply)',
      '  +400.0 to +400.0 ms: 1 by node b (1 arp-reply)',
    ]);
  });

  test('one that takes over and gives back: three reigns, no overlap', () => {
    const records = [...claims('a', 0, 1000), ...claims('b', 1100, 5000), ...claims('a', 5100, 9000)];
    assert.deepEqual(owners(records, ip), ['a', 'b', 'a']);
    assert.equal(ownersOverlap(records, ip), 0);
  });

  test('two that both answer overlap from when the second began to when the first ended', () => {
    const both = [...claims('a', 0, 3000), ...claims('b', 2050, 6050)];
    assert.equal(ownersOverlap(both, ip), 950);
    assert.ok(owners(both, ip).length > 2);
  });

  test('each time that two overlap stands for itself', () => {
    const records = [...claims('a', 0, 3000), ...claims('b', 2050, 9050), ...claims('a', 8500, 12_000)];
    assert.deepEqual(ownersOverlaps(records, ip), [950, 550]);
    assert.equal(ownersOverlap(records, ip), 1500);
  });

  test('two that only announce, now and then, overlap too', () => {
    const records = [0, 1250, 2500, 3750].flatMap((at) => [
      claim(at, 'a', 'gratuitous'),
      claim(at + 200, 'b', 'gratuitous'),
    ]);
    assert.equal(ownersOverlap(records, ip), 3550);
    assert.equal(ownersOverlap(records, ip, { silenceMs: 1000 }), 0);
  });

  test('one that gave an address up, and got it back a moment later, has not had it meanwhile, if others answered all who asked', () => {
    const questions = Array.from({ length: 30 }, (_, i) => question(i * 100 - 1));
    const records = [...claims('a', 0, 1000), ...claims('b', 1100, 2300), ...claims('a', 2400, 5000)];
    assert.deepEqual(ownersOverlaps([...records, ...questions], ip), []);
    assert.deepEqual(ownersOverlaps(records, ip), [1200], 'where nobody asked it may have been silent for that');
    const late = [...records, claim(2700, 'b')];
    assert.deepEqual(ownersOverlaps([...late, ...questions], ip), [300]);
  });

  test('one that answers late, or only some of those who ask, has not given the address up', () => {
    const questions = Array.from({ length: 30 }, (_, i) => question(i * 100 - 1));
    const records = [...[0, 500, 900, 1300, 1700].map((at) => claim(at, 'a')), ...claims('b', 100, 3000)];
    assert.deepEqual(ownersOverlaps([...records, ...questions], ip), [1600]);
  });

  test('one that leaves all unanswered who ask, and goes on to announce the address, has not given it up', () => {
    const questions = Array.from({ length: 50 }, (_, i) => question(i * 100 - 1));
    const burst = [1250, 2500, 3750].map((at) => claim(at, 'a', 'gratuitous'));
    const records = [...claims('a', 0, 1000), ...burst, ...claims('b', 1100, 5000), ...questions];
    assert.deepEqual(ownersOverlaps(records, ip), [2650]);
  });

  suite('one that left an address to another, silent for all who ask, and then takes it over again', () => {
    const questions = Array.from({ length: 50 }, (_, i) => question(i * 100 - 1));
    const owner = claims('b', 0, 2750).map((each) => ({ ...each, at: each.at + 50 }));
    const tried = [1000, 1100, 1300, 1500].map((at) => claim(at, 'a', 'gratuitous'));

    test('has not had it meanwhile, though it begins both times with an announcement', () => {
      const again = [claim(2700, 'a', 'gratuitous'), ...claims('a', 2800, 4900)];
      assert.deepEqual(ownersOverlaps([...owner, ...tried, ...again, ...questions], ip), [500, 50]);
      const fewQuestions = questions.filter((_, i) => i % 10 === 0);
      assert.deepEqual(ownersOverlaps([...owner, ...tried, ...again, ...fewQuestions], ip), [1750]);
    });

    test('has had it if it goes on to announce it and to answer nobody: that is a burst that nobody ended', () => {
      const burst = [claim(2700, 'a', 'gratuitous'), ...claims('a', 3200, 4900)];
      assert.deepEqual(ownersOverlaps([...owner, ...tried, ...burst, ...questions], ip), [1750]);
      const atLast = claim(2700, 'a', 'gratuitous');
      assert.deepEqual(ownersOverlaps([...owner, ...tried, atLast, ...questions], ip), [1700]);
      const answered = claim(1000, 'a');
      assert.deepEqual(ownersOverlaps([...owner, answered, claim(2250, 'a', 'gratuitous'), ...questions], ip), [1250]);
    });
  });

  test('what it is asked itself, or a neighbour asks another one alone, nobody leaves unanswered', () => {
    const alone = Array.from({ length: 30 }, (_, i) => ({
      ...question(i * 100 - 1),
      destination: '02:00:0a:32:00:0b',
    }));
    const own = Array.from({ length: 30 }, (_, i) => ({ ...question(i * 100 - 1), source: 'a', mac: 'a' }));
    const records = [claim(0, 'a'), ...claims('b', 100, 1300), claim(1400, 'a')];
    assert.deepEqual(ownersOverlaps([...records, ...alone, ...own], ip), [1200]);
  });

  test('an answer out of order is seen as an owner of its own, though it lasted no time', () => {
    const records = [...claims('a', 0, 1000), claim(550, 'b')];
    assert.deepEqual(owners(records, ip), ['a', 'b', 'a']);
    assert.equal(ownersOverlap(records, ip), 0);
  });

  test('a time with three counts once', () => {
    const records = ['a', 'b', 'c'].flatMap((mac) => claims(mac, 0, 1000));
    assert.equal(ownersOverlap(records, ip), 1000);
  });

  test('a node that asks its neighbours from the address claims it', () => {
    const asks: LanRecord = { ...question(500), ip: '10.50.0.1', from: ip, mac: 'b', source: 'b' };
    assert.deepEqual(owners([...claims('a', 0, 1000), asks], ip), ['a', 'b', 'a']);
  });
});

test('each question has its answers, and an announcement is none', () => {
  const records = [
    ...[question(0), claim(1, 'a'), claim(3, 'b')],
    ...[question(100), claim(102, 'b', 'gratuitous')],
    ...[question(200), claim(1300, 'a')],
  ];
  assert.deepEqual(answersFor(records, ip), [
    {
      at: 0,
      asker,
      answers: [
        { mac: 'a', afterMs: 1 },
        { mac: 'b', afterMs: 3 },
      ],
    },
    { at: 100, asker, answers: [] },
    { at: 200, asker, answers: [] },
  ]);
});
