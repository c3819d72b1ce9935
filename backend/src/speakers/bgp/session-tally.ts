import type { SessionCounters } from './model.ts';
import type { ReceivedUpdate } from './wire/update.ts';

/** Counts what all sessions with a peer see; received routes are counted and forgotten. */
export class SessionTally {
  #lastError: string | undefined;
  readonly #counters = {
    messagesReceived: 0,
    messagesSent: 0,
    updatesReceived: 0,
    updatesSent: 0,
    prefixesReceived: 0,
    malformedUpdates: 0,
    refreshesReceived: 0,
    established: 0,
    lost: 0,
  };

  /** What ended the last attempt or session, whichever connection it was. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  failed(error: string): void {
    this.#lastError = error;
  }

  counters(): SessionCounters {
    return { ...this.#counters };
  }

  received(): void {
    this.#counters.messagesReceived++;
  }

  sent(messages: number, updates: number): void {
    this.#counters.messagesSent += messages;
    this.#counters.updatesSent += updates;
  }

  established(): void {
    this.#counters.established++;
  }

  lost(): void {
    this.#counters.lost++;
  }

  refresh(): void {
    this.#counters.refreshesReceived++;
  }

  update(update: ReceivedUpdate): void {
    this.#counters.updatesReceived++;
    if (update.problems.length > 0) this.#counters.malformedUpdates++;
    this.#counters.prefixesReceived += update.nlri.length;
    for (const attribute of update.attributes) {
      if (attribute.type === 'mp-reach') this.#counters.prefixesReceived += attribute.nlri.length;
    }
  }
}
