import { z } from 'zod';
import type { HoldingService } from '../announce/snapshot.ts';
import { parseRange, type AddressRange } from '../domain/address.ts';
import { nodeAddress, type Node, type NodeAddress } from '../domain/node.ts';
import type { BgpSettings, GracefulRestart, Peer, PeerBfd } from '../domain/peer.ts';
import type { PeerOverride, Pool, PoolBgp, PoolRange } from '../domain/pool.ts';
import { formatRange } from '../domain/ranges.ts';
import type { Replica } from '../domain/replica.ts';
import type { LabelSelector } from '../domain/selector.ts';
import type { FamilyEndpoints, ServiceEndpoints } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';

/**
 * The engine's inputs as JSON, each kind's way out and its way back side by side. Addresses and ranges go as texts, since JSON has no
 * bigint, and what is undefined as null. Unknown and missing fields are refused: a file of another version must not be half understood.
 */

/** A field that is undefined as a rule, or often. */
function orUndefined<T extends z.ZodType>(schema: T) {
  return schema.nullable().transform((value): z.output<T> | undefined => value ?? undefined);
}

/** A text that `read` understands. */
function text<T>(what: string, read: (text: string) => T | undefined) {
  return z.string().transform((value, context): T => {
    const found = read(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: `"${value}" is no ${what}` });
    return z.NEVER;
  });
}

function readRange(value: string): AddressRange | undefined {
  const parsed = parseRange(value);
  return parsed.ok ? parsed.value : undefined;
}

const texts = z.array(z.string());
const labels = z.record(z.string(), z.string());
const family = z.enum(['ipv4', 'ipv6']);
const trafficPolicy = z.enum(['Cluster', 'Local']);
const address: z.ZodType<NodeAddress> = text('address', nodeAddress);
const range: z.ZodType<AddressRange> = text('range', readRange);

const selector: z.ZodType<LabelSelector> = z.strictObject({
  matchLabels: labels,
  matchExpressions: z.array(
    z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: texts }),
  ),
});

const sharing: z.ZodType<SharingTerms> = z.strictObject({
  key: orUndefined(z.string()),
  namespace: z.string(),
  ports: texts,
  trafficPolicy,
  selector: orUndefined(z.string()),
});

export const service: z.ZodType<HoldingService> = z.strictObject({
  key: z.string(),
  uid: z.string(),
  createdAt: z.number(),
  trafficPolicy,
  sharing,
  assignments: z.array(z.strictObject({ pool: z.string(), ip: z.string() })),
  announcedBefore: z.boolean(),
});

const familyEndpoints: z.ZodType<FamilyEndpoints> = z.strictObject({ ready: texts, serving: texts, any: z.boolean() });

export const endpoints: z.ZodType<ServiceEndpoints> = z.strictObject({ ipv4: familyEndpoints, ipv6: familyEndpoints });

export const node: z.ZodType<Node> = z.strictObject({
  name: z.string(),
  labels,
  internalIPs: z.array(address),
  externalIPs: z.array(address),
  pinned: z.array(address),
  ready: z.boolean(),
  networkUnavailable: z.boolean(),
  excluded: z.boolean(),
  drainSignals: z.array(
    z.strictObject({ kind: z.enum(['deleting', 'toBeDeleted', 'cordoned']), since: orUndefined(z.number()) }),
  ),
});

export function nodeToJson(value: Node): object {
  const asText = ({ text: written }: NodeAddress): string => written;
  return {
    ...value,
    internalIPs: value.internalIPs.map(asText),
    externalIPs: value.externalIPs.map(asText),
    pinned: value.pinned.map(asText),
  };
}

const poolRange: z.ZodType<PoolRange> = z
  .strictObject({ range, isPrefix: z.boolean() })
  .transform(({ range: all, isPrefix }) => ({ ...all, isPrefix }));

const peerOverride: z.ZodType<PeerOverride> = z.strictObject({
  peerSelector: selector,
  communities: orUndefined(texts),
  largeCommunities: orUndefined(texts),
  localPref: orUndefined(z.number()),
  med: orUndefined(z.number()),
});

const poolBgp: z.ZodType<PoolBgp> = z.strictObject({
  communities: texts,
  largeCommunities: texts,
  localPref: orUndefined(z.number()),
  med: z.number(),
  peerSelector: orUndefined(selector),
  overrides: z.array(peerOverride),
});

export const pool: z.ZodType<Pool> = z.strictObject({
  name: z.string(),
  uid: z.string(),
  createdAt: z.number(),
  protocol: z.enum(['bgp', 'layer2']),
  ranges: z.array(poolRange),
  heldRanges: z.array(range),
  heldNamespaces: texts,
  conflicts: z.array(
    z.strictObject({ ip: z.string(), mac: z.string(), node: orUndefined(z.string()), announced: z.boolean() }),
  ),
  interface: z.string(),
  disabled: z.boolean(),
  priority: z.number(),
  isDefault: z.boolean(),
  namespaces: texts,
  namespaceSelector: orUndefined(labels),
  serviceSelector: orUndefined(selector),
  nodeSelector: orUndefined(selector),
  avoidBuggyIPs: z.boolean(),
  reuseAfterSeconds: z.number(),
  bgp: poolBgp,
  deleting: z.boolean(),
});

export function poolToJson(value: Pool): object {
  const ranges = value.ranges.map((each) => ({ range: formatRange(each), isPrefix: each.isPrefix }));
  return { ...value, ranges, heldRanges: value.heldRanges.map(formatRange) };
}

const gracefulRestart: z.ZodType<GracefulRestart> = z.strictObject({
  enabled: z.boolean(),
  restartTimeSeconds: z.number(),
});

const bfd: z.ZodType<PeerBfd> = z.strictObject({
  transmitIntervalMs: z.number(),
  receiveIntervalMs: z.number(),
  detectMultiplier: z.number(),
  multihop: z.boolean(),
  minTtl: z.number(),
});

export const peer: z.ZodType<Peer> = z.strictObject({
  name: z.string(),
  uid: z.string(),
  createdAt: z.number(),
  labels,
  address: z.string(),
  port: z.number(),
  peerAs: z.number(),
  localAs: orUndefined(z.number()),
  holdTimeSeconds: z.number(),
  keepaliveSeconds: orUndefined(z.number()),
  connectRetrySeconds: z.number(),
  localAddress: orUndefined(z.string()),
  multihopTtl: orUndefined(z.number()),
  ttlSecurityHops: orUndefined(z.number()),
  passive: z.boolean(),
  gracefulShutdown: z.boolean(),
  nextHopSelf: z.boolean(),
  families: z.array(z.strictObject({ family, sendMax: z.number() })),
  gracefulRestart: orUndefined(gracefulRestart),
  bfd: orUndefined(bfd),
  nodeSelector: orUndefined(selector),
  hasPassword: z.boolean(),
  adminDown: z.boolean(),
  deleting: z.boolean(),
});

/** Of the peer that the key names. */
export const password = z.string();

export const settings: z.ZodType<BgpSettings> = z.strictObject({
  uid: z.string(),
  as: z.number(),
  asPerRack: z.record(z.string(), z.number()),
  routerId: orUndefined(z.string()),
  listenPort: z.number(),
  listenAddresses: texts,
  gracefulRestart,
});

export const replica: z.ZodType<Replica> = z.strictObject({
  name: z.string(),
  address: z.string(),
  node: orUndefined(z.string()),
});

export const header = z.strictObject({
  owner: z.string(),
  freshAt: z.number(),
  freshSinceBoot: z.strictObject({ boot: z.string(), ms: z.number() }).nullable(),
});

const kind = z.enum(['services', 'endpoints', 'nodes', 'pools', 'peers', 'passwords', 'settings', 'replicas']);

export const records = z.array(z.tuple([kind, z.string(), z.unknown()]));
