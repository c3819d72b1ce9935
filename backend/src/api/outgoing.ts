import type { Agent, RequestOptions } from 'node:https';
import type { Clock } from '../platform/ports.ts';

// As in health.ts: nothing but what is needed of these modules is loaded.
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export interface Outgoing {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For all of it, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** TLS parameters, where it is HTTPS. */
  readonly tls?: Pick<
    RequestOptions,
    'cert' | 'key' | 'ca' | 'checkServerIdentity' | 'rejectUnauthorized' | 'servername'
  >;
  readonly agent?: Agent;
}

/** A request without a body, and its answer; rejects if there is none in time, or a longer one. */
export async function send(
  { clock }: { readonly clock: Clock },
  url: string,
  { method, headers, timeoutMs, maxBytes, tls, agent }: Outgoing,
): Promise<{ readonly status: number; readonly body: string }> {
  const client = url.startsWith('https:') ? https : http;
  return await new Promise((resolve, reject) => {
    const options = { method, headers, ...tls, ...(agent === undefined ? {} : { agent }) };
    const request = client.request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) request.destroy(new Error(`the answer is longer than ${maxBytes} bytes`));
      });
      response.on('end', () => {
        timer.cancel();
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
      response.on('error', fail);
    });
    const timer = clock.setTimer(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    const fail = (error: Error): void => {
      timer.cancel();
      reject(error);
    };
    request.on('error', fail);
    request.end();
  });
}
