import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Processes } from '../state/processes.ts';
import { run } from '../toolchain/run.ts';
import type { AgentAnswer, AgentRequest } from './http-agent.ts';
import type { Addresses, ClientPlan } from './plan.ts';
import { inNamespace } from './topology.ts';

export interface GetOptions {
  /** Default: 80. */
  readonly port?: number;
  /** Default: `/`. */
  readonly path?: string;
  /** From connecting to the last byte of the answer. Default: 2 s. */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

type Agent = ChildProcessByStdio<Writable, Readable, null>;

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A machine that uses Services, by default one beyond the routers. */
export class Client {
  readonly name: string;
  readonly addresses: Addresses;
  /** Name of the router that it sends everything to. */
  readonly via: string;
  readonly namespace: string;
  readonly #processes: Processes;
  readonly #waiting = new Map<number, Waiting>();
  #agent: Agent | undefined;
  #lastId = 0;

  constructor(processes: Processes, plan: ClientPlan) {
    this.#processes = processes;
    this.name = plan.name;
    this.addresses = plan.addresses;
    this.via = plan.via;
    this.namespace = plan.namespace;
  }

  /**
   * An HTTP GET over a TCP connection of its own, so that every request may take another path. Many may run at once.
   * @throws {Error} with the reason if there is no answer in time.
   */
  async get(address: string, options: GetOptions = {}): Promise<HttpAnswer> {
    const { port = 80, path = '/', timeoutMs = 2000 } = options;
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const id = ++this.#lastId;
    const agent = this.#runningAgent();
    this.#waiting.set(id, { resolve, reject });
    hold(agent, true);
    const wanted: AgentRequest = { id, host: address, port, path, timeoutMs };
    agent.stdin.write(`${JSON.stringify(wanted)}\n`);
    return promise;
  }

  /** Runs a program in the client's namespace and returns its standard output. */
  async exec(...command: string[]): Promise<string> {
    const [program = '', ...args] = [...inNamespace(this.namespace), ...command];
    return run(program, args);
  }

  /** Ends the process that makes its requests; the next request starts another. */
  close(): void {
    this.#agent?.stdin.end();
    this.#agent = undefined;
  }

  #runningAgent(): Agent {
    this.#agent ??= this.#startAgent();
    return this.#agent;
  }

  #startAgent(): Agent {
    const program = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, 'http-agent.ts'),
    ];
    const [command = '', ...args] = [...inNamespace(this.namespace), ...program];
    const env = { ...process.env, ...this.#processes.markedEnvironment() };
    const agent = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    createInterface({ input: agent.stdout }).on('line', (line) => this.#settle(JSON.parse(line) as AgentAnswer));
    agent.stdin.on('error', () => undefined);
    agent.on('error', (error) => this.#failAll(agent, error));
    agent.on('exit', () => this.#failAll(agent, new Error(`the process that makes ${this.name}'s requests ended`)));
    return agent;
  }

  #settle({ id, status, body, error }: AgentAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0 && this.#agent) hold(this.#agent, false);
    if (status === undefined) waiting?.reject(new Error(error ?? 'no answer'));
    else waiting?.resolve({ status, body: body ?? '' });
  }

  #failAll(agent: Agent, error: Error): void {
    if (this.#agent !== agent && this.#agent !== undefined) return;
    this.#agent = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** An idle agent must not keep this process from ending; one that owes answers must. */
function hold(agent: Agent, keepAlive: boolean): void {
  const sockets = [agent.stdin, agent.stdout] as unknown as Socket[];
  for (const handle of [agent, ...sockets]) {
    if (keepAlive) handle.ref();
    else handle.unref();
  }
}
