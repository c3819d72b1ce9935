import { isDeepStrictEqual } from 'node:util';
import { parseRange, type AddressRange } from '../../domain/address.ts';
import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { jittered } from '../backoff.ts';
import { errorFields, isForbidden, isNotFound } from '../errors.ts';
import type { Kube } from '../kube.ts';
import { serviceCIDRs, serviceCIDRsBeta, type ServiceCIDR } from '../kinds.ts';
import { listAll } from './list-all.ts';

export interface ServiceRangesDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ServiceRangesOptions {
  /** The ranges are others than before. */
  readonly onChange: () => void;
}

/** Ranges change once in a cluster's life, if at all. */
const INTERVAL_MS = 600_000;
/** After a failure that may be over soon. */
const RETRY_MS = 30_000;
/** So that the replicas don't ask all at once. */
const JITTER = 0.1;

/**
 * The ranges that the cluster gives its Services' cluster addresses from, as far as it says so. They are asked for now and then instead
 * of being watched, as many clusters don't have the kind or don't let us see it, which must hold up nothing. Whatever goes wrong leaves
 * what is known.
 */
export class ServiceRanges {
  readonly #deps: ServiceRangesDeps;
  readonly #options: ServiceRangesOptions;
  readonly #stop = new AbortController();
  #ranges: readonly AddressRange[] = [];
  #timer: Timer | undefined;

  constructor(deps: ServiceRangesDeps, options: ServiceRangesOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Empty as long as nothing is known; the same array until it changes. */
  ranges(): readonly AddressRange[] {
    return this.#ranges;
  }

  /** Asks now, and from now on. */
  start(): void {
    void this.#ask();
  }

  stop(): void {
    this.#stop.abort();
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const { clock, random, logger } = this.#deps;
    let nextMs = INTERVAL_MS;
    try {
      this.#take(await this.#list());
    } catch (error) {
      const lasting = isNotFound(error) || isForbidden(error);
      if (!lasting) nextMs = RETRY_MS;
      if (!this.#stop.signal.aborted)
        logger.debug(errorFields(error), "the cluster does not tell its Services' ranges, going on with what is known");
    }
    if (this.#stop.signal.aborted) return;
    this.#timer = clock.setTimer(jittered(nextMs, JITTER, random), () => void this.#ask());
  }

  async #list(): Promise<readonly ServiceCIDR[]> {
    const { api } = this.#deps;
    const { signal } = this.#stop;
    try {
      return (await listAll(api, serviceCIDRs, { signal })).items;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return (await listAll(api, serviceCIDRsBeta, { signal })).items;
    }
  }

  #take(objects: readonly ServiceCIDR[]): void {
    if (this.#stop.signal.aborted) return;
    const texts = new Set(objects.flatMap(({ spec }) => spec?.cidrs ?? []));
    const ranges = [...texts].sort().flatMap((text) => {
      const range = parseRange(text);
      return range.ok ? [range.value] : [];
    });
    if (isDeepStrictEqual(ranges, this.#ranges)) return;
    this.#ranges = ranges;
    this.#deps.logger.info({ ranges: [...texts].sort() }, "the cluster's Service ranges, which no pool gives from");
    this.#options.onChange();
  }
}
