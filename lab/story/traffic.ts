import assert from 'node:assert/strict';
import type { WhoamiAnswer } from '../images/images.ts';
import type { Client, Outcome } from '../network/client.ts';

/** Which Pods answered how often. */
export type Tally = ReadonlyMap<string, { readonly node: string; readonly answers: number }>;

/** Sends requests over connections of their own, some at a time; fails with the first that is not answered by a Pod. */
export async function request(client: Client, address: string, count: number): Promise<Tally> {
  const tally = new Map<string, { node: string; answers: number }>();
  const askInTurn = async (share: number): Promise<void> => {
    for (let i = 0; i < share; i++) {
      const { status, body } = await client.get(address);
      assert.equal(status, 200, `${address} answered ${status}`);
      const { pod, node } = JSON.parse(body) as WhoamiAnswer;
      const entry = tally.get(pod) ?? { node, answers: 0 };
      tally.set(pod, { node, answers: entry.answers + 1 });
    }
  };
  const workers = 5;
  await Promise.all(Array.from({ length: workers }, (_, i) => askInTurn(Math.floor((count + i) / workers))));
  return tally;
}

/** A client that asks all the time, until it is stopped. */
export class SteadyTraffic {
  readonly #client: Client;
  readonly #address: string;
  readonly #failures: string[] = [];
  #answered = 0;
  #stopped = false;
  #running: Promise<void>[] = [];

  constructor(client: Client, address: string) {
    this.#client = client;
    this.#address = address;
  }

  /** Starts `lanes` askers, each of which waits for an answer, then for 10 ms. */
  start(lanes = 4): this {
    this.#running = Array.from({ length: lanes }, () => this.#ask());
    return this;
  }

  /** How many requests were answered and what became of the others. */
  async stop(): Promise<{ answered: number; failures: readonly string[] }> {
    this.#stopped = true;
    await Promise.all(this.#running);
    return { answered: this.#answered, failures: this.#failures };
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#client.get(this.#address);
        this.#answered += 1;
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Time without an answer, in milliseconds since the epoch. */
export interface Gap {
  /** When the last request before it that was answered had been sent; the first request, if none was. */
  readonly from: number;
  /** When the first request after it that was answered had its answer; infinite if none was. */
  readonly to: number;
  readonly ms: number;
  /** Requests without an answer. */
  readonly lost: number;
}

export interface PaceOptions {
  /** From one request to the next. Default: 20 ms. */
  readonly everyMs?: number;
  /** Patience with each. Default: 300 ms. */
  readonly timeoutMs?: number;
}

/** A client that sends a request every so many milliseconds, each over a connection of its own, until it is stopped. */
export class PacedTraffic {
  readonly #outcomes: Outcome[] = [];
  readonly #stop: () => Promise<void>;

  constructor(client: Client, address: string, { everyMs = 20, timeoutMs = 300 }: PaceOptions = {}) {
    this.#stop = client.repeat(address, { everyMs, timeoutMs }, (outcome) => this.#outcomes.push(outcome));
  }

  /** Sends until `action` is over; what became of all requests, in the order in which they were sent. */
  static async during(
    action: () => Promise<void>,
    client: Client,
    address: string,
    options?: PaceOptions,
  ): Promise<readonly Outcome[]> {
    const traffic = new PacedTraffic(client, address, options);
    try {
      await action();
    } catch (error) {
      await traffic.stop();
      throw error;
    }
    return await traffic.stop();
  }

  /** What became of the requests so far, in the order in which that was known. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** Returns when every request is answered or given up: what became of all, in the order in which they were sent. */
  async stop(): Promise<readonly Outcome[]> {
    await this.#stop();
    return bySending(this.#outcomes);
  }
}

export function isAnswered({ status }: Outcome): boolean {
  return status === 200;
}

/** The longest time in which no request was answered, none if all were. */
export function longestGap(outcomes: readonly Outcome[]): Gap | undefined {
  const gaps: Gap[] = [];
  let lost: Outcome[] = [];
  let before: Outcome | undefined;
  const close = (to: number): void => {
    const from = (before ?? lost[0])?.sentAt ?? to;
    if (lost.length > 0) gaps.push({ from, to, ms: to - from, lost: lost.length });
    lost = [];
  };
  for (const outcome of bySending(outcomes)) {
    if (!isAnswered(outcome)) {
      lost.push(outcome);
      continue;
    }
    close(outcome.endedAt);
    before = outcome;
  }
  close(Infinity);
  return gaps.sort((a, b) => b.ms - a.ms)[0];
}

function bySending(outcomes: readonly Outcome[]): Outcome[] {
  return [...outcomes].sort((a, b) => a.sentAt - b.sentAt);
}
