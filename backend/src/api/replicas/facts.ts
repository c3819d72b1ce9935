import { z } from 'zod';
import type { AddressFacts, EngineFacts, SessionFacts } from '../../engine/facts.ts';
import type { Finding, Reason } from '../../domain/reason.ts';
import type { NodeVerdict } from '../../health/node-verdict.ts';
import type { ArpSetting } from '../arp-settings.ts';

/** A node that answers for addresses of a pool on a link, with one of them. */
export interface LinkOwner {
  readonly pool: string;
  readonly node: string;
  readonly ip: string;
}

/** What only this replica knows. */
export interface ReplicaReport extends EngineFacts {
  readonly replica: string;
  readonly node: string;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly leads: boolean;
  /** How kube-proxy of its node does its work (`iptables`, `ipvs`, `nftables`); undefined: it doesn't say. */
  readonly kubeProxyMode: string | undefined;
  /** How its node's kernel answers ARP, where kube-proxy is in IPVS mode; undefined: it isn't, or that is not known. */
  readonly arp: readonly ArpSetting[] | undefined;
  /** OpenELB's workloads that run in the cluster, in words. */
  readonly beside: readonly string[];
  /** Who answers on links, as this replica's engine says. */
  readonly owners: readonly LinkOwner[];
}

/** JSON leaves out what is undefined. */
const maybe = <T extends z.ZodType>(schema: T): z.ZodPipe<z.ZodOptional<T>, z.ZodTransform<z.output<T> | undefined>> =>
  schema.optional().transform((value) => value as z.output<T> | undefined);

/** A replica of a later version may have words that this one has not, and is no less heard for that. */
const finding: z.ZodType<Finding> = z.object({
  reason: z.string() as unknown as z.ZodType<Reason>,
  params: z.record(z.string(), z.string()),
});

const counters = z.object({
  messagesReceived: z.number(),
  messagesSent: z.number(),
  updatesReceived: z.number(),
  updatesSent: z.number(),
  prefixesReceived: z.number(),
  malformedUpdates: z.number(),
  refreshesReceived: z.number(),
  established: z.number(),
  lost: z.number(),
});

const bfd = z.object({
  state: z.string(),
  since: z.string(),
  diagnostic: maybe(z.string()),
  remoteDiagnostic: maybe(z.string()),
  transmitIntervalMs: z.number(),
  detectionTimeMs: maybe(z.number()),
  problem: maybe(z.string()),
});

const restart = z.object({
  restartTimeSeconds: z.number(),
  routerRestartTimeSeconds: z.number(),
  notification: z.boolean(),
});

const session: z.ZodType<SessionFacts> = z.object({
  peer: z.string(),
  state: z.string(),
  since: z.string(),
  lastError: maybe(z.string()),
  localAddress: maybe(z.string()),
  remoteRouterId: maybe(z.string()),
  holdTimeSeconds: maybe(z.number()),
  keepaliveSeconds: maybe(z.number()),
  families: z.array(z.object({ family: z.string(), addPath: z.boolean() })),
  gracefulRestart: z.boolean(),
  // Those of an earlier version say nothing of what follows.
  restart: maybe(restart),
  enhancedRouteRefresh: z.boolean().catch(false),
  extendedMessages: z.boolean().catch(false),
  extendedNextHop: z.boolean().catch(false),
  capabilities: z.array(z.string()).max(64).catch([]),
  bfd: maybe(bfd),
  fourOctetAs: z.boolean(),
  routeRefresh: z.boolean(),
  prefixesSent: z.number(),
  counters,
});

const node: z.ZodType<NodeVerdict> = z.object({
  node: z.string(),
  address: z.string(),
  health: z.enum(['alive', 'dead', 'unknown']).catch('unknown'),
  since: z.string(),
  found: z.string(),
  answered: maybe(z.string()),
  status: maybe(z.number()),
  misses: z.number(),
  ailingMs: z.number(),
  witness: maybe(z.enum(['host', 'nothing'])).catch(undefined),
  witnessSaid: maybe(z.string()),
  flaps: z.number(),
});

/** Looked at in place: made anew name by name, those of a hundred nodes were most of what V8 had to collect of an answer. */
export const names = z.custom<readonly string[]>(
  (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
);

/** What is said of one address. */
export const addressFacts: z.ZodType<AddressFacts> = z.object({
  ip: z.string(),
  services: names,
  younger: names,
  idle: names.catch([]),
  finding,
  nodes: names,
  draining: names,
  leftOut: z.array(finding),
  routes: z.array(z.object({ peer: z.string(), med: z.number(), nextHops: names })),
});

/** What another replica says; one of a later version may say more. */
export const replicaReport: z.ZodType<ReplicaReport> = z.object({
  replica: z.string(),
  node: z.string(),
  version: z.string(),
  startedAt: z.string(),
  leads: z.boolean(),
  kubeProxyMode: maybe(z.string()),
  arp: maybe(z.array(z.object({ interface: z.string(), ignore: z.number(), announce: z.number() }))),
  stale: z.boolean(),
  medOffset: maybe(z.number()),
  // Not from an earlier version.
  rank: maybe(z.number()),
  sessions: z.array(session),
  nodes: z.array(node),
  drains: z.array(z.tuple([z.string(), z.enum(['draining', 'drained'])])).catch([]),
  links: z
    .array(
      z.object({ name: z.string(), mac: z.string(), prefixes: names, isLeftAlone: z.literal(true).exactOptional() }),
    )
    .catch([]),
  portProblems: z.array(z.object({ port: z.number(), problem: z.string() })).catch([]),
  beside: names.catch([]),
  owners: z.array(z.object({ pool: z.string(), node: z.string(), ip: z.string() })).catch([]),
  addresses: z.array(addressFacts),
});
