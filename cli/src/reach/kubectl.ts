import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { EXIT, Failure } from '../failure.ts';

/** kubectl ended with an error; its words are fit to be shown. */
export class KubectlFailed extends Error {
  override readonly name = 'KubectlFailed';

  /** Whether the API server said no, rather than nothing. */
  get isRefusal(): boolean {
    return /\bforbidden\b|\(Unauthorized\)|must be logged in to the server/i.test(this.message);
  }

  /** Whether the API server has no such object. */
  get isNotFound(): boolean {
    return /^Error from server \(NotFound\)/m.test(this.message);
  }
}

/** The user's own kubectl: it knows contexts, proxies and every way to sign in. */
export interface Kubectl {
  /** What it prints. @throws {KubectlFailed | Failure} */
  run(args: readonly string[]): Promise<string>;
  /** Starts one that goes on running; its output is piped. */
  start(args: readonly string[]): ChildProcess;
}

export interface KubectlOptions {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly timeoutMs: number;
}

const MAX_OUTPUT = 64 * 1024 * 1024;

export class InstalledKubectl implements Kubectl {
  readonly #flags: readonly string[];
  readonly #timeoutMs: number;

  constructor({ kubeconfig, context, timeoutMs }: KubectlOptions) {
    this.#flags = [
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
      ...(context === undefined ? [] : ['--context', context]),
    ];
    this.#timeoutMs = timeoutMs;
  }

  async run(args: readonly string[]): Promise<string> {
    const options = { maxBuffer: MAX_OUTPUT, timeout: this.#timeoutMs };
    return await new Promise((resolve, reject) => {
      execFile('kubectl', [...this.#flags, ...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (error.code === 'ENOENT') return reject(notInstalled());
        if (error.killed === true) return reject(tooSlow(args, this.#timeoutMs));
        reject(new KubectlFailed(lastWords(stderr) ?? error.message, { cause: error }));
      });
    });
  }

  start(args: readonly string[]): ChildProcess {
    const child = spawn('kubectl', [...this.#flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    // However this process ends, as far as it is asked.
    const end = (): void => void child.kill();
    process.once('exit', end);
    child.once('close', () => process.off('exit', end));
    return child;
  }
}

/** What a failed kubectl said, without the warnings of libraries in front of it. */
export function lastWords(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^([EIW]\d{4} |WARNING: )/.test(line));
  return lines.length === 0 ? undefined : lines.map((line) => line.replace(/^error: /, '')).join('\n');
}

export function notInstalled(): Failure {
  return new Failure(
    EXIT.unreachable,
    'kubectl is not on the PATH',
    'It is needed to reach the manager. Install it, or say where the API is with --server URL.',
  );
}

function tooSlow(args: readonly string[], timeoutMs: number): Failure {
  return new Failure(
    EXIT.unreachable,
    `kubectl ${args.slice(0, 2).join(' ')} did not end within ${timeoutMs / 1000} s`,
    'Try "kubectl version": does the API server answer? --request-timeout SECONDS waits longer.',
  );
}

/** A failure of kubectl as one of ours. */
export function failureOf(error: unknown, what: string, hint?: string): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof KubectlFailed && error.isRefusal ? EXIT.refused : EXIT.unreachable;
  return new Failure(exitCode, `${what}:\n${message}`, hint);
}
