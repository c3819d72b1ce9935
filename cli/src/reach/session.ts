import { EXIT, Failure } from '../failure.ts';
import { BASE_PATH, OPERATIONS } from '../generated/api.ts';
import type { Question } from '../plan.ts';
import { failureOfReply, NotKnown, NotNow, unknownCaller } from './api-failure.ts';
import type { Credential } from './credential.ts';
import { EventStreamReader } from './event-stream.ts';
import type { Exchange, Link, Reply } from './link.ts';

export interface SessionDeps {
  readonly credential: Credential;
  /** Makes a way to the manager, to another replica where there is one. @throws {Failure} */
  readonly open: () => Promise<Link>;
  /** Resolves after so many milliseconds, or when the signal says that it is over. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface SessionOptions {
  readonly language: string;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** How often something is tried that may go well the next time. */
const TRIES = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** Between two looks at what tells nobody when it changes. */
const POLL_MS = 2_000;

/** A replica, and whether it said what it knows. */
interface Heard {
  readonly name: string;
  readonly answered: boolean;
}

interface Page {
  readonly items: readonly unknown[];
  readonly totalItems: number;
  readonly replicas?: readonly Heard[];
}

/** Asks the manager, over a way that is made anew whenever it breaks. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #options: SessionOptions;
  #link: Promise<Link> | undefined;

  constructor(deps: SessionDeps, options: SessionOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /**
   * The answer; of a list, all pages as one. Undefined: the caller may not have it, and it is optional.
   * @throws {Failure}
   */
  async ask(question: Question, signal: AbortSignal): Promise<unknown> {
    const first = await this.#whole(question, signal);
    if (!isPage(first)) return first;
    const items = [...first.items];
    let { replicas } = first;
    for (let page = 2; items.length < first.totalItems; page += 1) {
      const next = await this.#whole({ ...question, query: { ...question.query, page: String(page) } }, signal);
      // Objects may be deleted in the meantime.
      if (!isPage(next) || next.items.length === 0) break;
      items.push(...next.items);
      replicas = inAll(replicas, next.replicas);
    }
    return { ...first, items, ...(replicas === undefined ? {} : { replicas }) };
  }

  /**
   * The answer, and whatever it becomes, until the signal; `onTrouble` hears why there is none for now, and `onAnswer` when it is over.
   * @throws {Failure} when there will be none any more
   */
  async follow(
    question: Question,
    { onAnswer, onTrouble }: { onAnswer: (answer: unknown) => void; onTrouble: (why: string) => void },
    signal: AbortSignal,
  ): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    const isFirst = { value: true };
    while (!signal.aborted) {
      try {
        await this.#followOnce(question, signal, (answer) => {
          isFirst.value = false;
          waitMs = FIRST_WAIT_MS;
          onAnswer(answer);
        });
      } catch (error) {
        if (signal.aborted) return;
        // A mistake is told at once; what went well once is waited for.
        if (isFirst.value || isFinal(error)) throw failureOf(error);
        onTrouble(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return;
      // Whoever ends all streams at once, a proxy in between perhaps, is not to be asked without a pause.
      await this.#deps.wait(waitMs, signal);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    await link?.then(
      (each) => each.close(),
      () => undefined,
    );
  }

  async #followOnce(question: Question, signal: AbortSignal, onAnswer: (answer: unknown) => void): Promise<void> {
    if (OPERATIONS[question.id].streams && !(await this.#isTooLong(question, signal, onAnswer))) return;
    for (;;) {
      onAnswer(await this.ask(question, signal));
      await this.#deps.wait(POLL_MS, signal);
      if (signal.aborted) return;
    }
  }

  /** Tells what a stream tells until it ends; or finds that it is a list of several pages, of which a stream has the first only. */
  async #isTooLong(question: Question, signal: AbortSignal, onAnswer: (answer: unknown) => void): Promise<boolean> {
    const stop = new AbortController();
    try {
      await this.#stream(question, AbortSignal.any([signal, stop.signal]), (answer) => {
        if (isPage(answer) && answer.items.length < answer.totalItems) stop.abort();
        else if (!stop.signal.aborted) onAnswer(answer);
      });
    } catch (error) {
      if (!stop.signal.aborted || signal.aborted) throw error;
    }
    return stop.signal.aborted;
  }

  /** Until the server ends it, which it does every two minutes. */
  async #stream(question: Question, signal: AbortSignal, onAnswer: (answer: unknown) => void): Promise<void> {
    await this.#persistently(question, signal, async (link, exchange) => {
      let failure: Error | undefined;
      const reader = new EventStreamReader(({ name, data }) => {
        if (name === 'change') onAnswer(JSON.parse(data));
        else if (name === 'error') failure = failureOfReply({ status: codeOf(data), body: data }, question);
      });
      const headers = { ...exchange.headers, accept: 'text/event-stream' };
      const reply = await link.stream({ ...exchange, headers }, (piece) => reader.push(piece));
      if (failure !== undefined) throw failure;
      return reply;
    });
  }

  async #whole(question: Question, signal: AbortSignal): Promise<unknown> {
    try {
      const { body } = await this.#persistently(question, signal, async (link, exchange) => await link.send(exchange));
      return JSON.parse(body);
    } catch (error) {
      if (question.optional === true && error instanceof Failure && error.exitCode === EXIT.refused) return undefined;
      throw error instanceof SyntaxError
        ? new Failure(EXIT.unreachable, 'the answer of the manager is no JSON')
        : error;
    }
  }

  /** Tries again where another way, another token or another moment may help. @throws {Failure} */
  async #persistently(
    question: Question,
    signal: AbortSignal,
    attempt: (link: Link, exchange: Exchange) => Promise<Reply>,
  ): Promise<Reply> {
    for (let tries = 1; ; tries += 1) {
      try {
        signal.throwIfAborted();
        return await this.#once(question, signal, attempt);
      } catch (error) {
        if (signal.aborted || tries >= triesAfter(error)) throw failureOf(error);
        await this.#deps.wait(waitAfter(error, tries), signal);
      }
    }
  }

  async #once(
    question: Question,
    signal: AbortSignal,
    attempt: (link: Link, exchange: Exchange) => Promise<Reply>,
  ): Promise<Reply> {
    this.#link ??= this.#deps.open();
    const opening = this.#link;
    const drop = async (): Promise<void> => {
      if (this.#link === opening) await this.close();
    };
    let shown: string | undefined;
    try {
      const [link, token] = await Promise.all([opening, this.#deps.credential.token()]);
      shown = token;
      const reply = await attempt(link, this.#exchange(question, token, signal));
      if (reply.status !== 200) throw failureOfReply(reply, question);
      return reply;
    } catch (error) {
      if (error instanceof NotKnown) this.#deps.credential.renew(shown);
      // Another replica may be better off, or this one may be gone.
      if (!signal.aborted && !(error instanceof NotKnown) && !isFinal(error)) await drop();
      throw error;
    }
  }

  #exchange({ id, params = {}, query = {}, body }: Question, token: string, signal: AbortSignal): Exchange {
    const { method, path } = OPERATIONS[id];
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const text = new URLSearchParams(query).toString();
    const { language, timeoutMs, userAgent } = this.#options;
    const headers = {
      ...{ authorization: `Bearer ${token}`, accept: 'application/json' },
      ...{ 'accept-language': language, 'user-agent': userAgent },
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return {
      ...{ method, headers, timeoutMs, signal, path: `${BASE_PATH}${filled}${text === '' ? '' : `?${text}`}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }
}

/** Of some of the pages what a replica knows is missing if it did not answer once. */
function inAll(before: Page['replicas'], now: Page['replicas']): Page['replicas'] {
  if (before === undefined || now === undefined) return before ?? now;
  const silent = new Map(now.flatMap((each) => (each.answered ? [] : [[each.name, each] as const])));
  const known = new Set(before.map(({ name }) => name));
  return [...before.map((each) => silent.get(each.name) ?? each), ...now.filter(({ name }) => !known.has(name))];
}

function isPage(answer: unknown): answer is Page {
  const { items, totalItems } = (answer ?? {}) as Partial<Page>;
  return Array.isArray(items) && typeof totalItems === 'number';
}

/** Whether trying again can't help. That nobody can be reached may be over in a moment. */
function isFinal(error: unknown): boolean {
  return error instanceof Failure && error.exitCode !== EXIT.unreachable;
}

/** How often something is tried that ended so. */
function triesAfter(error: unknown): number {
  if (error instanceof Failure) return 1;
  // One token may have ended; that the next one is no good either is no accident.
  return error instanceof NotKnown ? 2 : TRIES;
}

/** In milliseconds. Another way, or another token, may do at once. */
function waitAfter(error: unknown, tries: number): number {
  if (error instanceof NotNow) return Math.min(error.afterMs, LONGEST_WAIT_MS);
  return tries === 1 ? 0 : FIRST_WAIT_MS * 2 ** tries;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotKnown) return unknownCaller(message);
  if (error instanceof NotNow) return new Failure(EXIT.unreachable, message);
  return new Failure(EXIT.unreachable, `the manager can't be reached: ${message}`);
}

function codeOf(status: string): number {
  try {
    return Number((JSON.parse(status) as { readonly code?: unknown }).code);
  } catch {
    return 0;
  }
}
