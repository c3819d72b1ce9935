/**
 * Runs in a client's namespace: reads one JSON request per line, makes it over a TCP connection of its own, and writes one
 * JSON answer per line. Ends when its input ends.
 */
import { request } from 'node:http';
import { createInterface } from 'node:readline';

export interface AgentRequest {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}

export interface AgentAnswer {
  readonly id: number;
  readonly status?: number;
  readonly body?: string;
  readonly error?: string;
}

function fetch({ id, host, port, path, timeoutMs }: AgentRequest): void {
  const sent = request({ host, port, path, agent: false, headers: { connection: 'close' } });
  const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const answer = (result: Omit<AgentAnswer, 'id'>): void => {
    clearTimeout(timer);
    process.stdout.write(`${JSON.stringify({ id, ...result })}\n`);
  };
  const fail = (error: Error): void => answer({ error: error.message });
  sent.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    response.on('end', () => answer({ status: response.statusCode ?? 0, body }));
    response.on('error', fail);
  });
  sent.on('error', fail).end();
}

createInterface({ input: process.stdin }).on('line', (line) => fetch(JSON.parse(line) as AgentRequest));
