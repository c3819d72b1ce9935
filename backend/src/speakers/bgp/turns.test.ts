import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Route } from './model.ts';
import { BgpSpeaker } from './speaker.ts';
import { addPathReceive, peer, routerOpen, Scene } from './testing/scripted-router.ts';
import { Turns } from './turns.ts';

/** A clock on which looking at it takes a while, as for a thread that works. */
function slowed(clock: FakeClock, ms: number): Clock {
  let spent = 0;
  return {
    now: () => clock.now() + (spent += ms),
    wallTime: () => clock.wallTime(),
    sinceBoot: () => clock.sinceBoot(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
}

test('work is done a little at a time, never at once, and between two turns others have theirs', () => {
  const clock = new FakeClock();
  const turns = new Turns(slowed(clock, 2));
  const log: string[] = [];
  const work = (name: string, times: number): (() => boolean) => {
    let left = times;
    return () => {
      log.push(name);
      return --left > 0;
    };
  };
  turns.request(work('a', 3));
  turns.request(work('b', 1));
  turns.request(work('c', 2));
  const other = (): void => {
    log.push('-');
    if (log.length < 9) clock.setTimer(0, other);
  };
  clock.setTimer(0, other);
  assert.deepEqual(log, []);
  clock.advance(0);
  assert.equal(log.join(''), 'aa-ab-cc-');
  assert.equal(clock.pendingTimers, 0);
});

test("who doesn't come to an end keeps nobody waiting for longer than half a second", () => {
  const clock = new FakeClock();
  const turns = new Turns(slowed(clock, 2));
  const log: string[] = [];
  turns.request(() => log.push('long') < 1_000);
  turns.request(() => log.push('other') < 0);
  clock.advance(0);
  const at = log.indexOf('other');
  assert.ok(at > 100 && at < 500, `the other one came as number ${at}`);
  assert.equal(log.at(-1), 'long');
});

test('who asks again while waiting keeps its place', () => {
  const clock = new FakeClock();
  const turns = new Turns(clock);
  const log: string[] = [];
  const [first, second] = ['first', 'second'].map((name) => () => log.push(name) > 99);
  assert.ok(first !== undefined && second !== undefined);
  for (const work of [first, second, first]) turns.request(work);
  clock.advance(0);
  assert.deepEqual(log, ['first', 'second']);
});

const prefixes = Array.from({ length: 2_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`);
const hops = Array.from({ length: 8 }, (_, i) => ({ id: i + 1, nextHop: `192.0.2.${i + 100}` }));
const table = new Map(prefixes.map((prefix): [string, Route] => [prefix, { prefix, paths: hops }]));

test('while many routers get a full table, whatever else the thread has to do is done every few milliseconds', () => {
  const scene = new Scene();
  const { clock, dialer, listeners, logger } = scene;
  const speaker = new BgpSpeaker({
    ...{ clock: slowed(clock, 1), dialer, listeners, logger, random: { next: () => 0 } },
    onSessionChange: () => undefined,
    onSessionGone: () => undefined,
  });
  const peers = Array.from({ length: 5 }, (_, i) => ({ ...peer, key: `r${i}`, address: `192.0.2.${i + 1}` }));
  for (const { address } of peers) scene.router(routerOpen(addPathReceive), address);
  speaker.configure(peers);
  scene.settle();
  for (const { key } of peers) speaker.setRoutes(key, table);
  const sent = (): number => speaker.sessions().reduce((sum, { prefixesSent }) => sum + prefixesSent, 0);
  const steps: number[] = [];
  const other = (): void => {
    steps.push(sent() - steps.reduce((sum, step) => sum + step, 0));
    if (sent() < peers.length * prefixes.length) clock.setTimer(0, other);
  };
  clock.setTimer(0, other);
  assert.equal(sent(), 0);
  scene.settle();
  // Paths in the time of a turn: with eight of them, each of 128 prefixes or a few more at a time.
  assert.ok(Math.max(...steps) <= 4 * 130, `${Math.max(...steps)} prefixes at once`);
  assert.ok(scene.connections.every((connection) => connection.table.paths.size === prefixes.length));
  assert.deepEqual(
    scene.connections[4]?.table.nextHops('10.0.7.207/32'),
    hops.map(({ nextHop }) => nextHop),
  );
});
