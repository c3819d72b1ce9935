import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Written to the program's standard input, which is empty otherwise. */
  readonly stdin?: string;
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this many milliseconds the program is killed and the call fails. Default: none. */
  readonly timeoutMs?: number;
}

/** A program that could not be started, was killed, or ended with another exit code than 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly command: string;
  /** `null`: killed, or never started. */
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(command: string, exitCode: number | null, stderr: string) {
    super(`${command}: ${exitCode === null ? 'killed or not started' : `exit code ${exitCode}`}\n${tail(stderr)}`);
    this.command = command;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Runs a program to its end and returns its standard output. @throws {CommandFailed} */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const command = [program, ...args].join(' ');
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ? { ...process.env, ...options.env } : process.env,
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // A program that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  child.on('error', (error) => reject(new CommandFailed(command, null, error.message)));
  child.on('close', (code) => {
    if (code === 0) resolve(stdout);
    else reject(new CommandFailed(command, code, stderr === '' ? stdout : stderr));
  });
  return promise;
}

function tail(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.slice(-20).join('\n');
}
