import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { Facts } from './facts.ts';
import type { ObservedEvent, SampledMetric } from './metric.ts';
import { METRICS } from './table.ts';

export interface ExpositionDeps {
  /** All facts, as they are now. */
  readonly facts: () => Promise<Facts>;
}

/** What a scrape gets. */
export interface Page {
  readonly contentType: string;
  readonly text: string;
}

type Fill = (facts: Facts) => void;

/** The metrics of the table in the text format of Prometheus. Who asks while a page is being made gets the same one. */
export class Exposition {
  readonly #deps: ExpositionDeps;
  readonly #registry = new Registry();
  readonly #fills: Fill[] = [];
  readonly #observed = new Map<ObservedEvent, Histogram>();
  #underWay: Promise<Page> | undefined;

  constructor(deps: ExpositionDeps) {
    this.#deps = deps;
    const registers = [this.#registry];
    for (const metric of METRICS) {
      if (metric.type === 'histogram') {
        const { name, help, buckets, event } = metric;
        this.#observed.set(event, new Histogram({ name, help, buckets: [...buckets], registers }));
      } else this.#fills.push(metric.type === 'counter' ? counter(metric, registers) : gauge(metric, registers));
    }
  }

  /** Something took so long, in seconds. */
  observe(event: ObservedEvent, seconds: number): void {
    this.#observed.get(event)?.observe(seconds);
  }

  async page(): Promise<Page> {
    this.#underWay ??= this.#make().finally(() => (this.#underWay = undefined));
    return await this.#underWay;
  }

  async #make(): Promise<Page> {
    const facts = await this.#deps.facts();
    for (const fill of this.#fills) fill(facts);
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

/** Both begin anew with each page: what is no fact any more has no series any more. */
function counter({ name, help, labels, samples }: SampledMetric, registers: Registry[]): Fill {
  const metric = new Counter({ name, help, labelNames: [...labels], registers });
  return (facts) => {
    metric.reset();
    for (const sample of samples(facts)) metric.inc(sample.labels ?? {}, sample.value);
  };
}

function gauge({ name, help, labels, samples }: SampledMetric, registers: Registry[]): Fill {
  const metric = new Gauge({ name, help, labelNames: [...labels], registers });
  return (facts) => {
    metric.reset();
    // One without labels would be 0 where nothing is known.
    if (labels.length === 0) metric.remove();
    for (const sample of samples(facts)) metric.set(sample.labels ?? {}, sample.value);
  };
}
