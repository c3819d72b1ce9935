import type { Facts } from './facts.ts';

/** Every label that a metric has, with what its values are and how many of them there can be: nothing is labelled by Service or address. */
export const LABELS = {
  condition: 'one of `Allocated`, `Announced`: conditions of Services',
  evidence: 'what a verdict rests on, one of `none`, `well`, `ailing`, `missed`, `silent`, `host-silent`, `host-seen`',
  family: '`ipv4` or `ipv6`',
  heard: 'who else has an address: a `stranger`, or the kernel of a `node` of the cluster',
  interface: 'name of a network interface of the host that addresses are announced on',
  node: 'name of a Node; at most one series per Node',
  node_version: 'version of Node.js',
  peer: 'name of a BgpPeer',
  pool: 'name of an Eip',
  protocol: '`arp` or `ndp`',
  queue:
    'what is worked on, one of seven: `services`, `announced`, `pools`, `peers`, `settings`, `sessions`, `conflicts`',
  reason: 'for Services and addresses a [reason](reasons.md); for frames and packets why one was dropped, a fixed set',
  replica: 'name of a Pod of porter-manager; of the present ones only',
  resource: 'plural of a kind that is read or written, about a dozen; empty where none is concerned',
  result: 'how something ended, a fixed set',
  state: 'state of an address on its link, one of `no-link`, `probing`, `announcing`, `conflict`',
  thread: '`main` (Kubernetes, addresses) or `engine` (the network)',
  verb: 'one of `list`, `watch`, `get`, `create`, `patch`, `delete`, `ping`',
  verdict: '`alive`, `dead` or `unknown`',
  version: 'version of PorterLB',
} as const;

export type LabelName = keyof typeof LABELS;

export interface Sample {
  readonly value: number;
  /** A value for each label of the metric. */
  readonly labels?: Readonly<Partial<Record<LabelName, string>>>;
}

interface Described {
  /** As Prometheus has them: words joined by `_`, a unit at the end, `_total` for counters. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
}

/** One whose samples are read from the facts on every scrape: what is not among them any more has no series any more. */
export interface SampledMetric extends Described {
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly LabelName[];
  readonly samples: (facts: Facts) => Iterable<Sample>;
}

/** One that is told of each event when it happens. */
export interface ObservedMetric extends Described {
  readonly type: 'histogram';
  readonly labels: readonly [];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly event: ObservedEvent;
}

export type ObservedEvent = 'allocated' | 'announced';
export type Metric = SampledMetric | ObservedMetric;

/** Metrics that belong together, as a chapter of the reference. */
export interface Chapter {
  readonly title: string;
  /** Who has these metrics, and what to make of them. */
  readonly about: string;
  readonly metrics: readonly Metric[];
}

/** A metric without labels. */
export function single(value: number): Sample[] {
  return [{ value }];
}

/** 1 or 0. */
export function truth(value: boolean): number {
  return value ? 1 : 0;
}
