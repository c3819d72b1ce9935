import type { ChildProcess } from 'node:child_process';
import { EXIT, Failure } from '../failure.ts';
import { KubectlFailed, lastWords, notInstalled, type Kubectl } from './kubectl.ts';
import type { ReplicaPod } from './manager.ts';

/** A port of this machine that ends at a replica, as long as its kubectl lives. */
export interface Tunnel {
  readonly port: number;
  readonly alive: boolean;
  close(): void;
}

const LISTENS = /^Forwarding from 127\.0\.0\.1:(\d+) -> /m;

/**
 * Starts `kubectl port-forward` on a free port of the loopback; resolves when it listens.
 * @throws {KubectlFailed | Failure}
 */
export async function openTunnel(kubectl: Kubectl, pod: ReplicaPod, timeoutMs: number): Promise<Tunnel> {
  const args = [
    'port-forward',
    '--namespace',
    pod.namespace,
    '--address',
    '127.0.0.1',
    `pod/${pod.name}`,
    `:${pod.port}`,
  ];
  const child = kubectl.start(args);
  try {
    const port = await listening(child, timeoutMs);
    return {
      port,
      get alive() {
        return child.exitCode === null && child.signalCode === null;
      },
      close: () => void child.kill(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}

async function listening(child: ChildProcess, timeoutMs: number): Promise<number> {
  return await new Promise((resolve, reject) => {
    let [said, complaints] = ['', ''];
    const timer = setTimeout(() => {
      reject(new Failure(EXIT.unreachable, `kubectl port-forward was not ready within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    const over = (outcome: () => void): void => {
      clearTimeout(timer);
      outcome();
    };
    // Read to the end, or kubectl would wait for us with a full pipe.
    child.stdout?.on('data', (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk.toString();
      const port = LISTENS.exec(said)?.[1];
      if (port !== undefined) over(() => resolve(Number(port)));
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaints.length < 10_000) complaints += chunk.toString();
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      over(() => reject(error.code === 'ENOENT' ? notInstalled() : error)),
    );
    child.once('close', () =>
      over(() => reject(new KubectlFailed(lastWords(complaints) ?? 'kubectl port-forward ended'))),
    );
  });
}
