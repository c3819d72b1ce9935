import { BASE_PATH, OPERATIONS, type Answers, type Bodies } from '../generated/api.ts';
import { language } from '../texts/texts.ts';
import { EventStreamReader } from './event-stream.ts';
import { failureOf } from './failure.ts';
import type { Http, HttpRequest } from './http.ts';

export type Operation = keyof typeof OPERATIONS;

/** What a question is about: `path` fills the braces of its path, `query` narrows a list. */
export interface Question<O extends Operation = Operation> {
  readonly operation: O;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: O extends keyof Bodies ? Bodies[O] : never;
}

/** Asks PorterLB's API of one cluster, as who is signed in. */
export class ApiClient {
  readonly #http: Http;
  readonly #base: string;

  constructor({ http }: { readonly http: Http }, { cluster }: { readonly cluster: string }) {
    this.#http = http;
    this.#base = `${clusterPrefix(cluster)}${BASE_PATH}`;
  }

  /** @throws {Failure} */
  async ask<O extends Operation>(question: Question<O>): Promise<Answers[O]> {
    return JSON.parse(await this.#http.send(this.#request(question, 'application/json'))) as Answers[O];
  }

  /** Whether the API tells of changes by itself. */
  streams(operation: Operation): boolean {
    return OPERATIONS[operation].streams;
  }

  /**
   * Hears the answer now and whenever it is another one, until the API ends that. `onAlive`: something came, if only a sign of life.
   * @throws {Failure}
   */
  async listen<O extends Operation>(
    question: Question<O>,
    told: { readonly onAnswer: (answer: Answers[O]) => void; readonly onAlive: () => void },
    signal: AbortSignal,
  ): Promise<void> {
    let ended: unknown;
    const reader = new EventStreamReader(({ name, data }) => {
      if (name === 'change') told.onAnswer(JSON.parse(data) as Answers[O]);
      if (name === 'error') ended = failureOf(codeIn(data), data);
    });
    const onPiece = (piece: string): void => {
      told.onAlive();
      reader.push(piece);
    };
    await this.#http.read(this.#request(question, 'text/event-stream'), onPiece, signal);
    if (ended !== undefined) throw ended as Error;
  }

  #request({ operation, path = {}, query = {}, body }: Question, accept: string): HttpRequest {
    const { method, path: pattern } = OPERATIONS[operation];
    const filled = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const headers = { accept, 'accept-language': language() };
    const url = `${this.#base}${filled}${queryString(query)}`;
    if (body === undefined) return { method, url, headers };
    return { method, url, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
  }
}

/** Where the console's server finds the API server of a cluster. */
export function clusterPrefix(cluster: string): string {
  return `/clusters/${encodeURIComponent(cluster)}`;
}

function queryString(query: NonNullable<Question['query']>): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([key, value]) => [key, String(value)])).toString()}`;
}

function codeIn(status: string): number {
  const { code } = JSON.parse(status) as { readonly code?: number };
  return code ?? 500;
}
