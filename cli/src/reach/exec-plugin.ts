import { spawn } from 'node:child_process';
import { EXIT, Failure } from '../failure.ts';
import type { ExecPlugin } from './kubeconfig.ts';

/** What a plugin handed out. */
export interface Handed {
  /** Undefined: something else than a token, such as a certificate. */
  readonly token: string | undefined;
  /** Milliseconds since the epoch; undefined: not said. */
  readonly expiresAt: number | undefined;
}

/**
 * Runs a credential plugin as kubectl does; it may ask on the terminal.
 * @throws {Failure}
 */
export async function runExecPlugin(plugin: ExecPlugin): Promise<Handed> {
  const { apiVersion, command, args, env, cluster } = plugin;
  const spec = { interactive: process.stdin.isTTY === true, ...(cluster === undefined ? {} : { cluster }) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: info },
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(failed(command, error.message)));
    child.once('close', resolve);
  });
  if (code !== 0) throw failed(command, `it ended with ${code ?? 'a signal'}`);
  return handedOut(Buffer.concat(chunks).toString(), command);
}

/** Reads an ExecCredential. Never says what stands in it: it is a secret. @throws {Failure} */
export function handedOut(text: string, command: string): Handed {
  let status: { readonly token?: unknown; readonly expirationTimestamp?: unknown } | undefined;
  try {
    status = (JSON.parse(text) as { readonly status?: typeof status }).status;
  } catch {
    throw failed(command, 'what it printed is no ExecCredential');
  }
  const { token, expirationTimestamp } = status ?? {};
  const expires = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : NaN;
  return {
    token: typeof token === 'string' && token !== '' ? token : undefined,
    expiresAt: Number.isNaN(expires) ? undefined : expires,
  };
}

function failed(command: string, why: string): Failure {
  const message = `the credential plugin "${command}" of the kubeconfig failed: ${why}`;
  return new Failure(EXIT.refused, message, 'Try it with "kubectl get --raw /version".');
}
