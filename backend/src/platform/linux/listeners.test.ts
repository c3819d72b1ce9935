import { setTimeout as sleep } from 'node:timers/promises';
import { listenersCompliance, type ListenersHarness } from '../listeners-compliance.ts';
import { systemDialer } from './dialer.ts';
import { systemListeners } from './listeners.ts';

const host = '127.0.0.1';

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await sleep(2);
  }
}

const call: ListenersHarness['call'] = (port, options = {}) => {
  const events: string[] = [];
  let received = '';
  const connection = systemDialer.dial(
    { host, port, timeoutMs: 200, ...options },
    {
      onConnect: () => void events.push('open'),
      onData: (chunk) => (received += new TextDecoder().decode(chunk)),
      onDrain: () => {},
      onClose: () => void events.push(events.includes('open') ? 'closed' : 'failed'),
    },
  );
  const write = (text: string): void => void connection.write(new TextEncoder().encode(text));
  return { received: () => received, events, write };
};

const settle = (): Promise<void> => sleep(20);
const pass = (ms: number): Promise<void> => sleep(ms);

listenersCompliance('system listeners', () => ({
  ...{ listeners: systemListeners, host, callerHost: host },
  ...{ call, until, settle, pass },
}));
