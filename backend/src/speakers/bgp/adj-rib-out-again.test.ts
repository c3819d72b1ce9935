import assert from 'node:assert/strict';
import { test } from 'node:test';
import { route, Scene, table } from './testing/rib-scene.ts';
import type { Route } from './model.ts';
import { decodeMessage } from './wire/message.ts';
import { framesOf } from './wire/testing/frames.ts';

const a = '10.0.0.1/32';
const six = 'fd00:77::1/128';

/** Messages in short: `update`, or `refresh` with its family and whether it begins (1) or ends (2) one. */
function messagesOf({ rib, session: { sending } }: Scene): string[] {
  const messages: string[] = [];
  for (let batch = rib.take(100); batch !== undefined; batch = rib.take(100)) {
    for (const frame of framesOf(batch.bytes)) {
      const message = decodeMessage(frame, sending);
      messages.push(message.type === 'route-refresh' ? `refresh ${message.family} ${message.subtype}` : message.type);
    }
  }
  return messages;
}

test('a refresh has a beginning and an end where both sides know that, however many batches it takes (RFC 7313)', () => {
  const scene = new Scene();
  const prefixes = Array.from({ length: 50 }, (_, i) => `10.0.1.${i}/32`);
  scene.rib.start({ ...scene.session, enhancedRefresh: true });
  scene.rib.replace(table(...prefixes.map((prefix) => route(prefix, [1])), route(six, [1])));
  messagesOf(scene);
  scene.rib.refresh('ipv4-unicast');
  const messages = messagesOf(scene);
  assert.deepEqual([messages[0], messages.at(-1)], ['refresh ipv4-unicast 1', 'refresh ipv4-unicast 2']);
  assert.ok(messages.length > 4, messages.join());
  assert.ok(messages.slice(1, -1).every((type) => type === 'update'));
  assert.equal(scene.rib.pending, false);
  // Of a family without routes, and of one that is none of ours.
  scene.rib.replace(new Map());
  messagesOf(scene);
  scene.rib.refresh('ipv6-unicast');
  scene.rib.refresh('afi-1/safi-128');
  assert.deepEqual(messagesOf(scene), ['refresh ipv6-unicast 1', 'refresh ipv6-unicast 2']);
});

test('a refresh that is asked for before End-of-RIB begins after it (RFC 7313 section 4)', () => {
  const scene = new Scene({ families: ['ipv4-unicast'] });
  scene.rib.start({ ...scene.session, enhancedRefresh: true });
  scene.rib.refresh('ipv4-unicast');
  scene.rib.replace(table(route(a, [1])));
  // The route, then End-of-RIB.
  const initial = ['update', 'update'];
  assert.deepEqual(messagesOf(scene), [...initial, 'refresh ipv4-unicast 1', 'update', 'refresh ipv4-unicast 2']);
});

test('beginnings and ends of refreshes are no UPDATEs', () => {
  const scene = new Scene({ families: ['ipv4-unicast'] });
  scene.rib.start({ ...scene.session, enhancedRefresh: true });
  scene.rib.replace(table(route(a, [1])));
  messagesOf(scene);
  scene.rib.refresh('ipv4-unicast');
  let [messages, updates] = [0, 0];
  for (let batch = scene.rib.take(100); batch !== undefined; batch = scene.rib.take(100)) {
    messages += batch.messages;
    updates += batch.updates;
  }
  assert.deepEqual([messages, updates], [3, 1]);
});

test('who asks many times before there is room to send gets one answer', () => {
  for (const enhancedRefresh of [true, false]) {
    const scene = new Scene();
    scene.rib.start({ ...scene.session, enhancedRefresh });
    scene.rib.replace(table(route(a, [1])));
    messagesOf(scene);
    for (let i = 0; i < 1_000; i += 1) scene.rib.refresh('ipv4-unicast');
    const ends = [1, 2].map((subtype) => `refresh ipv4-unicast ${subtype}`);
    assert.deepEqual(messagesOf(scene), enhancedRefresh ? [ends[0], 'update', ends[1]] : ['update']);
    assert.equal(scene.rib.pending, false);
  }
});

test('who asks once more while it gets all gets all once more, after the end of the first time', () => {
  const scene = new Scene({ families: ['ipv4-unicast'] });
  scene.rib.start({ ...scene.session, enhancedRefresh: true });
  scene.rib.replace(table(...Array.from({ length: 50 }, (_, i) => route(`10.0.1.${i}/32`, [1]))));
  messagesOf(scene);
  scene.rib.refresh('ipv4-unicast');
  assert.equal(scene.take(100)?.updates, 1);
  scene.rib.refresh('ipv4-unicast');
  const messages = messagesOf(scene).filter((message) => message !== 'update');
  const [begin, end] = [1, 2].map((subtype) => `refresh ipv4-unicast ${subtype}`);
  assert.deepEqual(messages, [end, begin, end]);
});

test('a refresh while all is looked at for another reason is not forgotten', () => {
  const scene = new Scene({ families: ['ipv4-unicast'] });
  scene.start();
  scene.rib.replace(table(route(a, [1]), route('10.0.0.2/32', [1])));
  scene.flush();
  scene.rib.reconfigure(scene.session);
  assert.equal(scene.rib.take(65_536, 1)?.messages, 0);
  scene.rib.refresh('ipv4-unicast');
  assert.deepEqual(scene.flush(), [`+${a} 1 192.0.2.1`, '+10.0.0.2/32 1 192.0.2.1']);
});

test('a refresh that is under way is forgotten with its session', () => {
  const scene = new Scene();
  scene.rib.start({ ...scene.session, enhancedRefresh: true });
  scene.rib.replace(table(route(a, [1])));
  messagesOf(scene);
  scene.rib.refresh('ipv4-unicast');
  scene.rib.stop();
  scene.rib.start(scene.session);
  assert.deepEqual(messagesOf(scene), ['update', 'update', 'update']);
});

test('what is collected for a batch goes before what changes meanwhile, and what is asked for again', () => {
  const b = '10.0.0.2/32';
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1]), route(b, [1])));
  scene.flush();
  scene.rib.update(table(route(a, [2]), route(b, [2])));
  const first = scene.rib.take(65_536, 1);
  assert.deepEqual([first?.messages, scene.rib.pending], [0, true], 'nothing yet, but there is more to look at');
  scene.rib.update(table(route(a, [1])));
  scene.rib.refresh('ipv4-unicast');
  scene.flush();
  assert.deepEqual([scene.peer.nextHops(a), scene.peer.nextHops(b)], [['192.0.2.1'], ['192.0.2.2']]);
  assert.equal(scene.rib.pending, false);
});

test('what changes while it is collected ends up as it is wanted, whatever else has its new next hop', () => {
  const b = '10.0.0.2/32';
  const by = (prefix: string, nextHop: string): Route => ({ prefix, paths: [{ id: 1, nextHop }] });
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(by(a, '192.0.2.2'), by(b, '192.0.2.3'), by('10.0.0.3/32', '192.0.2.4')));
  scene.rib.take(65_536, 2);
  scene.rib.update(table(by(b, '192.0.2.2')));
  scene.flush();
  assert.deepEqual(scene.peer.nextHops(b), ['192.0.2.2']);
});

test('what is collected when the session ends is sent in the next one', () => {
  const scene = new Scene();
  scene.start();
  scene.rib.replace(table(route(a, [1]), route('10.0.0.2/32', [1])));
  scene.rib.take(65_536, 1);
  scene.rib.stop();
  scene.start();
  scene.flush();
  assert.deepEqual([...scene.peer.paths.keys()], [a, '10.0.0.2/32']);
});

test('routes that are about to go say so, all of them and at once, and no longer when that is over (RFC 8326)', () => {
  for (const peerAs of [65001, 65000]) {
    const scene = new Scene();
    const shown = (): string[] => {
      const batch = scene.take();
      const updates = framesOf(batch?.bytes ?? new Uint8Array()).map((frame) =>
        decodeMessage(frame, scene.session.sending),
      );
      return updates.flatMap((update) => {
        if (update.type !== 'update' || update.nlri.length === 0) return [];
        const values = update.attributes.flatMap((each) => (each.type === 'communities' ? each.values : []));
        const pref = update.attributes.flatMap((each) => (each.type === 'local-pref' ? [`pref ${each.value}`] : []));
        return [[...update.nlri.map(({ prefix }) => prefix), ...pref, ...values].join(' ')];
      });
    };
    const session = { ...scene.session, peer: { localAs: 65000, peerAs } };
    const pref = (value: number): string => (peerAs === 65000 ? ` pref ${value}` : '');
    scene.rib.replace(table(route(a, [1], { communities: ['65000:7'] })));
    scene.rib.start(session);
    assert.deepEqual(shown(), [`${a}${pref(100)} 65000:7`]);
    scene.take();
    scene.rib.reconfigure({ ...session, peer: { ...session.peer, gracefulShutdown: true } });
    assert.deepEqual(shown(), [`${a}${pref(0)} 65000:7 65535:0`]);
    scene.rib.reconfigure(session);
    assert.deepEqual(shown(), [`${a}${pref(100)} 65000:7`]);
  }
});

test('an IPv4 route may have an IPv6 next hop where the peer takes that, and is left out elsewhere (RFC 8950)', () => {
  const scene = new Scene();
  const routes = table({ prefix: a, paths: [{ id: 1, nextHop: 'fd00::1' }] });
  scene.rib.start(scene.session);
  scene.rib.replace(routes);
  assert.deepEqual(scene.flush(), ['EoR ipv4-unicast', 'EoR ipv6-unicast']);
  assert.match(scene.invalid.join(), /fd00::1 is no next hop of ipv4-unicast for this peer/);
  scene.rib.start({ ...scene.session, sending: { ...scene.session.sending, extendedNextHop: true } });
  assert.deepEqual(scene.flush(), [`+${a} 1 fd00::1`, 'EoR ipv4-unicast', 'EoR ipv6-unicast']);
});
