import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Processes } from '../state/processes.ts';
import { run } from '../toolchain/run.ts';
import type { AgentAnswer, AgentEnd, AgentRequest, AgentStop } from './http-agent.ts';
import type { Addresses, ClientPlan } from './plan.ts';
import { inNamespace } from './topology.ts';

/**
 * Patience with a request, in milliseconds, so that a busy machine has its time to answer. A SYN that is lost is sent again after 1, 3 and 7 s: of what is
 * gone for less than a second (`short`), or three (`long`), only kernels tell, by the states of their routes.
 */
export const patience = { short: 2_900, long: 6_900 } as const;

export interface GetOptions {
  /** Default: 80. */
  readonly port?: number;
  /** Default: `/`. */
  readonly path?: string;
  /** From connecting to the last byte of the answer. Default: the short patience. */
  readonly timeoutMs?: number;
  /** Name of a connection of this client that is kept for later requests; opened if there is none. Default: one of its own. */
  readonly held?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** It went over a held connection that was there already. */
  readonly reused: boolean;
}

/** What became of one of many requests: a status with a body, or an error. Times in milliseconds since the epoch. */
export type Outcome = Omit<AgentAnswer, 'id'>;

type Agent = ChildProcessByStdio<Writable, Readable, null>;

interface Waiting {
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onEnd: () => void;
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
   * An HTTP GET over a TCP connection of its own, so that every request may take another path, unless `held` says otherwise. Many may
   * run at once.
   * @throws {Error} with the reason if there is no answer in time.
   */
  async get(address: string, options: GetOptions = {}): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const onOutcome = ({ status, body = '', error, reused = false }: Outcome): void => {
      if (status === undefined) reject(new Error(error ?? 'no answer'));
      else resolve({ status, body, reused });
    };
    this.#ask(address, options, { onOutcome, onEnd: () => undefined, reject });
    return promise;
  }

  /**
   * Makes the same request every so many milliseconds, whatever becomes of those before; the beat is kept in the client's own
   * process. Returns how to stop it, which returns when the last one is answered or given up.
   */
  repeat(
    address: string,
    options: GetOptions & { readonly everyMs: number },
    onOutcome: (outcome: Outcome) => void,
  ): () => Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const id = this.#ask(address, options, { onOutcome, onEnd: resolve, reject });
    // Whoever stops it is told; nobody may be listening yet.
    promise.catch(() => undefined);
    return () => {
      if (this.#waiting.has(id)) this.#tell({ stop: id });
      return promise;
    };
  }

  /** What to add to the environment of a process on this machine, so that the lab ends it if its starter doesn't. */
  get environment(): Readonly<Record<string, string>> {
    return this.#processes.markedEnvironment();
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

  #ask(address: string, options: GetOptions & { readonly everyMs?: number }, waiting: Waiting): number {
    const { port = 80, path = '/', timeoutMs = patience.short, ...others } = options;
    const id = ++this.#lastId;
    this.#waiting.set(id, waiting);
    hold(this.#runningAgent(), true);
    this.#tell({ id, host: address, port, path, timeoutMs, ...others });
    return id;
  }

  #tell(command: AgentRequest | AgentStop): void {
    this.#runningAgent().stdin.write(`${JSON.stringify(command)}\n`);
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
    createInterface({ input: agent.stdout }).on('line', (line) =>
      this.#settle(JSON.parse(line) as AgentAnswer | AgentEnd),
    );
    agent.stdin.on('error', () => undefined);
    agent.on('error', (error) => this.#failAll(agent, error));
    agent.on('exit', () => this.#failAll(agent, new Error(`the process that makes ${this.name}'s requests ended`)));
    return agent;
  }

  #settle({ id, ...outcome }: AgentAnswer | AgentEnd): void {
    const waiting = this.#waiting.get(id);
    if (!('end' in outcome)) return waiting?.onOutcome(outcome);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0 && this.#agent) hold(this.#agent, false);
    waiting?.onEnd();
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
