import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PeerConfig, StateName } from '../model.ts';
import type { ReceivedMessage } from '../wire/message.ts';
import { describeNotification, notification } from '../wire/notification.ts';
import type { OpenMessage } from '../wire/open.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { initialState, transition, type Effect, type FsmEvent, type FsmState, type Transition } from './fsm.ts';

const config: PeerConfig = {
  key: 'r1',
  address: '192.0.2.1',
  port: 179,
  peerAs: 65001,
  localAs: 65000,
  routerId: '192.0.2.2',
  holdTimeSeconds: 90,
  connectRetrySeconds: 60,
  families: [{ family: 'ipv4-unicast', addPathSendMax: 8 }],
  gracefulRestart: { restartTimeSeconds: 120 },
};

const open: OpenMessage = {
  type: 'open',
  as: 65001,
  holdTimeSeconds: 180,
  identifier: '192.0.2.1',
  capabilities: [
    { type: 'multiprotocol', family: 'ipv4-unicast' },
    { type: 'four-octet-as', as: 65001 },
    { type: 'graceful-restart', restarting: false, notification: true, restartTimeSeconds: 120, families: [] },
  ],
};
const update: ReceivedMessage = { type: 'update', withdrawn: [], attributes: [], nlri: [], problems: [] };
const refresh: ReceivedMessage = {
  type: 'route-refresh',
  family: 'ipv4-unicast',
  subtype: 0,
  filters: new Uint8Array(),
};
const received = (message: ReceivedMessage): FsmEvent => ({ type: 'message', message });
const keepalive = received({ type: 'keepalive' });
const farewell = notification(6, 2);

/** The steps to Established, and the state after each. */
const steps: readonly (readonly [event: FsmEvent, state: StateName])[] = [
  [{ type: 'start' }, 'Connect'],
  [{ type: 'connected' }, 'OpenSent'],
  [received(open), 'OpenConfirm'],
  [keepalive, 'Established'],
];

function step(state: FsmState, event: FsmEvent, overrides: Partial<PeerConfig> = {}, jitter = 0): Transition {
  return transition({ config: { ...config, ...overrides }, jitter }, state, event);
}

function inState(name: StateName, overrides: Partial<PeerConfig> = {}, theirs: Partial<OpenMessage> = {}): FsmState {
  if (name === 'Active') return step(inState('Connect'), { type: 'disconnected', reason: 'refused' }).state;
  let state = initialState;
  for (const [event, next] of steps) {
    if (state.name === name) return state;
    const suited = event.type === 'message' && event.message.type === 'open' ? received({ ...open, ...theirs }) : event;
    state = step(state, suited, overrides).state;
    assert.equal(state.name, next);
  }
  assert.equal(state.name, name);
  return state;
}

/** Effects in short: `send OPEN`, `start hold 90000`, `close flush`, ... */
function words(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    switch (effect.type) {
      case 'send':
        return effect.message.type === 'notification'
          ? `send ${describeNotification(effect.message)}`
          : `send ${effect.message.type.toUpperCase()}`;
      case 'startTimer':
        return `start ${effect.timer} ${effect.ms}`;
      case 'stopTimer':
        return `stop ${effect.timer}`;
      case 'close':
        return `close ${effect.how}`;
      case 'failed':
        return `failed: ${effect.error}`;
      default:
        return effect.type;
    }
  });
}

test('the way to Established', () => {
  let state = initialState;
  const log: string[][] = [];
  for (const [event] of steps) {
    const next = step(state, event);
    log.push([next.state.name, ...words(next.effects)]);
    state = next.state;
  }
  assert.deepEqual(log, [
    ['Connect', 'connect'],
    ['OpenSent', 'send OPEN', 'start hold 240000'],
    ['OpenConfirm', 'send KEEPALIVE', 'start hold 90000', 'start keepalive 30000'],
    ['Established', 'start hold 90000', 'established'],
  ]);
  assert.equal(state.restarting, false);
});

const down = ['stop hold', 'stop keepalive'];
const back = 'start idleHold 1000';

interface Row {
  readonly name: string;
  readonly from: StateName;
  readonly event: FsmEvent;
  readonly to: StateName;
  readonly effects: readonly string[];
}

const unexpected = (state: string, type: string): string =>
  `Finite State Machine Error / Unexpected Message in ${state} State|unexpected ${type}`;
function refused(from: StateName, event: FsmEvent, error: string): Row {
  const [sent = '', why = ''] = error.split('|');
  const effects = [`send ${sent}`, 'close flush', ...down, `failed: we sent: ${sent} (${why})`, back];
  return { name: `${why}`, from, event, to: 'Idle', effects };
}

const remoteCease = received({ type: 'notification', ...notification(6, 4) });
const peerSaid = 'failed: peer sent: Cease / Administrative Reset';
const malformed: FsmEvent = {
  type: 'malformed',
  error: new ProtocolError('bad marker', notification(1, 1)),
};

const rows: readonly Row[] = [
  {
    name: 'IdleHoldTimer',
    from: 'Idle',
    event: { type: 'timer', timer: 'idleHold' },
    to: 'Connect',
    effects: ['connect'],
  },
  {
    name: 'the attempt fails',
    from: 'Connect',
    event: { type: 'disconnected', reason: 'refused' },
    to: 'Active',
    effects: [...down, "failed: can't connect: refused", 'start connectRetry 1000'],
  },
  {
    name: 'ConnectRetryTimer',
    from: 'Active',
    event: { type: 'timer', timer: 'connectRetry' },
    to: 'Connect',
    effects: ['connect'],
  },
  {
    name: 'the connection is lost before OPEN',
    from: 'OpenSent',
    event: { type: 'disconnected', reason: 'reset' },
    to: 'Active',
    effects: [...down, 'failed: connection lost: reset', 'start connectRetry 1000'],
  },
  ...(['OpenConfirm', 'Established'] as const).map((from) => ({
    name: 'the connection is lost',
    from,
    event: { type: 'disconnected', reason: 'reset' } as const,
    to: 'Idle' as const,
    effects: [...down, 'failed: connection lost: reset', back],
  })),
  ...(['OpenSent', 'OpenConfirm', 'Established'] as const).flatMap((from): Row[] => [
    { name: 'a NOTIFICATION', from, event: remoteCease, to: 'Idle', effects: ['close drop', ...down, peerSaid, back] },
    refused(from, malformed, 'Message Header Error / Connection Not Synchronized|bad marker'),
    {
      name: 'the send hold time is over',
      from,
      event: { type: 'sendHoldExpired' },
      to: 'Idle',
      effects: ['close drop', ...down, 'failed: Send Hold Timer Expired: the peer reads nothing', back],
    },
  ]),
  refused('OpenSent', { type: 'timer', timer: 'hold' }, 'Hold Timer Expired|nothing received for 240 s'),
  refused('OpenConfirm', { type: 'timer', timer: 'hold' }, 'Hold Timer Expired|nothing received for 90 s'),
  refused('Established', { type: 'timer', timer: 'hold' }, 'Hold Timer Expired|nothing received for 90 s'),
  refused('OpenSent', keepalive, unexpected('OpenSent', 'KEEPALIVE')),
  refused('OpenSent', received(update), unexpected('OpenSent', 'UPDATE')),
  refused('OpenSent', received(refresh), unexpected('OpenSent', 'ROUTE-REFRESH')),
  refused('OpenConfirm', received(open), unexpected('OpenConfirm', 'OPEN')),
  refused('OpenConfirm', received(update), unexpected('OpenConfirm', 'UPDATE')),
  refused('OpenConfirm', received(refresh), unexpected('OpenConfirm', 'ROUTE-REFRESH')),
  refused('Established', received(open), unexpected('Established', 'OPEN')),
  ...(['OpenConfirm', 'Established'] as const).map((from) => ({
    name: 'KeepaliveTimer',
    from,
    event: { type: 'timer', timer: 'keepalive' } as const,
    to: from,
    effects: ['send KEEPALIVE', 'start keepalive 30000'],
  })),
  { name: 'KEEPALIVE', from: 'Established', event: keepalive, to: 'Established', effects: ['start hold 90000'] },
  {
    name: 'UPDATE',
    from: 'Established',
    event: received(update),
    to: 'Established',
    effects: ['start hold 90000', 'update'],
  },
  { name: 'ROUTE-REFRESH', from: 'Established', event: received(refresh), to: 'Established', effects: ['refresh'] },
  {
    name: 'begin of an enhanced refresh that was not agreed on',
    from: 'Established',
    event: received({ ...refresh, subtype: 1 }),
    to: 'Established',
    effects: [],
  },
];

for (const { name, from, event, to, effects } of rows) {
  test(`${from}: ${name}`, () => {
    const result = step(inState(from), event);
    assert.equal(result.state.name, to);
    assert.deepEqual(words(result.effects), effects);
  });
}

test('an unexpected message is named by its type, one octet (RFC 6608)', () => {
  const types = [...([received(open), received(update), received(refresh)] as const)].map((event) => {
    const [effect] = step(inState('OpenConfirm'), event).effects;
    assert.ok(effect?.type === 'send' && effect.message.type === 'notification');
    return [effect.message.code, effect.message.subcode, ...effect.message.data];
  });
  assert.deepEqual(types, [
    [5, 2, 1],
    [5, 2, 2],
    [5, 2, 5],
  ]);
});

const ending: readonly (readonly [StateName, readonly string[], readonly string[]])[] = [
  ['Idle', [], []],
  ['Active', [], []],
  ['Connect', ['close drop'], ['close drop']],
  ['OpenSent', ['send Cease / Administrative Shutdown', 'close flush'], ['close flush']],
  ['OpenConfirm', ['send Cease / Hard Reset (Cease / Administrative Shutdown)', 'close flush'], ['close flush']],
  ['Established', ['send Cease / Hard Reset (Cease / Administrative Shutdown)', 'close flush'], ['close flush']],
];

for (const [from, withNotification, without] of ending) {
  test(`${from}: stopped, all timers with it`, () => {
    const timers = [...down, 'stop connectRetry', 'stop idleHold'];
    for (const [wanted, expected] of [
      [farewell, withNotification],
      [undefined, without],
    ] as const) {
      const result = step(inState(from), { type: 'stop', notification: wanted });
      assert.equal(result.state.name, 'Idle');
      assert.deepEqual(words(result.effects), [...expected, ...timers]);
    }
  });
}

test('a beginning or end of a refresh with octets too many is refused where both know them (RFC 7313 section 5)', () => {
  const capabilities = [
    ...open.capabilities,
    { type: 'route-refresh' } as const,
    { type: 'enhanced-route-refresh' } as const,
  ];
  const from = inState('Established', {}, { capabilities });
  const begin = { ...refresh, subtype: 1 };
  assert.deepEqual(step(from, received(begin)).effects, []);
  const { state, effects } = step(from, received({ ...begin, filters: Uint8Array.of(7) }));
  assert.equal(state.name, 'Idle');
  assert.equal(words(effects)[0], 'send ROUTE-REFRESH Message Error / Invalid Message Length');
  const [sent] = effects;
  assert.ok(sent?.type === 'send' && sent.message.type === 'notification');
  // All of the message, as it came.
  assert.equal(Buffer.from(sent.message.data).toString('hex'), `${'ff'.repeat(16)}00180500010101` + '07');
});

test('a subtype that nobody has defined is ignored, whatever stands behind it (RFC 7313 section 5)', () => {
  const capabilities = [...open.capabilities, { type: 'enhanced-route-refresh' } as const];
  const from = inState('Established', {}, { capabilities });
  for (const subtype of [3, 255]) {
    const { state, effects } = step(from, received({ ...refresh, subtype, filters: Uint8Array.of(7) }));
    assert.deepEqual([state.name, effects], ['Established', []]);
  }
});

test('silence of a peer with a password, or with TTL security, is told with what may be the reason', () => {
  const unanswered: FsmEvent = { type: 'disconnected', reason: 'no answer', unanswered: true };
  const error = (event: FsmEvent, overrides: Partial<PeerConfig>, from: StateName = 'Connect'): string | undefined =>
    words(step(inState(from, overrides), event, overrides).effects).find((word) => word.startsWith('failed'));
  const hint = 'wrong or missing TCP-MD5 password?';
  assert.equal(error(unanswered, {}), "failed: can't connect: no answer");
  assert.equal(error(unanswered, { password: 'x' }), `failed: can't connect: no answer: ${hint}`);
  assert.equal(error({ ...unanswered, unanswered: false }, { password: 'x' }), "failed: can't connect: no answer");
  assert.equal(
    error({ type: 'timer', timer: 'hold' }, { password: 'x' }, 'Established'),
    `failed: we sent: Hold Timer Expired (nothing received for 90 s: ${hint})`,
  );
  const far = 'more than 2 hops away, or without TTL security?';
  assert.equal(error(unanswered, { ttlSecurityHops: 2 }), `failed: can't connect: no answer: ${far}`);
});

test('a hard reset is for leaving for good, and for peers that agreed on it (RFC 8538)', () => {
  const first = (state: FsmState, subcode: number): string | undefined =>
    words(step(state, { type: 'stop', notification: notification(6, subcode) }).effects)[0];
  const agreed = inState('Established');
  assert.equal(first(agreed, 3), 'send Cease / Hard Reset (Cease / Peer De-configured)');
  assert.equal(first(agreed, 6), 'send Cease / Other Configuration Change');
  const plain = inState('Established', {}, { capabilities: [] });
  assert.equal(first(plain, 2), 'send Cease / Administrative Shutdown');
});

for (const [ours, theirs, hold, keepalives] of [
  [90, 0, 0, 0],
  [0, 90, 0, 0],
  [90, 3, 3, 1_000],
  [3, 90, 3, 1_000],
  [65535, 65535, 65535, 21_845_000],
] as const) {
  test(`hold time ${ours} here and ${theirs} there`, () => {
    const overrides = { holdTimeSeconds: ours };
    const confirm = step(inState('OpenSent', overrides), received({ ...open, holdTimeSeconds: theirs }), overrides);
    assert.equal(confirm.state.negotiated?.holdTimeSeconds, hold);
    const timers = hold === 0 ? ['stop hold'] : [`start hold ${hold * 1_000}`, `start keepalive ${keepalives}`];
    assert.deepEqual(words(confirm.effects), ['send KEEPALIVE', ...timers]);
    const established = step(confirm.state, keepalive, overrides);
    assert.equal(established.state.name, 'Established');
    const again = words(step(established.state, keepalive, overrides).effects);
    assert.deepEqual(again, hold === 0 ? [] : [`start hold ${hold * 1_000}`]);
  });
}

for (const holdTimeSeconds of [1, 2]) {
  test(`hold time ${holdTimeSeconds} there is refused`, () => {
    const { state, effects } = step(inState('OpenSent'), received({ ...open, holdTimeSeconds }));
    assert.equal(state.name, 'Idle');
    assert.equal(words(effects)[0], 'send OPEN Message Error / Unacceptable Hold Time');
  });
}

test('failures in a row wait longer and longer, up to the maximum; jitter takes off a quarter at most', () => {
  let state = initialState;
  const delays: number[] = [];
  for (let i = 0; i < 9; i++) {
    state = step(state, state.name === 'Idle' ? { type: 'start' } : { type: 'timer', timer: 'connectRetry' }).state;
    const failed = step(state, { type: 'disconnected', reason: 'refused' });
    const timer = failed.effects.find((effect) => effect.type === 'startTimer');
    delays.push(timer?.type === 'startTimer' ? timer.ms : NaN);
    state = failed.state;
  }
  assert.deepEqual(
    delays,
    [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
  );
  const jittered = step(inState('Connect'), { type: 'disconnected', reason: 'refused' }, {}, 0.999);
  assert.ok(words(jittered.effects).some((word) => /^start connectRetry 750\.\d+$/.test(word)));
});

test('the backoff starts anew after a session that lasted a keepalive interval, not after one that broke at once', () => {
  const failedOften: FsmState = { ...inState('Established'), failures: 5 };
  const lost: FsmEvent = { type: 'disconnected', reason: 'reset' };
  assert.equal(step(failedOften, lost).state.failures, 6);
  const lasting = step(failedOften, { type: 'timer', timer: 'keepalive' }).state;
  assert.equal(step(lasting, lost).state.failures, 1);
});

test('whatever happens: a state of the six, timers only with a connection to watch, no effect without a reason', () => {
  const event = fc.constantFrom<FsmEvent>(
    ...steps.map(([one]) => one),
    ...rows.map((row) => row.event),
    { type: 'stop', notification: farewell },
    { type: 'stop', notification: undefined },
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 30 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (events, jitter) => {
        let state = initialState;
        const running = new Set<string>();
        for (const one of events) {
          if (one.type === 'timer' && !running.delete(one.timer)) continue;
          const result = step(state, one, {}, jitter);
          for (const effect of result.effects) {
            if (effect.type === 'startTimer') running.add(effect.timer);
            if (effect.type === 'stopTimer') running.delete(effect.timer);
          }
          state = result.state;
          const connected = ['OpenSent', 'OpenConfirm', 'Established'].includes(state.name);
          assert.equal(running.has('hold'), connected, `hold timer in ${state.name}`);
          assert.equal(running.has('connectRetry'), state.name === 'Active', `connect retry timer in ${state.name}`);
          assert.equal(running.has('keepalive'), state.name === 'OpenConfirm' || state.name === 'Established');
          assert.equal(state.negotiated !== undefined, state.name === 'OpenConfirm' || state.name === 'Established');
        }
      },
    ),
  );
});
