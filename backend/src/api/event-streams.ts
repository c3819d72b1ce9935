import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../platform/ports.ts';
import { tooMany } from './errors.ts';

/** From one look at the cluster to the next, in milliseconds. */
const INTERVAL_MS = 2_000;
/** A stream that says nothing is taken for dead by what stands in between. */
const QUIET_MS = 15_000;
/** Who doesn't read what he was told is told nothing more, so that no memory grows, and after this time is taken for gone. */
const STALLED_MS = 30_000;
/** A client comes again by itself (WHATWG HTML, 9.2.3), and may reach another replica then. */
const LIFE_MS = 600_000;
const MAX_STREAMS = 100;
const MAX_PER_CALLER = 10;

/** What compresses answers on the way, as KubeSphere's console does for browsers, holds them back until there is enough of them: it must not. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** What a stream says at a time. */
export interface Told {
  /** Who listens. */
  readonly caller: string;
  readonly text: string;
}

export interface Stream {
  readonly response: ServerResponse;
  /** The answer of now; asks anew whether the caller may have it. */
  readonly answer: () => Promise<Told>;
  /** What to say of an error, before the stream ends. */
  readonly status: (error: unknown) => unknown;
}

/** Server-sent events: the whole answer at the beginning and whenever it is another one. */
export class EventStreams {
  readonly #clock: Clock;
  /** Streams of each caller. */
  readonly #open = new Map<string, number>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /**
   * Takes a place only for whom `answer` answers, and resolves when the stream has ended.
   * @throws {Problem} if there are too many already, or whatever `answer` throws at first
   */
  async open(stream: Stream): Promise<void> {
    const { caller, text } = await stream.answer();
    if (stream.response.closed) return;
    this.#take(caller);
    try {
      stream.response.writeHead(200, HEADERS);
      await this.#run(stream, text);
    } finally {
      this.#give(caller);
    }
  }

  #take(caller: string): void {
    const own = this.#open.get(caller) ?? 0;
    const all = [...this.#open.values()].reduce((sum, count) => sum + count, 0);
    if (own >= MAX_PER_CALLER || all >= MAX_STREAMS) throw tooMany(5);
    this.#open.set(caller, own + 1);
  }

  #give(caller: string): void {
    const left = (this.#open.get(caller) ?? 1) - 1;
    if (left > 0) this.#open.set(caller, left);
    else this.#open.delete(caller);
  }

  async #run({ response, answer, status }: Stream, first: string): Promise<void> {
    const began = this.#clock.now();
    let [last, saidAt] = [first, began];
    response.write(event('change', first));
    while (this.#clock.now() - began < LIFE_MS) {
      await this.#wait(response);
      if (response.closed) return;
      if (response.writableNeedDrain) {
        if (this.#clock.now() - saidAt < STALLED_MS) continue;
        response.destroy();
        return;
      }
      try {
        const { text: now } = await answer();
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

  /** Until the next look, or until the stream is closed. */
  async #wait(response: ServerResponse): Promise<void> {
    let timer: Timer | undefined;
    let wake: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = this.#clock.setTimer(INTERVAL_MS, resolve);
      response.once('close', resolve);
    });
    response.off('close', wake);
    timer?.cancel();
  }
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
