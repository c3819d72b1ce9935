import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../platform/ports.ts';
import { Problem } from './errors.ts';

/** From one look at the cluster to the next, in milliseconds. */
const INTERVAL_MS = 2_000;
/** A stream that says nothing is taken for dead by what stands in between. */
const QUIET_MS = 15_000;
/** A client comes again by itself (WHATWG HTML, 9.2.3), and may reach another replica then. */
const LIFE_MS = 600_000;
const MAX_STREAMS = 100;

export interface Stream {
  readonly response: ServerResponse;
  /** The answer of now; asks anew whether the caller may have it. */
  readonly answer: () => Promise<unknown>;
  /** What to say of an error, before the stream ends. */
  readonly status: (error: unknown) => unknown;
}

/** Server-sent events: the whole answer at the beginning and whenever it is another one. */
export class EventStreams {
  readonly #clock: Clock;
  #open = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** @throws {Problem} if there are too many already, or whatever `answer` throws at first */
  async open(stream: Stream): Promise<void> {
    if (this.#open >= MAX_STREAMS)
      throw new Problem('TooManyRequests', { params: { seconds: '5' }, retryAfterSeconds: 5 });
    this.#open += 1;
    let timer: Timer | undefined;
    const { response } = stream;
    let closed = response.closed;
    response.once('close', () => {
      closed = true;
      timer?.cancel();
    });
    try {
      const first = JSON.stringify(await stream.answer());
      if (closed) return;
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
      await this.#run(stream, first, {
        isClosed: () => closed,
        wait: async () =>
          await new Promise<void>((resolve) => {
            timer = this.#clock.setTimer(INTERVAL_MS, resolve);
            response.once('close', resolve);
          }),
      });
    } finally {
      this.#open -= 1;
    }
  }

  async #run(
    { response, answer, status }: Stream,
    first: string,
    { isClosed, wait }: { readonly isClosed: () => boolean; readonly wait: () => Promise<void> },
  ): Promise<void> {
    const began = this.#clock.now();
    let [last, saidAt] = [first, began];
    response.write(event('change', first));
    while (!isClosed() && this.#clock.now() - began < LIFE_MS) {
      await wait();
      if (isClosed()) return;
      try {
        const now = JSON.stringify(await answer());
        const isQuiet = now === last;
        if (isQuiet && this.#clock.now() - saidAt < QUIET_MS) continue;
        response.write(isQuiet ? ':\n\n' : event('change', now));
        [last, saidAt] = [now, this.#clock.now()];
      } catch (error) {
        response.end(event('error', JSON.stringify(status(error))));
        return;
      }
    }
    response.end();
  }
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
