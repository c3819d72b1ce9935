import assert from 'node:assert/strict';
import type { WhoamiAnswer } from '../images/images.ts';
import type { Client } from '../network/client.ts';

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
