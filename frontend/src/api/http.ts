import { text } from '../texts/texts.ts';
import { asFailure, Failure, failureOf } from './failure.ts';

/** The API server gives up by then as well. Who asks again and again would wait for ever for an answer that got lost. */
const TIME_LIMIT_MS = 60_000;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How the pages reach the cluster. */
export interface Http {
  /** @throws {Failure} */
  send(request: HttpRequest): Promise<string>;
  /**
   * Reads an answer that does not end, piece by piece; resolves when it has ended.
   * @throws {Failure}
   */
  read(request: HttpRequest, onPiece: (piece: string) => void, signal: AbortSignal): Promise<void>;
}

/** The browser's own: the console's server knows who is signed in by a cookie. */
export const browserHttp: Http = {
  async send(request) {
    const limit = new AbortController();
    const late = (): void => limit.abort(new Failure('away', text('NO_ANSWER', { count: TIME_LIMIT_MS / 1_000 })));
    const timer = setTimeout(late, TIME_LIMIT_MS);
    try {
      const response = await ask(request, limit.signal);
      return await response.text().catch(rethrow);
    } finally {
      clearTimeout(timer);
    }
  },

  async read(request, onPiece, signal) {
    const response = await ask(request, signal);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) return;
    for (;;) {
      const { done, value } = await reader.read().catch(rethrow);
      if (done) return;
      onPiece(value);
    }
  },
};

async function ask({ method, url, headers, body }: HttpRequest, signal: AbortSignal | null = null): Promise<Response> {
  const init: RequestInit = { method, headers: { ...headers }, signal, credentials: 'same-origin' };
  if (body !== undefined) init.body = body;
  const response = await fetch(url, init).catch(rethrow);
  if (!response.ok) throw failureOf(response.status, await response.text().catch(() => ''));
  return response;
}

function rethrow(error: unknown): never {
  throw asFailure(error);
}
