import { isDeepStrictEqual } from 'node:util';
import type { HoldingService } from '../../announce/snapshot.ts';
import { NO_ENDPOINTS, type Service, type ServiceEndpoints } from '../../domain/service.ts';
import type { InputDelta } from '../../engine/messages.ts';
import type * as kinds from '../kinds.ts';
import { Admission, type AdmissionDeps } from './admission.ts';
import { EndpointIndex } from './domain/endpoints.ts';
import { toHoldingService } from './domain/holding.ts';
import type { Change } from './informer.ts';

export interface HoldingFeedDeps extends AdmissionDeps {
  readonly services: ReadonlyMap<string, Service>;
}

type Delta = Pick<InputDelta, 'services' | 'endpoints'>;

/**
 * What the engine knows of Services: those that hold addresses, as far as these are admitted, and their endpoints with them. Silent
 * until it begins; each method returns what the engine has to be told, or undefined if that is nothing.
 */
export class HoldingFeed {
  readonly #deps: HoldingFeedDeps;
  readonly #endpoints = new EndpointIndex();
  readonly #admission: Admission;
  readonly #sentServices = new Map<string, HoldingService>();
  readonly #sentEndpoints = new Map<string, ServiceEndpoints>();
  #begun = false;

  constructor(deps: HoldingFeedDeps) {
    this.#deps = deps;
    this.#admission = new Admission(deps);
  }

  /** All kinds are listed: decides about every Service at once, so that the order in which they came has no say. */
  begin(): void {
    this.#begun = true;
    this.#admission.begin(this.#deps.services.values());
    this.#update(this.#deps.services.keys());
  }

  /** All that was sent so far. */
  inputs(): Delta {
    return { services: new Map(this.#sentServices), endpoints: new Map(this.#sentEndpoints) };
  }

  serviceChanged(key: string): Delta | undefined {
    if (!this.#begun) return undefined;
    return this.#update(this.#admission.serviceChanged(key, this.#deps.services.get(key)));
  }

  poolsChanged(): Delta | undefined {
    return this.#begun ? this.#update(this.#admission.poolsChanged()) : undefined;
  }

  namespaceChanged(name: string): Delta | undefined {
    return this.#begun ? this.#update(this.#admission.namespaceChanged(name)) : undefined;
  }

  /** The EndpointSlices of a Service, whether it holds addresses or not. */
  slices(service: string): kinds.EndpointSlice[] {
    return this.#endpoints.slices(service);
  }

  /** Takes a change of a slice over; returns the Services whose endpoints it is part of as well. */
  sliceChanged(change: Change<kinds.EndpointSlice>): { touched: readonly string[]; delta: Delta | undefined } {
    const touched =
      change.type === 'set' ? this.#endpoints.set(change.object) : this.#endpoints.delete(change.previous);
    const endpoints = new Map<string, ServiceEndpoints>();
    for (const key of touched) {
      const sent = this.#sentEndpoints.get(key);
      const now = this.#endpoints.get(key) ?? NO_ENDPOINTS;
      if (sent !== undefined && !isDeepStrictEqual(sent, now)) endpoints.set(key, now);
    }
    for (const [key, now] of endpoints) this.#sentEndpoints.set(key, now);
    return { touched, delta: endpoints.size === 0 ? undefined : { endpoints } };
  }

  /** Brings what was sent of these Services in line with what may be; their endpoints come and go with them. */
  #update(keys: Iterable<string>): Delta | undefined {
    const services = new Map<string, HoldingService | null>();
    const endpoints = new Map<string, ServiceEndpoints | null>();
    for (const key of keys) {
      const cut = this.#cut(key);
      if (isDeepStrictEqual(this.#sentServices.get(key), cut)) continue;
      put(this.#sentServices, services, [key, cut]);
      put(this.#sentEndpoints, endpoints, [key, cut && (this.#endpoints.get(key) ?? NO_ENDPOINTS)]);
    }
    return services.size === 0 ? undefined : { services, endpoints };
  }

  #cut(key: string): HoldingService | undefined {
    const service = this.#deps.services.get(key);
    const holding = service === undefined ? undefined : toHoldingService(service);
    const assignments = this.#admission.passed(key);
    return holding === undefined || assignments.length === 0 ? undefined : { ...holding, assignments };
  }
}

/** Sets or, without a value, deletes a key in `sent`, and notes that in `changes`. */
function put<T>(sent: Map<string, T>, changes: Map<string, T | null>, [key, value]: [string, T | undefined]): void {
  changes.set(key, value ?? null);
  if (value === undefined) sent.delete(key);
  else sent.set(key, value);
}
