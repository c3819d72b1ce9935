import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { backoffMs } from '../backoff.ts';
import { ApiError, errorFields, isConflict, isNotFound, retryAfterMsOf } from '../errors.ts';
import type { Kube } from '../kube.ts';
import { events } from '../kinds.ts';
import type { Event } from '../kinds.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import { apiVersionOf, microTime, refOf } from '../objects.ts';
import { Burst } from './burst.ts';
import { Turns } from './turns.ts';

export interface EventRecorderDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface EventRecorderOptions {
  /** `network.kubesphere.io/porter-manager` or the like. */
  readonly reportingController: string;
  /** Name of this replica. */
  readonly reportingInstance: string;
  /** Events per second in the long run, and at once after a quiet time. */
  readonly ratePerSecond?: number;
  readonly burst?: number;
}

export interface Occurrence {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, machine-readable. */
  readonly reason: string;
  /** UpperCamelCase: what was done or tried. */
  readonly action: string;
  /** For people; at most 1 kB (the rest is cut off). */
  readonly note: string;
}

interface Reported {
  readonly key: string;
  readonly event: Event;
  /** The object in the cluster; undefined until it was created. */
  created: Event | undefined;
  count: number;
  lastAt: number;
  lastTime: string;
  queued: boolean;
}

/** An Event that comes again within this time is counted in its series instead of made anew (client-go: 6 minutes). */
const seriesMs = 360_000;
/** Bound of memory: what comes on top of that many Events in 6 minutes is counted and dropped. */
const maxRecords = 4_096;
/**
 * Once half of that is in use, no namespace gets beyond this: what one tenant's Services can be made to say, by editing what they ask for,
 * shall not silence those of others.
 */
const maxRecordsOfNamespace = 256;
const pruneEveryMs = 10_000;
/** A burst begins with more Events in a second than may be written in one, and lasts until they are this share of that. */
const fewShare = 0.25;
/** In a burst: one a second. */
const ratePerMsInBurst = 0.001;
const maxNoteBytes = 1_024;
const retry = { baseMs: 500, maxMs: 30_000 };
const maxAttempts = 5;

/**
 * Writes Events (events.k8s.io/v1). `record` returns at once and never throws; repetitions become one Event with a count; the
 * rate is bounded and lowest in a burst, because a thousand Services at once must have the API server's time for themselves. Events are
 * a courtesy: what can't be written in some attempts is dropped with a line in the log.
 */
export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #options: EventRecorderOptions;
  readonly #ratePerMs: number;
  readonly #allowance: number;
  readonly #burst: Burst;
  readonly #records = new Map<string, Reported>();
  /** By namespace. */
  readonly #recorded = new Map<string, number>();
  /** Each namespace has its turn. */
  readonly #queue = new Turns<Reported>();
  #tokens: number;
  #tokensAt: number;
  #sequence = 0;
  #prunedAt = 0;
  #dropped = 0;
  #draining = false;
  #stopped = false;
  #timer: Timer | undefined;

  constructor(deps: EventRecorderDeps, options: EventRecorderOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#ratePerMs = (options.ratePerSecond ?? 10) / 1000;
    this.#allowance = options.burst ?? 50;
    const perSecond = this.#ratePerMs * 1_000;
    this.#burst = new Burst(deps, { perSecond, few: perSecond * fewShare });
    this.#tokens = this.#allowance;
    this.#tokensAt = deps.clock.now();
  }

  /** Events that were dropped because there were too many at once or the API server did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  record<T extends KubeObject>(kind: ResourceKind<T>, object: T, occurrence: Occurrence): void {
    if (this.#stopped) return;
    const { type, reason, note } = occurrence;
    const key = [kind.plural, object.metadata?.uid ?? '', type, reason, note].join('\n');
    const known = this.#records.get(key);
    if (known !== undefined && this.#deps.clock.now() - known.lastAt < seriesMs) this.#repeat(known);
    else this.#begin(key, this.#eventOf(kind, object, occurrence));
    void this.#drain();
  }

  /** Drops what waits. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#queue.clear();
    this.#records.clear();
    this.#recorded.clear();
  }

  #begin(key: string, event: Event): void {
    this.#prune();
    const ended = this.#records.get(key);
    if (ended !== undefined) this.#forget(ended);
    const namespace = namespaceOf(event);
    if (this.#isFullFor(namespace)) {
      this.#dropped += 1;
      return;
    }
    const now = this.#deps.clock.now();
    const record: Reported = {
      key,
      event,
      created: undefined,
      count: 1,
      lastAt: now,
      lastTime: event.eventTime,
      queued: true,
    };
    this.#records.set(key, record);
    this.#recorded.set(namespace, (this.#recorded.get(namespace) ?? 0) + 1);
    this.#queue.push(namespace, record);
    this.#burst.note();
  }

  #isFullFor(namespace: string): boolean {
    const { size } = this.#records;
    const isScarce = size >= maxRecords / 2;
    return size >= maxRecords || (isScarce && (this.#recorded.get(namespace) ?? 0) >= maxRecordsOfNamespace);
  }

  #forget(record: Reported): void {
    // A later one of the same key may have taken its place.
    if (this.#records.get(record.key) !== record) return;
    const namespace = namespaceOf(record.event);
    const left = (this.#recorded.get(namespace) ?? 0) - 1;
    if (left > 0) this.#recorded.set(namespace, left);
    else this.#recorded.delete(namespace);
    this.#records.delete(record.key);
  }

  #repeat(record: Reported): void {
    record.count += 1;
    record.lastAt = this.#deps.clock.now();
    record.lastTime = microTime(this.#deps.clock.wallTime());
    if (record.queued) return;
    record.queued = true;
    this.#queue.push(namespaceOf(record.event), record);
  }

  /** Those whose series is over make room. */
  #prune(): void {
    const now = this.#deps.clock.now();
    if (now - this.#prunedAt < pruneEveryMs) return;
    this.#prunedAt = now;
    const before = now - seriesMs;
    for (const record of this.#records.values()) {
      if (!record.queued && record.lastAt <= before) this.#forget(record);
    }
  }

  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    while (!this.#queue.isEmpty && !this.#stopped) {
      const waitMs = this.#takeToken();
      if (waitMs > 0) await this.#sleep(waitMs);
      else await this.#writeNext();
    }
    this.#draining = false;
  }

  async #writeNext(): Promise<void> {
    const record = this.#queue.shift();
    if (record === undefined) return;
    record.queued = false;
    for (let attempt = 1; attempt <= maxAttempts && !this.#stopped; attempt += 1) {
      try {
        await this.#write(record);
        return;
      } catch (error) {
        const hopeless = error instanceof ApiError && error.status < 500 && error.status !== 429;
        if (hopeless || attempt === maxAttempts) {
          this.#dropped += 1;
          this.#forget(record);
          this.#deps.logger.warn({ reason: record.event.reason, ...errorFields(error) }, 'an Event was not written');
          return;
        }
        await this.#sleep(Math.max(backoffMs(attempt, retry, this.#deps.random), retryAfterMsOf(error)));
      }
    }
  }

  async #write(record: Reported): Promise<void> {
    const { api } = this.#deps;
    const series = { count: record.count, lastObservedTime: record.lastTime };
    if (record.created !== undefined) {
      try {
        await api.patch(events, refOf(record.created), { type: 'merge', body: { series } as Partial<Event> });
        return;
      } catch (error) {
        // The API server forgets Events after an hour by default.
        if (!isNotFound(error)) throw error;
      }
    }
    const event = record.count === 1 ? record.event : { ...record.event, series };
    try {
      record.created = await api.create(events, event);
    } catch (error) {
      // An earlier attempt whose answer got lost: the name is ours alone.
      if (!isConflict(error)) throw error;
      record.created = event;
    }
  }

  #eventOf<T extends KubeObject>(kind: ResourceKind<T>, object: T, { type, reason, action, note }: Occurrence): Event {
    const { name, namespace } = refOf(object);
    const eventTime = microTime(this.#deps.clock.wallTime());
    this.#sequence += 1;
    const suffix = `${this.#deps.clock.wallTime().getTime().toString(16)}${this.#sequence.toString(16)}`;
    const { uid, resourceVersion } = object.metadata ?? {};
    return {
      // Events of cluster-scoped objects live in `default`, as the API server demands.
      metadata: { name: `${name.slice(0, 200)}.${suffix}`, namespace: namespace ?? 'default' },
      eventTime,
      type,
      reason,
      action,
      note: truncated(note),
      reportingController: this.#options.reportingController,
      reportingInstance: this.#options.reportingInstance.slice(0, 128),
      regarding: {
        apiVersion: apiVersionOf(kind),
        kind: kind.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    };
  }

  /** Takes one token, or says in how many milliseconds there will be one. */
  #takeToken(): number {
    const now = this.#deps.clock.now();
    const rate = this.#burst.isOn ? Math.min(ratePerMsInBurst, this.#ratePerMs) : this.#ratePerMs;
    this.#tokens = Math.min(this.#allowance, this.#tokens + (now - this.#tokensAt) * rate);
    this.#tokensAt = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / rate);
    this.#tokens -= 1;
    return 0;
  }

  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#timer = this.#deps.clock.setTimer(ms, resolve);
    });
  }
}

function namespaceOf({ metadata }: Event): string {
  return metadata?.namespace ?? '';
}

function truncated(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= maxNoteBytes) return note;
  // Cutting within a character leaves replacement characters; they are cut off too.
  return bytes
    .subarray(0, maxNoteBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
}
