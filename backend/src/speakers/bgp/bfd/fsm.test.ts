import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  detectionTimeUs,
  initialState,
  periodicPacket,
  transition,
  transmitIntervalUs,
  type BfdEvent,
  type BfdFsmState,
} from './fsm.ts';
import type { ControlPacket } from './wire/control-packet.ts';
import { BFD_STATES, type BfdStateName } from './wire/state.ts';

const timers = { desiredMinTxUs: 300_000, requiredMinRxUs: 300_000, detectMultiplier: 3 };

function packet(state: BfdStateName, changes: Partial<ControlPacket> = {}): ControlPacket {
  return {
    ...{ kind: 'control', diagnostic: 0, state, poll: false, final: false, controlPlaneIndependent: false },
    ...{ demand: false, detectMultiplier: 3, myDiscriminator: 77, yourDiscriminator: 5 },
    ...{ desiredMinTxUs: 1_000_000, requiredMinRxUs: 1_000_000, requiredMinEchoRxUs: 0 },
    ...changes,
  };
}

/** What becomes of a session by these events, and the last one's effects in short: `send Up P`, `heard`, `up`. */
function after(state: BfdFsmState, ...events: readonly BfdEvent[]): { state: BfdFsmState; did: string[] } {
  let did: string[] = [];
  for (const event of events) {
    const result = transition(state, event);
    state = result.state;
    did = result.effects.map((effect) => (effect.type === 'send' ? `send ${inShort(effect.packet)}` : effect.type));
  }
  return { state, did };
}

function inShort({ state, poll, final, diagnostic }: ControlPacket): string {
  return [state, poll ? 'P' : '', final ? 'F' : '', diagnostic === 0 ? '' : `(${diagnostic})`]
    .filter(Boolean)
    .join(' ');
}

const hears = (state: BfdStateName, changes: Partial<ControlPacket> = {}): BfdEvent => ({
  type: 'received',
  packet: packet(state, changes),
});
const silence: BfdEvent = { type: 'silence' };
const configure = (changes: Partial<typeof timers>): BfdEvent => ({
  type: 'configure',
  timers: { ...timers, ...changes },
});

const start = initialState(5, timers);
const inState: Readonly<Record<BfdStateName, BfdFsmState>> = {
  AdminDown: after(start, { type: 'disable' }).state,
  Down: start,
  Init: after(start, hears('Down')).state,
  Up: after(start, hears('Init'), hears('Up', { final: true })).state,
};
const fast = { desiredMinTxUs: 300_000, requiredMinRxUs: 300_000 };
/** Up with a peer that has the same timers. */
const up = after(start, hears('Init'), hears('Up', { final: true, ...fast })).state;

/** RFC 5880 section 6.8.6: what a session becomes by what it hears, and what it does. */
const table: Readonly<Record<BfdStateName, Readonly<Record<BfdStateName, string>>>> = {
  AdminDown: { AdminDown: 'AdminDown', Down: 'AdminDown', Init: 'AdminDown', Up: 'AdminDown' },
  Down: { AdminDown: 'Down heard', Down: 'Init heard,send Init', Init: 'Up heard,send Up P,up', Up: 'Down heard' },
  Init: {
    AdminDown: 'Down heard,send Down (3)',
    Down: 'Init heard',
    Init: 'Up heard,send Up P,up',
    Up: 'Up heard,send Up P,up',
  },
  Up: {
    AdminDown: 'Down heard,send Down P (3),closed',
    Down: 'Down heard,send Down P (3),failed',
    Init: 'Up heard',
    Up: 'Up heard',
  },
};

for (const name of BFD_STATES) {
  for (const heard of BFD_STATES) {
    test(`in ${name}, hearing ${heard}: ${table[name][heard]}`, () => {
      const { state, did } = after(inState[name], hears(heard));
      assert.equal(`${state.name} ${did.join()}`.trim(), table[name][heard]);
    });
  }
}

test('silence: Init and Up go down, Up because the path has failed; the discriminator of the peer is forgotten', () => {
  assert.deepEqual(after(inState.Up, silence).did, ['send Down (1)', 'failed']);
  assert.deepEqual(after(inState.Init, silence).did, ['send Down (1)']);
  assert.deepEqual(after(inState.Down, silence).did, []);
  const { state } = after(inState.Up, silence);
  assert.equal(periodicPacket(state).yourDiscriminator, 0);
  assert.equal(detectionTimeUs(state), undefined);
});

test('a session that comes up again has no diagnostic any more', () => {
  const { state } = after(inState.Up, silence, hears('Down'), hears('Up'));
  assert.equal(state.name, 'Up');
  assert.equal(periodicPacket(state).diagnostic, 0);
});

test('while it is not Up, packets are a second apart; a peer that wants longer gets longer', () => {
  assert.equal(periodicPacket(start).desiredMinTxUs, 1_000_000);
  assert.equal(transmitIntervalUs(start), 1_000_000);
  assert.equal(transmitIntervalUs(inState.Init), 1_000_000);
  assert.equal(transmitIntervalUs(after(start, hears('Down', { requiredMinRxUs: 5_000_000 })).state), 5_000_000);
  const slow = initialState(5, { ...timers, desiredMinTxUs: 2_000_000 });
  assert.equal(transmitIntervalUs(slow), 2_000_000);
});

test('Up: both sides go by the slower wish; the detection time is by the multiplier of the peer', () => {
  assert.equal(transmitIntervalUs(up), 300_000);
  assert.equal(detectionTimeUs(up), 900_000);
  const other = after(
    up,
    hears('Up', { requiredMinRxUs: 700_000, desiredMinTxUs: 500_000, detectMultiplier: 5 }),
  ).state;
  assert.equal(transmitIntervalUs(other), 700_000);
  assert.equal(detectionTimeUs(other), 2_500_000);
});

test('coming up asks for the configured interval by a poll, with every packet until there is an answer', () => {
  const { state, did } = after(inState.Init, hears('Up'));
  assert.deepEqual(did, ['heard', 'send Up P', 'up']);
  assert.equal(periodicPacket(state).desiredMinTxUs, 300_000);
  assert.equal(periodicPacket(after(state, hears('Up')).state).poll, true);
  assert.equal(periodicPacket(after(state, hears('Up', { final: true })).state).poll, false);
});

test('a poll is answered in any state but AdminDown, without a poll of our own in the same packet', () => {
  assert.deepEqual(after(up, hears('Up', { poll: true })).did, ['heard', 'send Up F']);
  assert.deepEqual(after(start, hears('Down', { poll: true })).did, ['heard', 'send Init F']);
  assert.deepEqual(after(inState.AdminDown, hears('Up', { poll: true })).did, []);
  const { state, did } = after(up, configure({ desiredMinTxUs: 400_000 }), hears('Up', { poll: true, ...fast }));
  assert.deepEqual(did, ['heard', 'send Up F']);
  assert.equal(state.polling, true, 'our own goes on');
});

test('a longer interval is not used before the peer has answered (section 6.8.3)', () => {
  const asked = after(up, configure({ desiredMinTxUs: 800_000 }));
  assert.deepEqual(asked.did, ['send Up P']);
  assert.equal(periodicPacket(asked.state).desiredMinTxUs, 800_000);
  assert.equal(transmitIntervalUs(asked.state), 300_000);
  assert.equal(transmitIntervalUs(after(asked.state, hears('Up', fast)).state), 300_000);
  assert.equal(transmitIntervalUs(after(asked.state, hears('Up', { ...fast, final: true })).state), 800_000);
});

test('a shorter interval is used at once, a shorter detection time when the peer has answered', () => {
  const peer = { desiredMinTxUs: 50_000, requiredMinRxUs: 50_000 };
  const before = after(up, hears('Up', peer)).state;
  assert.deepEqual([transmitIntervalUs(before), detectionTimeUs(before)], [300_000, 900_000]);
  const asked = after(before, configure({ desiredMinTxUs: 100_000, requiredMinRxUs: 100_000 })).state;
  assert.equal(transmitIntervalUs(asked), 100_000);
  assert.equal(detectionTimeUs(asked), 900_000);
  assert.equal(detectionTimeUs(after(asked, hears('Up', { ...peer, final: true })).state), 300_000);
});

test('what is configured during a poll is asked for after it', () => {
  const asked = after(up, configure({ desiredMinTxUs: 800_000 }), configure({ desiredMinTxUs: 900_000 }));
  assert.deepEqual(asked.did, []);
  assert.equal(periodicPacket(asked.state).desiredMinTxUs, 800_000);
  const next = after(asked.state, hears('Up', { ...fast, final: true }));
  assert.deepEqual(next.did, ['heard', 'send Up P']);
  assert.equal(periodicPacket(next.state).desiredMinTxUs, 900_000);
  assert.equal(transmitIntervalUs(next.state), 800_000);
});

test('an answer that nobody has asked for means nothing', () => {
  assert.deepEqual(after(up, hears('Up', { ...fast, final: true })), { state: up, did: ['heard'] });
});

test('another multiplier is told at once and needs no answer', () => {
  const { state, did } = after(up, configure({ detectMultiplier: 5 }));
  assert.deepEqual(did, ['send Up']);
  assert.equal(periodicPacket(state).detectMultiplier, 5);
});

test('going down in the middle of a poll: slow at once', () => {
  const { state } = after(up, configure({ desiredMinTxUs: 400_000 }), hears('Down'));
  assert.equal(periodicPacket(state).desiredMinTxUs, 1_000_000);
  assert.equal(transmitIntervalUs(state), 1_000_000);
  assert.equal(after(up, configure({ desiredMinTxUs: 400_000 }), silence).state.polling, false);
  // Who is silent is not asked any more, also where there is nothing else to say.
  assert.equal(periodicPacket(after(up, configure({ desiredMinTxUs: 2_000_000 }), silence).state).poll, false);
});

test('a peer in demand mode gets packets only while we poll; one that takes none gets none', () => {
  const demanding = after(up, hears('Up', { ...fast, demand: true })).state;
  assert.equal(transmitIntervalUs(demanding), undefined);
  assert.equal(transmitIntervalUs(after(demanding, configure({ desiredMinTxUs: 400_000 })).state), 300_000);
  assert.equal(transmitIntervalUs(after(up, hears('Up', { ...fast, requiredMinRxUs: 0 })).state), undefined);
});

test('what we say of ourselves: no demand mode, no echo, and that we share the fate of our control plane', () => {
  assert.deepEqual(periodicPacket(start), {
    ...{ kind: 'control', diagnostic: 0, state: 'Down', poll: false, final: false, controlPlaneIndependent: false },
    ...{ demand: false, detectMultiplier: 3, myDiscriminator: 5, yourDiscriminator: 0 },
    ...{ desiredMinTxUs: 1_000_000, requiredMinRxUs: 300_000, requiredMinEchoRxUs: 0 },
  });
});

test('disabled: said at once, with the reason', () => {
  const { state, did } = after(up, configure({ desiredMinTxUs: 400_000 }), { type: 'disable' });
  assert.deepEqual(did, ['send AdminDown (7)']);
  assert.equal(periodicPacket(state).poll, false);
  assert.equal(transmitIntervalUs(state), 1_000_000);
});
