import { NetworkError } from '../errors.ts';
import type { ResponseHeaders } from './transport.ts';

/** One answer, collected up to a bound. */
export class ResponseBody {
  status = 0;
  retryAfterMs: number | undefined;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  begin(status: number, headers: ResponseHeaders): void {
    this.status = status;
    this.retryAfterMs = retryAfterOf(headers);
  }

  /** False once the bound is passed; the bytes are dropped then. */
  append(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) return false;
    this.#chunks.push(chunk);
    return true;
  }

  get text(): string {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only.toString() : Buffer.concat(this.#chunks).toString();
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Neither the text nor the parser's message, which quotes it, may reach a log: it may be a Secret.
    const name = error instanceof Error ? error.name : 'error';
    throw new NetworkError('protocol', `the answer is no JSON (${name}, ${text.length} characters)`);
  }
}

/** RFC 9110 section 10.2.3; Kubernetes sends seconds, never a date. */
function retryAfterOf(headers: ResponseHeaders): number | undefined {
  const value = headers['retry-after'];
  const seconds = typeof value === 'string' ? Number(value) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
