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
const LIFE_MS = 120_000;
const MAX_STREAMS = 100;
const MAX_PER_CALLER = 10;
/**
 * A caller's oldest stream gives way to one more of his when it has stood so long. The proxy of ks-console's server doesn't tell when a browser has
 * left a page, and keeps its stream open; who really has so many pages open gets each of them back in turns.
 */
const SETTLED_MS = 10_000;

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

/** What a stream has told, and when. */
interface Said {
  readonly text: string;
  readonly at: number;
}

/** A stream that is open. */
interface Place {
  readonly since: number;
  readonly end: () => Promise<void>;
}

/** Server-sent events: the whole answer at the beginning and whenever it is another one. */
export class EventStreams {
  readonly #clock: Clock;
  /** Streams of each caller, oldest first. */
  readonly #open = new Map<string, Set<Place>>();
  #isEnding = false;

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
    const place = this.#take(caller, stream.response);
    try {
      stream.response.writeHead(200, HEADERS);
      await this.#run(stream, text);
    } finally {
      this.#give(caller, place);
    }
  }

  /** Ends all of them; resolves when every listener was sent the end. Who is still to be answered is sent it with his answer. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const places = [...this.#open.values()].flatMap((own) => [...own]);
    await Promise.all(places.map(async ({ end }) => await end()));
  }

  #take(caller: string, response: ServerResponse): Place {
    const own = this.#open.get(caller) ?? new Set();
    if (own.size >= MAX_PER_CALLER) this.#endOldest(caller, own);
    const all = [...this.#open.values()].reduce((sum, { size }) => sum + size, 0);
    if (own.size >= MAX_PER_CALLER || all >= MAX_STREAMS) throw tooMany(5);
    const end = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        response.once('close', resolve);
        response.end(resolve);
      });
    };
    const place = { since: this.#clock.now(), end };
    this.#open.set(caller, own.add(place));
    return place;
  }

  #endOldest(caller: string, own: ReadonlySet<Place>): void {
    const [oldest] = own;
    if (oldest === undefined || this.#clock.now() - oldest.since < SETTLED_MS) return;
    this.#give(caller, oldest);
    void oldest.end();
  }

  #give(caller: string, place: Place): void {
    const own = this.#open.get(caller);
    own?.delete(place);
    if (own?.size === 0) this.#open.delete(caller);
  }

  async #run(stream: Stream, first: string): Promise<void> {
    const { response } = stream;
    const began = this.#clock.now();
    let said: Said = { text: first, at: began };
    response.write(event('change', first));
    while (!this.#isEnding && this.#clock.now() - began < LIFE_MS) {
      await this.#wait(response);
      if (isOver(response)) return;
      if (response.writableNeedDrain) {
        if (this.#clock.now() - said.at < STALLED_MS) continue;
        response.destroy();
        return;
      }
      said = await this.#say(stream, said);
      if (isOver(response)) return;
    }
    response.end();
  }

  /** What is otherwise than what was said last, or a sign of life when it is time for one. */
  async #say({ response, answer, status }: Stream, last: Said): Promise<Said> {
    try {
      const { text } = await answer();
      const isQuiet = text === last.text;
      if (isOver(response) || (isQuiet && this.#clock.now() - last.at < QUIET_MS)) return last;
      response.write(isQuiet ? ':\n\n' : event('change', text));
      return { text, at: this.#clock.now() };
    } catch (error) {
      if (!isOver(response)) response.end(event('error', JSON.stringify(status(error))));
      return last;
    }
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

function isOver({ closed, writableEnded }: ServerResponse): boolean {
  return closed || writableEnded;
}

function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
