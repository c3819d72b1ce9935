import type { ApiOptions } from '../options.ts';
import type { Clock, FaultZone, Logger, Timer } from '../platform/ports.ts';
import type { Api, ApiDeps, ReplicaOptions } from './api.ts';

export interface HostedApiDeps extends ApiDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where all of it runs, so that none of its faults is one of the process. */
  readonly faults: FaultZone;
}

export interface HostedApiOptions {
  /** Undefined: it is switched off. */
  readonly api: ApiOptions | undefined;
  readonly self: ReplicaOptions;
}

/** How long to wait before the API is tried again that could not be served, in milliseconds: for want of a certificate, as a rule. */
const RETRY_MS = 10_000;

/** The API as a part that the replica can do without: nothing waits for it, and nothing ends with it. Loaded where it is wanted only. */
export class HostedApi {
  readonly #deps: HostedApiDeps;
  readonly #options: HostedApiOptions;
  #api: Api | undefined;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(deps: HostedApiDeps, options: HostedApiOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    if (this.#options.api === undefined) return;
    const { faults } = this.#deps;
    faults.onFault((error) => this.#failed(error));
    faults.run(() => void this.#start());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    if (this.#api !== undefined) await this.#end(this.#api);
  }

  /** It begins anew after a while, since nobody knows in which state it is. */
  #failed(error: unknown): void {
    this.#deps.logger.error({ err: error, retryMs: RETRY_MS }, 'the API has failed, announcing goes on without it');
    if (this.#api === undefined) return;
    const failed = this.#api;
    this.#api = undefined;
    this.#deps.faults.run(() => {
      void this.#end(failed).then(() => this.#startLater());
    });
  }

  async #start(): Promise<void> {
    const { api: options, self } = this.#options;
    if (options === undefined || this.#stopped) return;
    const { logger } = this.#deps;
    let api: Api | undefined;
    try {
      // Express and all that comes with it.
      const { Api } = await import('./api.ts');
      api = new Api(this.#deps, options, self);
      const port = await api.start();
      logger.info({ port }, 'serving the API');
      this.#api = api;
      if (this.#stopped) await this.#end(api);
    } catch (error) {
      if (api !== undefined) await this.#end(api);
      if (this.#stopped) return;
      logger.warn({ err: error, retryMs: RETRY_MS }, 'the API can not be served');
      this.#startLater();
    }
  }

  #startLater(): void {
    if (!this.#stopped) this.#retry = this.#deps.clock.setTimer(RETRY_MS, () => void this.#start());
  }

  async #end(api: Api): Promise<void> {
    try {
      await api.stop();
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the API did not end in good order');
    }
  }
}
