import { spawn } from 'node:child_process';
import { inNamespace } from '../network/topology.ts';
import { LineChannel } from './line-channel.ts';

export interface LineProcessPlace {
  readonly namespace: string;
  /** Has what makes it one of the lab's processes. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A program of ours in a network namespace: it takes one JSON command per line and answers each with one line, in order. */
export class LineProcess<Command, Answer> {
  readonly #channel: LineChannel<Command, Answer>;

  constructor({ namespace, environment }: LineProcessPlace, program: string) {
    // The namespace's name, which is the lab's, is there for people who look at the list of processes.
    const node = [process.execPath, '--disable-warning=ExperimentalWarning', program, namespace];
    const [command = '', ...args] = [...inNamespace(namespace), ...node];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    this.#channel = new LineChannel(child.stdin, child.stdout);
    child.on('error', (error) => this.#channel.fail(error));
    child.on('close', () => this.#channel.fail(new Error(`${program} ended`)));
  }

  async tell(command: Command): Promise<Answer> {
    return this.#channel.tell(command);
  }

  /** It ends when it has done what it was told. */
  close(): void {
    this.#channel.close();
  }
}
