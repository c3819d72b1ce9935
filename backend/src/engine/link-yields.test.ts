import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import type { Heard } from '../speakers/layer2/speaker.ts';
import type { LinkPlaces } from './link-places.ts';
import { LinkYields } from './link-yields.ts';

const RIVAL = { ip: '192.0.2.1', state: 'rival', link: 'eth0', mac: '02:00:00:00:00:02', node: 'n2' } as const;

interface Quarrel {
  readonly yields: LinkYields;
  readonly clock: FakeClock;
  readonly hear: (heard: Heard, isOutspoken?: boolean) => ReturnType<LinkYields['hear']>;
}

function quarrel(): Quarrel {
  const clock = new FakeClock();
  const yields = new LinkYields({ clock, onEnd: () => undefined });
  return {
    clock,
    yields,
    hear: (heard, isOutspoken) => yields.hear({ ...RIVAL, heard, toAll: heard !== 'answer' }, isOutspoken),
  };
}

test('what a rival answers or probes for is no announcement', () => {
  const { clock, hear } = quarrel();
  for (let times = 0; times < 10; times++) {
    assert.deepEqual(hear('answer'), { announces: false, insistsMs: 0 });
    assert.deepEqual(hear('probe'), { announces: false, insistsMs: 0 });
    clock.advance(5_000);
  }
});

test('who announces an address insists for as long as it goes on with that, whatever it answers afterwards', () => {
  const { clock, hear } = quarrel();
  hear('announcement');
  clock.advance(200);
  assert.deepEqual(hear('announcement'), { announces: true, insistsMs: 0 });
  clock.advance(200);
  assert.deepEqual(hear('announcement'), { announces: true, insistsMs: 400 });
  clock.advance(5_000);
  assert.deepEqual(hear('answer'), { announces: true, insistsMs: 400 });
  clock.advance(25_000);
  assert.deepEqual(hear('answer'), { announces: false, insistsMs: 400 });
});

test('a rival that is mistaken for a moment now and then does not insist, though its kernel answers all the time', () => {
  const { clock, hear } = quarrel();
  for (let times = 0; times < 5; times++) {
    hear('announcement');
    clock.advance(100);
    hear('announcement');
    clock.advance(100);
    assert.equal(hear('announcement').insistsMs, 200);
    for (let second = 0; second < 20; second += 5) {
      clock.advance(5_000);
      hear('answer');
    }
  }
});

test('a rival that is mistaken twice within seconds, and silent when it is contradicted, does not insist', () => {
  const { clock, hear } = quarrel();
  for (let times = 0; times < 5; times++) {
    hear('announcement');
    clock.advance(9_000);
    assert.equal(hear('announcement').insistsMs, 0);
    clock.advance(20_000);
  }
});

test('one that has insisted is believed at once when it does so again within a minute', () => {
  const { clock, hear } = quarrel();
  hear('announcement');
  clock.advance(600);
  hear('announcement');
  clock.advance(600);
  hear('announcement');
  clock.advance(33_000);
  assert.equal(hear('announcement').insistsMs, 1_200);
  clock.advance(60_000);
  assert.equal(hear('announcement').insistsMs, 0);
});

type SilenceOn = LinkPlaces['silenceOn'];

test('an address left to one who may not have it comes back once that one says it is silent about it', () => {
  const { yields, hear } = quarrel();
  const says =
    (silence: ReturnType<SilenceOn>): SilenceOn =>
    (node, ip) =>
      node === RIVAL.node && ip === RIVAL.ip ? silence : undefined;
  const cases: [string, readonly string[], SilenceOn[], boolean, boolean?][] = [
    ['it goes on', ['n1'], [says(undefined)], true],
    ['it is eligible, and was asking for it', ['n1', 'n2'], [says('this')], true],
    ['it has heard', ['n1'], [says('this')], false],
    ['it has heard, and of more than it can tell', ['n1'], [says(undefined), says('many')], false],
    ['it has heard at the last moment, and of more than it can tell', ['n1'], [says('many')], false],
    ['it is silent about many others anyway', ['n1'], [says('many'), says('many')], true, false],
  ];
  for (const [what, eligible, told, isLeft, isOutspoken] of cases) {
    for (let times = 0; times < 2; times++) hear('announcement', isOutspoken);
    yields.add(RIVAL.ip, RIVAL.node);
    for (const silenceOn of told) yields.hearSilences(RIVAL.ip, eligible, { silenceOn });
    assert.deepEqual([yields.has(RIVAL.ip), yields.isDoubtful(RIVAL.ip)], [isLeft, isLeft], what);
    assert.equal(yields.isContestedBy(RIVAL.ip, RIVAL.node), isLeft, what);
    yields.delete(RIVAL.ip);
  }
  assert.deepEqual(hear('answer'), { announces: false, insistsMs: 0 });
});

test('an address is contested by who went on when it was contradicted, however long ago, and not by who announced it once', () => {
  const { yields, clock, hear } = quarrel();
  for (const isContested of [false, false, true]) {
    clock.advance(isContested ? 1_000 : 60_000);
    hear('announcement');
    assert.equal(yields.isContestedBy(RIVAL.ip, RIVAL.node), isContested);
  }
  clock.advance(600_000);
  hear('announcement');
  assert.equal(yields.isContestedBy(RIVAL.ip, RIVAL.node), true);
});

test('an address left to a node without a replica comes back once the one that named it says it is silent about it, eligible or not', () => {
  for (const eligible of [['n1'], ['n1', 'n2']]) {
    const { yields, hear } = quarrel();
    hear('announcement');
    yields.add(RIVAL.ip, RIVAL.node, 'n3');
    const saysSo =
      (name: string): SilenceOn =>
      (node) =>
        node === name ? 'this' : undefined;
    yields.hearSilences(RIVAL.ip, eligible, { silenceOn: saysSo(RIVAL.node) });
    assert.equal(yields.has(RIVAL.ip), true);
    yields.hearSilences(RIVAL.ip, eligible, { silenceOn: saysSo('n3') });
    assert.equal(yields.has(RIVAL.ip), false);
  }
});
