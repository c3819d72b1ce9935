import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { inNamespace } from '../network/topology.ts';

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

export interface LineProcessPlace {
  readonly namespace: string;
  /** Has what makes it one of the lab's processes. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A program of ours in a network namespace: it takes one JSON command per line and answers each with one line, in order. */
export class LineProcess<Command, Answer> {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  constructor({ namespace, environment }: LineProcessPlace, program: string) {
    // The namespace's name, which is the lab's, is there for people who look at the list of processes.
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', program, namespace];
    const [command = '', ...args] = [...inNamespace(namespace), ...node];
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('error', (error) => this.#end(error));
    this.#child.on('close', () => this.#end(new Error(`${program} ended`)));
  }

  async tell(command: Command): Promise<Answer> {
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return JSON.parse(await promise) as Answer;
  }

  /** It ends when it has done what it was told. */
  close(): void {
    this.#child.stdin.end();
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
