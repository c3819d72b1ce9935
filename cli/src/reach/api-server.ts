import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, Failure } from '../failure.ts';
import { lastWords, type Kubectl } from './kubectl.ts';

export interface ApiReply {
  readonly status: number;
  /** Parsed; the text where it was no JSON. */
  readonly body: unknown;
}

/** The Kubernetes API, as whoever kubectl is. */
export interface ApiServer {
  /** @throws {Failure} if there is no answer */
  call(method: string, path: string, sent?: { readonly type: string; readonly body: unknown }): Promise<ApiReply>;
  close(): void;
}

/**
 * Starts `kubectl proxy` on a socket in a folder that nobody but the caller can enter: a port of the loopback would be open to everybody on
 * this machine, with all of the caller's rights.
 * @throws {Failure}
 */
export async function openApiServer(kubectl: Kubectl, timeoutMs: number): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-'));
  const socketPath = join(folder, 'api');
  const child = kubectl.start(['proxy', `--unix-socket=${socketPath}`]);
  const close = (): void => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await serving(child, timeoutMs);
  } catch (error) {
    close();
    throw error;
  }
  return { call: async (method, path, sent) => await call({ socketPath, timeoutMs, method, path }, sent), close };
}

async function serving(child: ChildProcess, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let complaints = '';
    const fail = (why: string): void =>
      reject(new Failure(EXIT.unreachable, `the Kubernetes API can't be reached:\n${why}`));
    const timer = setTimeout(() => fail(`kubectl proxy was not ready within ${timeoutMs / 1000} s`), timeoutMs);
    // Read to the end, or kubectl would wait for us with a full pipe.
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('Starting to serve')) return;
      clearTimeout(timer);
      resolve();
    });
    child.stderr?.on('data', (chunk: Buffer) => (complaints = `${complaints}${chunk.toString()}`.slice(-10_000)));
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(error.code === 'ENOENT' ? 'kubectl is not on the PATH' : error.message);
    });
    child.once('close', () => {
      clearTimeout(timer);
      fail(lastWords(complaints) ?? 'kubectl proxy ended');
    });
  });
}

interface Call {
  readonly socketPath: string;
  readonly timeoutMs: number;
  readonly method: string;
  readonly path: string;
}

async function call(
  { socketPath, timeoutMs, method, path }: Call,
  sent?: { readonly type: string; readonly body: unknown },
): Promise<ApiReply> {
  const content = sent === undefined ? undefined : JSON.stringify(sent.body);
  const headers =
    sent === undefined ? {} : { 'content-type': sent.type, 'content-length': Buffer.byteLength(content ?? '') };
  const signal = AbortSignal.timeout(timeoutMs);
  return await new Promise((resolve, reject) => {
    const lost = (error: Error): void =>
      reject(new Failure(EXIT.unreachable, `the API server does not answer ${method} ${path}: ${error.message}`));
    const asked = request({ socketPath, method, path, headers, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', lost);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) });
      });
    });
    asked.on('error', lost);
    asked.end(content);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
