import { Worker } from 'node:worker_threads';
import type { Clock, Logger } from '../platform/ports.ts';
import type { EngineMeasures } from './measures.ts';
import { MeasuresRequest } from './measures-request.ts';
import { Heartbeat } from './heartbeat.ts';
import type { AddressFacts, EngineFacts } from './facts.ts';
import type { Successors } from './handing-over.ts';
import type { EngineOptions, FromEngine, InputDelta, ToEngine } from './messages.ts';
import { Outbox } from './outbox.ts';
import { Questions } from './questions.ts';
import { replacement } from './replacement.ts';

/** Seconds: far above what the engine needs for all routes of a large cluster at once. */
const SILENCE_SECONDS = 10;
/** How long the engine may take to answer, in milliseconds; with all its routes to compute anew it takes less. */
const PATIENCE_MS = 2_000;

export interface EngineHandleDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onMessage: (message: EngineReport) => void;
  /** The engine ended without being told to: nothing announces any more, so that the process had better exit. */
  readonly onDeath: (error: Error) => void;
}

/** What the engine says of the network. */
export type EngineReport = Exclude<
  FromEngine,
  { readonly type: 'alive' | 'facts' | 'address-facts' | 'measures' | 'handed-over' | 'stopped' }
>;

/** The main thread's end of the engine: keyed deltas, coalesced. */
export class EngineHandle {
  readonly #deps: EngineHandleDeps;
  readonly #worker: Worker;
  readonly #heartbeat: Heartbeat;
  readonly #outbox: Outbox;
  readonly #request: MeasuresRequest;
  readonly #questions: Questions<EngineFacts>;
  readonly #addressQuestions: Questions<readonly AddressFacts[]>;
  #started = false;
  #handingOver: (() => void) | undefined;
  #stopping = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(deps: EngineHandleDeps, options: EngineOptions) {
    this.#deps = deps;
    this.#outbox = new Outbox({ clock: deps.clock, send: (inputs) => this.#post({ type: 'change', inputs }) });
    this.#request = new MeasuresRequest({ clock: deps.clock, ask: () => this.#post({ type: 'measure' }) });
    this.#questions = new Questions(deps);
    this.#addressQuestions = new Questions(deps);
    this.#heartbeat = new Heartbeat(deps, { misses: SILENCE_SECONDS });
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options, name: 'engine' });
    this.#worker.on('message', (message: FromEngine) => this.#receive(message));
    this.#worker.on('error', (error) => deps.onDeath(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => {
      if (!this.#stopping) deps.onDeath(new Error(`the engine's thread exited with code ${code}`));
      this.#ended.resolve();
    });
  }

  /** Sends the first full set of inputs; changes that came before it are part of it. */
  start(inputs: InputDelta): void {
    this.#outbox.clear();
    this.#started = true;
    this.#post({ type: 'start', inputs });
  }

  /** Puts the whole set `now` in the place of the one it was started with: what `now` doesn't have goes, the rest is not touched. */
  replace(before: InputDelta, now: InputDelta): void {
    this.#outbox.clear();
    this.#post({ type: 'change', inputs: replacement(before, now) });
  }

  /** Queues a change; ignored before `start`, whose inputs hold it already. */
  change(delta: InputDelta): void {
    if (this.#started) this.#outbox.add(delta);
  }

  /** What waits is sent before: a view is fresh only with all that is known. */
  setStale(stale: boolean): void {
    this.#outbox.flush();
    this.#post({ type: 'staleness', stale });
  }

  /** The view was current at this `Clock.now()`. */
  viewProven(at: number): void {
    this.#post({ type: 'proof', at });
  }

  /**
   * Asks for what only the engine knows, of these addresses among others.
   * @throws {Error} if it hangs, or can't say
   */
  async ask(ips: readonly string[]): Promise<EngineFacts> {
    return await this.#questions.ask(PATIENCE_MS, (id) => this.#post({ type: 'ask', id, about: 'facts', ips }));
  }

  /**
   * Asks for what it has decided of these addresses, and for nothing else: all that it knows is much where there are many nodes.
   * @throws {Error} as `ask`
   */
  async askAddresses(ips: readonly string[]): Promise<readonly AddressFacts[]> {
    return await this.#addressQuestions.ask(PATIENCE_MS, (id) =>
      this.#post({ type: 'ask', id, about: 'address-facts', ips }),
    );
  }

  /** Why the engine must be taken for hung, in words; empty while it turns. */
  notAlive(): string[] {
    return this.#heartbeat.silent ? [`the engine has given no sign of life for ${SILENCE_SECONDS} s`] : [];
  }

  /** What the engine knows now; undefined if it doesn't answer in time. */
  async measures(): Promise<EngineMeasures | undefined> {
    return await this.#request.measures(PATIENCE_MS);
  }

  /**
   * Resolves when whoever else is there has taken over; this replica still announces, as the worst. Nothing but `stop` may follow. A thread that
   * dies meanwhile has nothing left to hand over.
   */
  async handOver(): Promise<void> {
    const handedOver = new Promise<void>((resolve) => (this.#handingOver = resolve));
    this.#outbox.flush();
    this.#post({ type: 'hand-over' });
    await Promise.race([handedOver, this.#ended.promise]);
  }

  /** Leaves the network as the engine sees fit, then ends its thread. */
  async stop(successors: Successors = 'any'): Promise<void> {
    this.#stopping = true;
    this.#outbox.flush();
    this.#post({ type: 'stop', successors });
    await this.#ended.promise;
    this.#request.stop();
    this.#heartbeat.stop();
  }

  #post(message: ToEngine): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromEngine): void {
    this.#heartbeat.beat();
    if (message.type === 'alive') return;
    if (message.type === 'measures') {
      this.#request.answered(message.measures);
      return;
    }
    if (message.type === 'facts') {
      this.#questions.answered(message.id, message.facts);
      return;
    }
    if (message.type === 'address-facts') {
      this.#addressQuestions.answered(message.id, message.addresses);
      return;
    }
    if (message.type === 'handed-over') {
      this.#handingOver?.();
      return;
    }
    if (message.type === 'stopped') {
      this.#deps.logger.info({}, 'engine stopped');
      void this.#worker.terminate();
      return;
    }
    this.#deps.onMessage(message);
  }
}
