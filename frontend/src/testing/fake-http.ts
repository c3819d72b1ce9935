import { Failure, failureOf } from '../api/failure.ts';
import type { Http, HttpRequest } from '../api/http.ts';

/** An answer that is no success. */
export interface Refusal {
  readonly code: number;
  readonly status?: object;
}

/** Answers by what is asked. */
export type Answering = (sent: Sent) => unknown;

/** What is answered to requests: by `METHOD path`, with the part of the path behind `/kapis/GROUP/VERSION` or `/apis/GROUP/VERSION`. */
export type Answers = Readonly<Record<string, unknown>>;

/** A request as tests look at it. */
export interface Sent {
  readonly what: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Told = (piece: string) => void;

/** Never answers. */
export const silence = Symbol('silence');

export function refusal(code: number, reason: string, message: string, causes: readonly object[] = []): Refusal {
  return { code, status: { kind: 'Status', code, reason, message, details: { causes } } };
}

/** Answers of one kind that come when a test says so, and in the order that it likes. */
export class HeldBack {
  readonly #asked: ((answer: unknown) => void)[] = [];

  /** What `Answers` have for it. */
  readonly answering: Answering = async () => await new Promise((resolve) => this.#asked.push(resolve));

  /** How often it was asked. */
  get count(): number {
    return this.#asked.length;
  }

  /** Answers the first question (0), or a later one. */
  give(question: number, answer: unknown): void {
    const resolve = this.#asked[question];
    if (resolve === undefined) throw new Error(`question ${question} was not asked`);
    resolve(answer);
  }
}

/** A cluster that answers what it was told to, remembers what it was asked, and tells of changes when a test says so. */
export class FakeHttp implements Http {
  readonly sent: Sent[] = [];
  #answers: Answers;
  readonly #streams = new Map<string, Told>();

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  /** Streams that are open. */
  get listeners(): number {
    return this.#streams.size;
  }

  /** Other answers from now on; who listens hears of them. */
  change(answers: Answers): void {
    this.#answers = { ...this.#answers, ...answers };
    for (const [what, told] of this.#streams) told(change(this.#answers[what]));
  }

  /** The last request of that kind. */
  last(what: string): Sent | undefined {
    return [...this.sent].reverse().find((sent) => sent.what === what);
  }

  async send(request: HttpRequest): Promise<string> {
    const answer = unrefused(await this.#answer(this.#note(request)));
    if (answer === silence) return await new Promise<never>(() => undefined);
    return JSON.stringify(answer);
  }

  async read(request: HttpRequest, onPiece: Told, signal: AbortSignal): Promise<void> {
    const sent = this.#note(request);
    const { what } = sent;
    const answer = unrefused(this.#answer(sent));
    if (answer !== silence) onPiece(change(answer));
    this.#streams.set(what, onPiece);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    this.#streams.delete(what);
    throw new Failure('away', 'aborted');
  }

  #note({ method, url, body, headers }: HttpRequest): Sent {
    const { pathname, searchParams } = new URL(url, 'http://console.test');
    const what = `${method} ${pathname.replace(/^\/clusters\/[^/]+\/k?apis\/[^/]+\/[^/]+/, '')}`;
    const query = Object.fromEntries(searchParams);
    const isText = headers['content-type'] === 'application/yaml';
    const sent = { what, query, body: isText ? body : (JSON.parse(body ?? 'null') as unknown) };
    this.sent.push(sent);
    return sent;
  }

  #answer({ what, ...asked }: Sent): unknown {
    const given = this.#answers[what];
    return typeof given === 'function' ? (given as Answering)({ what, ...asked }) : given;
  }
}

/** @throws {Failure} where it is a refusal, or nothing at all */
function unrefused(answer: unknown): unknown {
  if (answer === undefined) throw failureOf(404, '404 page not found');
  if (isRefusal(answer)) throw failureOf(answer.code, JSON.stringify(answer.status ?? {}));
  return answer;
}

function change(answer: unknown): string {
  return `event: change\ndata: ${JSON.stringify(answer)}\n\n`;
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && typeof (answer as Refusal).code === 'number';
}
