import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite, test } from 'node:test';

const PRELUDE = `
  import { createServer, request } from 'node:http';
  import { AsyncFaultZone, handleFaults } from ${JSON.stringify(join(import.meta.dirname, 'fault-zone.ts'))};
  const zone = new AsyncFaultZone();
  const told = new Map();
  zone.onFault(({ message }) => {
    console.log('spared ' + message);
    told.get(message)?.();
  });
  handleFaults(zone, (error) => { console.log('fatal ' + error.message); process.exit(1); });
  const fail = (where) => { throw new Error(where); };
  const ask = async (port, path) => await new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false }, (answer) => answer.resume().on('end', resolve));
    sent.on('error', resolve);
    // There is no answer: the fault has taken its place.
    told.set(path.slice(1), () => sent.destroy(new Error('no answer')));
    sent.end();
  });
`;

/** What a process says that does this, and with which status it ends. */
async function outcome(script: string): Promise<{ readonly said: string[]; readonly code: number | null }> {
  const flags = ['--no-warnings', '--input-type=module', '-e', `${PRELUDE}${script}`];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { said: text.trim().split('\n').sort(), code };
}

suite('a fault that nobody has caught', () => {
  test('leaves the process alone where it is of a part that the process can do without', async () => {
    const { said, code } = await outcome(`
      zone.run(() => {
        setTimeout(() => fail('timer'), 1);
        setTimeout(async () => { await undefined; fail('promise'); }, 1);
        const server = createServer(async (message, answer) => {
          if (message.url === '/callback') fail('callback');
          await new Promise((resolve) => setImmediate(resolve));
          fail('request');
        }).listen(0, '127.0.0.1', () => setTimeout(() => void finish(server), 20));
      });
      const finish = async (server) => {
        const { port } = server.address();
        await ask(port, '/callback');
        await ask(port, '/request');
        server.closeAllConnections();
        server.close();
      };`);
    assert.deepEqual([said, code], [['spared callback', 'spared promise', 'spared request', 'spared timer'], 0]);
  });

  test('ends the process where it is of any other part, before and after the first has begun', async () => {
    for (const where of ['', 'zone.run(() => setInterval(() => undefined, 1));']) {
      const { said, code } = await outcome(
        `${where} setTimeout(async () => { await undefined; fail('promise'); }, 5);`,
      );
      assert.deepEqual([said, code], [['fatal promise'], 1]);
    }
  });
});
