/**
 * Runs in a client's namespace: reads one JSON command per line, makes requests over TCP connections of their own (or over one that it
 * holds), and writes one JSON line per answer. Ends when its input ends.
 */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

export interface AgentRequest {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  /** Name of a connection that is kept for later requests; opened if there is none of this name. */
  readonly held?: string;
  /** Made again and again, whatever becomes of those before, until `stop`. */
  readonly everyMs?: number;
}

export interface AgentStop {
  readonly stop: number;
}

export interface AgentAnswer {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly endedAt: number;
  readonly status?: number;
  readonly body?: string;
  readonly error?: string;
  /** It went over a connection that was there already. */
  readonly reused?: boolean;
}

/** No answer of this request follows. */
export interface AgentEnd {
  readonly id: number;
  readonly end: true;
}

type Result = Pick<AgentAnswer, 'status' | 'body' | 'error'>;

const held = new Map<string, Agent>();

function agentOf(name: string): Agent {
  const agent = held.get(name) ?? new Agent({ keepAlive: true, maxSockets: 1 });
  held.set(name, agent);
  return agent;
}

const now = (): number => performance.timeOrigin + performance.now();
const write = (line: AgentAnswer | AgentEnd): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function fetch({ id, host, port, path, timeoutMs, held: name }: AgentRequest): Promise<void> {
  const sentAt = now();
  const { promise, resolve } = Promise.withResolvers<Result>();
  const connection = name === undefined ? { headers: { connection: 'close' } } : {};
  const sent = request({ host, port, path, agent: name === undefined ? false : agentOf(name), ...connection });
  const giveUp = (): void => void sent.destroy(new Error(`no answer within ${timeoutMs} ms`));
  // What has come while this process got no processor time has come in time: it is read before.
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  const fail = (error: Error): void => resolve({ error: error.message });
  sent.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    response.on('error', fail);
  });
  sent.on('error', fail).end();
  const result = await promise;
  clearTimeout(timer);
  write({ id, sentAt, endedAt: now(), ...result, reused: sent.reusedSocket });
}

const repeated = new Map<number, AbortController>();

/** Keeps to the beat: one that comes late doesn't delay the next, and those that were missed are left out. */
async function repeat(wanted: AgentRequest, everyMs: number): Promise<void> {
  const stopped = new AbortController();
  repeated.set(wanted.id, stopped);
  const underWay = new Set<Promise<void>>();
  for (let due = performance.now(); !stopped.signal.aborted;) {
    const made = fetch(wanted).finally(() => underWay.delete(made));
    underWay.add(made);
    due += everyMs * Math.max(1, Math.ceil((performance.now() - due) / everyMs));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
  await Promise.all(underWay);
  repeated.delete(wanted.id);
}

async function obey(command: AgentRequest | AgentStop): Promise<void> {
  if ('stop' in command) return repeated.get(command.stop)?.abort();
  await (command.everyMs === undefined ? fetch(command) : repeat(command, command.everyMs));
  write({ id: command.id, end: true });
}

createInterface({ input: process.stdin })
  .on('line', (line) => void obey(JSON.parse(line) as AgentRequest | AgentStop))
  .on('close', () => {
    for (const stopped of repeated.values()) stopped.abort();
    for (const agent of held.values()) agent.destroy();
  });
