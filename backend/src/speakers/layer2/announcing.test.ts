import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claim, gist, link, OUR_MAC, PEER_MAC, table, wanted, wants } from './testing/table.ts';
import { hex } from './wire/testing/hex.ts';

const V4 = '192.0.2.10';
const V6 = '2001:db8::10';
const OURS = '02:00:00:00:00:01';
const bothForms = [`announcement (request) ${V4} is ${OURS}`, `announcement (reply) ${V4} is ${OURS}`];
const advertised = `announcement ..:10 is ${OURS}`;

test('a new owner is announced within the call: gratuitous request and reply, unsolicited advertisement', () => {
  const { lan, speaker, seen } = table();
  speaker.set(wants(V6, V4));
  assert.deepEqual(lan.take().map(gist), [...bothForms, advertised]);
  assert.deepEqual(seen, [
    { ip: V6, state: 'announcing', link: 'eth1' },
    { ip: V4, state: 'announcing', link: 'eth1' },
  ]);
});

test('five times in five seconds, and then no more', () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V6));
  const times: number[] = [];
  for (let ms = 0; ms <= 60_000; ms += 50) {
    for (const sent of lan.take()) {
      assert.equal(gist(sent), advertised);
      times.push(ms);
    }
    clock.advance(50);
  }
  assert.deepEqual(times, [0, 1250, 2500, 3750, 5000]);
  assert.equal(clock.pendingTimers, 0);
});

test('steady announcements are spread by a tenth either way, so that many replicas do not fall into step', () => {
  for (const [random, first] of [
    [0, 54_000],
    [0.999, 65_988],
  ] as const) {
    const { lan, speaker, clock } = table({ steadyMs: 60_000 }, [link(1)], random);
    speaker.set(wants(V6));
    clock.advance(5_000);
    lan.take();
    clock.advance(first - 1);
    assert.equal(lan.take().length, 0);
    clock.advance(1);
    assert.equal(lan.take().length, 1);
  }
});

test('after the burst a low steady rate, if one is wanted', () => {
  const { lan, speaker, clock } = table({ steadyMs: 60_000 });
  speaker.set(wants(V6));
  clock.advance(5000);
  assert.equal(lan.take().length, 5);
  clock.advance(600_000);
  assert.equal(lan.take().length, 10);
});

test('what is desired again as it was causes no frame and no observation', () => {
  const { lan, speaker, clock, seen } = table();
  speaker.set(wants(V4, V6));
  clock.advance(10_000);
  lan.take();
  seen.length = 0;
  speaker.set(wants(V4, V6));
  speaker.update(wants(V4));
  clock.advance(10_000);
  assert.deepEqual(lan.take(), []);
  assert.deepEqual(seen, []);
});

test('fail-back: who was owner before is announced like a new one', () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V4));
  clock.advance(10_000);
  lan.take();
  speaker.update(new Map([[V4, null]]));
  clock.advance(1000);
  assert.deepEqual(lan.take(), [], 'no farewell: it would overwrite what the new owner says');
  speaker.update(wants(V4));
  assert.deepEqual(lan.take().map(gist), bothForms);
  clock.advance(5000);
  assert.equal(lan.take().length, 8);
});

test('who loses an address amid the burst is silent at once', () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V4));
  clock.advance(2000);
  lan.take();
  speaker.update(new Map([[V4, null]]));
  clock.advance(60_000);
  assert.deepEqual(lan.take(), []);
  assert.equal(clock.pendingTimers, 0);
});

test("a node's MAC in place of our own, and our own again: announced at once", () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V6));
  clock.advance(10_000);
  lan.take();
  speaker.update(new Map([[V6, wanted({ mac: PEER_MAC })]]));
  assert.deepEqual(lan.take().map(gist), ['announcement ..:10 is 02:00:00:00:00:02']);
  speaker.update(wants(V6));
  assert.deepEqual(lan.take().map(gist), [advertised]);
});

test('a thousand addresses: at a bounded rate, those that come to us meanwhile first', () => {
  const { lan, speaker, clock } = table({ announcementsPerSecond: 1000, burstCount: 2, burstMs: 2000 });
  const many = Array.from({ length: 1000 }, (_, i) => `2001:db8::1:${i.toString(16)}`);
  speaker.set(wants(...many));
  assert.equal(lan.take().length, 50);
  clock.advance(100);
  assert.ok(lan.take().length <= 100);
  speaker.update(wants(V6));
  clock.advance(10);
  assert.equal(lan.take().map(gist)[0], advertised, 'the newest goes first');
  clock.advance(900);
  const perSecond: number[] = [];
  for (let second = 0; second < 4; second++) {
    clock.advance(1000);
    perSecond.push(lan.take().length);
  }
  assert.ok(
    perSecond.every((count) => count <= 1050),
    perSecond.join(),
  );
  const announced = speaker.counters().get('eth1')?.sent.announcement.ndp;
  assert.equal(announced, 2 * 1001, 'each of them twice');
});

test('a link that comes is used within the notice of it, and announced on', () => {
  const { lan, speaker, seen } = table({}, []);
  speaker.set(wants(V4));
  assert.deepEqual(seen.splice(0), [{ ip: V4, state: 'no-link' }]);
  lan.put(link(1));
  assert.deepEqual(lan.take().map(gist), bothForms);
  assert.deepEqual(seen, [{ ip: V4, state: 'announcing', link: 'eth1' }]);
});

test('a link that goes down or vanishes is closed; back again, with another index too, it is announced on at once', () => {
  const { lan, speaker, clock, seen } = table();
  speaker.set(wants(V4));
  clock.advance(10_000);
  lan.take();
  lan.put(link(1, { up: false }));
  assert.deepEqual(lan.openLinks, []);
  lan.put(link(1));
  assert.deepEqual(lan.take().map(gist), bothForms);
  lan.remove(1);
  lan.put(link(4, { name: 'eth1' }));
  assert.deepEqual(lan.take().map(gist), bothForms);
  assert.deepEqual(lan.openLinks, [4]);
  assert.deepEqual(
    seen.map(({ state }) => state),
    ['announcing', 'no-link', 'announcing', 'no-link', 'announcing'],
  );
});

test('a link with a new MAC: all its neighbours hear of it', () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V6));
  clock.advance(10_000);
  lan.take();
  lan.put(link(1, { mac: hex('020000000077') }));
  const [sent] = lan.take();
  assert.ok(sent !== undefined);
  assert.equal(gist(sent), 'announcement ..:10 is 02:00:00:00:00:77');
  assert.notDeepEqual(sent.packet.source, OUR_MAC);
});

test('a subnet that moves to another link takes its addresses along; one that nobody has any more leaves them without', () => {
  const { lan, speaker, seen } = table({}, [link(1), link(2, { prefixes: [] })]);
  speaker.set(wants(V4));
  lan.take();
  lan.put(link(1, { prefixes: [] }));
  assert.deepEqual(seen.at(-1), { ip: V4, state: 'no-link' });
  lan.put(link(2, { prefixes: ['192.0.2.1/24'] }));
  assert.deepEqual(
    lan.take().map(({ link: name }) => name),
    ['eth2', 'eth2'],
  );
  assert.deepEqual(lan.openLinks, [2]);
});

test('an edit of the pool moves its addresses to the named link', () => {
  const { lan, speaker } = table({}, [link(1), link(2, { prefixes: [] })]);
  speaker.set(wants(V4));
  lan.take();
  speaker.update(new Map([[V4, wanted({ interface: 'eth2' })]]));
  assert.deepEqual(
    lan.take().map(({ link: name }) => name),
    ['eth2', 'eth2'],
  );
  assert.deepEqual(lan.openLinks, [2]);
});

test('can_reach follows the routes, though no link changes', () => {
  const { lan, speaker, clock } = table({}, [link(1), link(2)]);
  lan.routes.set('203.0.113.9', 'eth1');
  speaker.set(new Map([[V4, wanted({ interface: 'can_reach:203.0.113.9' })]]));
  assert.deepEqual(lan.openLinks, [1]);
  lan.routes.set('203.0.113.9', 'eth2');
  speaker.followRoutes();
  assert.deepEqual(lan.openLinks, [2]);
  speaker.set(new Map());
  clock.advance(10_000);
  assert.equal(clock.pendingTimers, 0);
});

test('a link that cannot be opened is named with the reason, logged once, and tried again', () => {
  const { lan, speaker, clock, seen, logger } = table({}, []);
  lan.refusals.set('eth1', 'NET_RAW is missing');
  lan.put(link(1));
  speaker.set(wants(V4, V6));
  clock.advance(10_000);
  assert.deepEqual(seen.splice(0), [
    { ip: V4, state: 'no-link', problem: 'NET_RAW is missing' },
    { ip: V6, state: 'no-link', problem: 'NET_RAW is missing' },
  ]);
  assert.deepEqual(
    logger.entries.map(({ message, fields }) => [message, fields['problem']]),
    [['link cannot be opened', 'NET_RAW is missing']],
  );
  lan.refusals.clear();
  clock.advance(1000);
  assert.equal(lan.take().length, 3);
  assert.deepEqual(
    seen.map(({ state }) => state),
    ['announcing', 'announcing'],
  );
});

test('a socket that fails is opened again', () => {
  const { lan, speaker, clock } = table();
  speaker.set(wants(V4));
  clock.advance(10_000);
  lan.take();
  lan.fail(1);
  assert.deepEqual(lan.openLinks, [1]);
  assert.deepEqual(lan.take().map(gist), bothForms);
});

test('before the first `set` a delta is not taken: nothing is known yet', () => {
  const { lan, speaker, seen } = table();
  speaker.update(wants(V4));
  assert.deepEqual([lan.sent, seen], [[], []]);
});

test('what is no address is logged and passed over', () => {
  const { speaker, logger, lan } = table();
  speaker.set(wants('192.0.2.300', 'fe80::1%eth0', V6));
  assert.equal(logger.entries.length, 2);
  assert.equal(lan.take().length, 1);
});

test('stopped, it is silent, closes everything and leaves no timer', () => {
  const { lan, speaker, clock, seen } = table({ steadyMs: 1000 });
  speaker.set(
    new Map([
      [V4, wanted({ probe: true })],
      [V6, wanted({ interface: 'can_reach:192.0.2.9' })],
    ]),
  );
  lan.deliver(1, claim(V4, hex('0200000000cc')));
  lan.take();
  seen.length = 0;
  speaker.stop();
  speaker.stop();
  speaker.set(wants(V4));
  speaker.reassert(V4);
  lan.put(link(1, { mac: PEER_MAC }));
  clock.advance(100_000);
  assert.deepEqual([lan.sent, lan.openLinks, lan.watchers, clock.pendingTimers, seen], [[], [], 0, 0, []]);
});
