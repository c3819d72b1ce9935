import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialerCompliance, type DialerHarness, type PeerEnd } from '../dialer-compliance.ts';
import { FakeClock } from './clock.ts';
import { FakeDialer, type RemoteEnd } from './dialer.ts';

const host = '127.0.0.1';

function peerEnd(remote: RemoteEnd): PeerEnd {
  return {
    received: () => Buffer.concat(remote.received).toString(),
    closed: () => remote.closed,
    write: (text) => remote.write(new TextEncoder().encode(text)),
    end: () => remote.end(),
    reset: () => remote.reset(),
    pause: () => remote.pause(),
    resume: () => remote.resume(),
    setPassword: (password) => remote.setPassword(password),
  };
}

function harness(): DialerHarness {
  const clock = new FakeClock();
  const dialer = new FakeDialer(clock);
  return {
    dialer,
    async listen(options) {
      const peers: PeerEnd[] = [];
      dialer.listen(host, 179, (remote) => peers.push(peerEnd(remote)), options);
      return { host, port: 179, peers };
    },
    refusing: async () => ({ host, port: 180 }),
    async until(condition) {
      clock.advance(0);
      assert.ok(condition(), String(condition));
    },
    settle: async () => clock.advance(0),
    pass: async (ms) => clock.advance(ms),
  };
}

dialerCompliance('fake dialer', harness);

test('fake dialer: a blackhole answers nothing until the attempt is given up', () => {
  const clock = new FakeClock();
  const dialer = new FakeDialer(clock);
  dialer.blackhole(host, 179);
  const events: string[] = [];
  dialer.dial(
    { host, port: 179, timeoutMs: 5_000 },
    {
      onConnect: () => events.push('connect'),
      onData: () => events.push('data'),
      onDrain: () => events.push('drain'),
      onClose: (error) => events.push(String(error?.message)),
    },
  );
  clock.advance(4_999);
  assert.deepEqual(events, []);
  clock.advance(1);
  assert.deepEqual(events, ['no answer from 127.0.0.1 port 179 within 5000 ms']);
});
