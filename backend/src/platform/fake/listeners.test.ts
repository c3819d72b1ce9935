import assert from 'node:assert/strict';
import { listenersCompliance, type ListenersHarness } from '../listeners-compliance.ts';
import { FakeClock } from './clock.ts';
import type { RemoteEnd } from './dialer.ts';
import { FakeListeners } from './listeners.ts';

const host = '127.0.0.1';

listenersCompliance('fake listeners', (): ListenersHarness => {
  const clock = new FakeClock();
  const listeners = new FakeListeners(clock);
  return {
    ...{ listeners, host, callerHost: host },
    call(port, options = {}) {
      const events: string[] = [];
      const unsent: string[] = [];
      let end: RemoteEnd | undefined;
      let farewell: Uint8Array = new Uint8Array();
      const write = (text: string): void => {
        if (end === undefined) unsent.push(text);
        else end.write(new TextEncoder().encode(text));
      };
      listeners.call(host, port, {
        host,
        ...options,
        onOpen: (remote) => {
          end = remote;
          events.push('open');
          for (const text of unsent.splice(0)) write(text);
        },
        onFail: (_reason, told) => {
          events.push('failed');
          farewell = told ?? farewell;
        },
      });
      return {
        received: () => Buffer.concat(end?.received ?? [farewell]).toString(),
        get events() {
          return end?.closed === true ? [...events, 'closed'] : events;
        },
        write,
      };
    },
    async until(condition) {
      for (let tick = 0; tick < 5 && !condition(); tick++) clock.advance(0);
      assert.ok(condition(), String(condition));
    },
    settle: async () => clock.advance(0),
    pass: async (ms) => clock.advance(ms),
  };
});
