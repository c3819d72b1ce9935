import type { ApiTrouble } from './api-trouble.ts';

/** What chaos does to a lab. A fault with an end lasts until that; the others are done at once. */

/** About the replica on a node. */
export type OnReplica =
  /** The process is killed; at the end another one starts, as the next container of the same Pod. */
  | 'replica-killed'
  /** It ends in order. */
  | 'replica-stopped'
  /** It stands still (SIGSTOP). */
  | 'replica-suspended'
  /** It can't reach the API server. */
  | 'replica-without-api';

/** About the node itself. */
export type OnNode =
  | 'node-off'
  /** It meets no other node; routers and the API server still meet it. */
  | 'node-apart'
  /** It carries the label that takes it out of load balancers. */
  | 'node-excluded'
  | 'node-cordoned'
  /** The autoscaler's taint says that it is about to go; it is withdrawn when the grace time is over. */
  | 'node-drained'
  /** One in twenty of the packets to it is lost. */
  | 'packets-lost';

/** About what is between a router and the replica on a node. */
type OnSession =
  /** The router ends the session by a NOTIFICATION. */
  | 'session-reset'
  /** TCP connections are reset as soon as they say anything. */
  | 'tcp-reset';

/** An edit that the product must refuse or judge as unusable. */
export type InvalidEdit = 'pool' | 'settings' | 'peer';

export interface ServicePlan {
  readonly name: string;
  readonly policy: 'Cluster' | 'Local';
  /** Nodes with a ready endpoint. */
  readonly nodes: readonly string[];
}

export type Fault =
  | { readonly kind: OnReplica; readonly node: string }
  | { readonly kind: OnNode; readonly node: string }
  | { readonly kind: 'api-troubled'; readonly node: string; readonly trouble: ApiTrouble }
  /** Somebody sets the clock of the node's replica, and sets it back at the end. */
  | { readonly kind: 'clock-set'; readonly node: string; readonly byMs: number }
  | { readonly kind: OnSession; readonly router: string; readonly node: string }
  | { readonly kind: 'all-replicas-killed' }
  | { readonly kind: 'api-down' }
  | { readonly kind: 'pool-shrunk' }
  /** The CRD of the peers, and so the peers; at the end it is made anew, and so are they. */
  | { readonly kind: 'crd-deleted' }
  /** `router-away`: without its cables for longer than the hold time. */
  | { readonly kind: 'router-restarted' | 'router-crashed' | 'router-away'; readonly router: string }
  | { readonly kind: 'invalid-edit'; readonly of: InvalidEdit }
  | { readonly kind: 'service-created' | 'endpoints-moved'; readonly service: ServicePlan }
  | { readonly kind: 'service-deleted'; readonly name: string };

export type FaultKind = Fault['kind'];

/** A fault with its times, in milliseconds since its batch began. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly from: number;
  /** When it is healed; the same as `from` for one that is done at once. */
  readonly to: number;
}

/** Faults that overlap. All are healed at its end, those that nobody can heal are noticed, and then the lab comes to rest. */
export interface Batch {
  readonly number: number;
  readonly faults: readonly PlannedFault[];
}

const instant: ReadonlySet<FaultKind> = new Set([
  ...(['session-reset', 'router-restarted', 'router-crashed', 'all-replicas-killed'] as const),
  ...(['service-created', 'service-deleted', 'endpoints-moved'] as const),
]);

/** Done at once, with nothing to heal. */
export function isInstant({ kind }: Fault): boolean {
  return instant.has(kind);
}

/** The node that a fault hits, if it hits one: its replica, the node itself, or a session of its replica. */
export function nodeOf(fault: Fault): string | undefined {
  return 'node' in fault ? fault.node : undefined;
}

/** What tells a fault from all others, but for where and for how long it is: `clock-set back`. */
export function nameOf(fault: Fault): string {
  if (fault.kind === 'clock-set') return `${fault.kind} ${fault.byMs < 0 ? 'back' : 'ahead'}`;
  if (fault.kind === 'api-troubled') return `${fault.kind} ${fault.trouble}`;
  return fault.kind === 'invalid-edit' ? `${fault.kind} ${fault.of}` : fault.kind;
}

/** In a line: `node-off n3, 1.2 s to 7.0 s`. */
export function describeFault({ fault, from, to }: PlannedFault): string {
  const { kind, ...about } = fault;
  const words = Object.values(about).map((value) => (typeof value === 'object' ? describeService(value) : value));
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return `${[kind, ...words].join(' ')}, ${seconds(from)}${to === from ? '' : ` to ${seconds(to)}`}`;
}

function describeService({ name, policy, nodes }: ServicePlan): string {
  return `${name} (${policy}, endpoints on ${nodes.join(' ')})`;
}
