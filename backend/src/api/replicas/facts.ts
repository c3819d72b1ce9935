import { z } from 'zod';
import type { AddressFacts, EngineFacts, SessionFacts } from '../../engine/facts.ts';
import { REASONS, type Finding } from '../../domain/reason.ts';
import type { NodeVerdict } from '../../health/node-verdict.ts';

/** What only this replica knows. */
export interface ReplicaFacts extends EngineFacts {
  readonly replica: string;
  readonly node: string;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly leads: boolean;
}

/** JSON leaves out what is undefined. */
const maybe = <T extends z.ZodType>(schema: T): z.ZodPipe<z.ZodOptional<T>, z.ZodTransform<z.output<T> | undefined>> =>
  schema.optional().transform((value) => value as z.output<T> | undefined);

const finding: z.ZodType<Finding> = z.object({
  reason: z.enum(REASONS as unknown as [(typeof REASONS)[number]]),
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
  fourOctetAs: z.boolean(),
  routeRefresh: z.boolean(),
  prefixesSent: z.number(),
  counters,
});

const node: z.ZodType<NodeVerdict> = z.object({
  node: z.string(),
  address: z.string(),
  health: z.enum(['alive', 'dead', 'unknown']),
  since: z.string(),
  found: z.string(),
  answered: maybe(z.string()),
  status: maybe(z.number()),
  misses: z.number(),
  ailingMs: z.number(),
  witness: maybe(z.enum(['host', 'nothing'])),
  witnessSaid: maybe(z.string()),
  flaps: z.number(),
});

const names = z.array(z.string());

const address: z.ZodType<AddressFacts> = z.object({
  ip: z.string(),
  services: names,
  younger: names,
  finding,
  nodes: names,
  draining: names,
  leftOut: z.array(finding),
  routes: z.array(z.object({ peer: z.string(), med: z.number(), nextHops: names })),
});

/** What another replica says; one of a later version may say more. */
export const replicaFacts: z.ZodType<ReplicaFacts> = z.object({
  replica: z.string(),
  node: z.string(),
  version: z.string(),
  startedAt: z.string(),
  leads: z.boolean(),
  stale: z.boolean(),
  medOffset: maybe(z.number()),
  sessions: z.array(session),
  nodes: z.array(node),
  addresses: z.array(address),
});
