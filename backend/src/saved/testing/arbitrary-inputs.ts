/** Any inputs that the engine can have: every field of every kind with every shape that its type allows. */
import fc from 'fast-check';
import type { HoldingService } from '../../announce/snapshot.ts';
import { formatAddress, type AddressRange } from '../../domain/address.ts';
import type { Node, NodeAddress } from '../../domain/node.ts';
import type { BgpSettings, Peer, PeerBfd } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Replica } from '../../domain/replica.ts';
import type { LabelSelector } from '../../domain/selector.ts';
import type { ServiceEndpoints } from '../../domain/service.ts';
import type { Saved } from '../codec.ts';

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

function orUndefined<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
/** As Kubernetes has them: they begin with a letter or digit. */
const name = fc.stringMatching(/^[a-z0-9][a-z0-9./-]{0,8}$/);
const texts = fc.array(text, { maxLength: 3 });
const integer = fc.nat();
const flag = fc.boolean();
const labels = fc.dictionary(name, text, { maxKeys: 3, noNullPrototype: true });
const family = fc.constantFrom('ipv4', 'ipv6');
const trafficPolicy = fc.constantFrom('Cluster', 'Local');

const bits = { ipv4: 32n, ipv6: 128n } as const;

const nodeAddress: fc.Arbitrary<NodeAddress> = family.chain((of) =>
  fc
    .bigInt(0n, (1n << bits[of]) - 1n)
    .map((value) => ({ family: of, value, text: formatAddress({ family: of, value }) })),
);

const range: fc.Arbitrary<AddressRange> = family.chain((of) => {
  const any = fc.bigInt(0n, (1n << bits[of]) - 1n);
  return fc.tuple(any, any).map(([a, b]) => ({ family: of, first: a < b ? a : b, last: a < b ? b : a }));
});

const selector = record<LabelSelector>({
  matchLabels: labels,
  matchExpressions: fc.array(
    record({ key: text, operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'), values: texts }),
    { maxLength: 2 },
  ),
});

const service = record<HoldingService>({
  key: text,
  uid: text,
  createdAt: integer,
  trafficPolicy,
  sharing: record({
    key: orUndefined(text),
    namespace: text,
    ports: texts,
    trafficPolicy,
    selector: orUndefined(text),
  }),
  assignments: fc.array(record({ pool: text, ip: text }), { maxLength: 3 }),
  announcedBefore: flag,
});

const familyEndpoints = record<ServiceEndpoints['ipv4']>({ ready: texts, serving: texts, any: flag });
const endpoints = record<ServiceEndpoints>({ ipv4: familyEndpoints, ipv6: familyEndpoints });

const node = record<Node>({
  name: text,
  labels,
  internalIPs: fc.array(nodeAddress, { maxLength: 3 }),
  externalIPs: fc.array(nodeAddress, { maxLength: 2 }),
  pinned: fc.array(nodeAddress, { maxLength: 2 }),
  ready: flag,
  networkUnavailable: flag,
  excluded: flag,
  drainSignals: fc.array(
    record({ kind: fc.constantFrom('deleting', 'toBeDeleted', 'cordoned'), since: orUndefined(integer) }),
    { maxLength: 3 },
  ),
});

const pool = record<Pool>({
  name: text,
  uid: text,
  createdAt: integer,
  protocol: fc.constantFrom('bgp', 'layer2'),
  ranges: fc.array(
    fc.tuple(range, flag).map(([all, isPrefix]) => ({ ...all, isPrefix })),
    { maxLength: 3 },
  ),
  heldRanges: fc.array(range, { maxLength: 3 }),
  heldNamespaces: texts,
  conflicts: fc.array(record({ ip: text, mac: text, node: orUndefined(text), announced: flag }), { maxLength: 2 }),
  interface: text,
  disabled: flag,
  priority: fc.integer(),
  isDefault: flag,
  namespaces: texts,
  namespaceSelector: orUndefined(labels),
  serviceSelector: orUndefined(selector),
  nodeSelector: orUndefined(selector),
  avoidBuggyIPs: flag,
  reuseAfterSeconds: integer,
  bgp: record({
    communities: texts,
    largeCommunities: texts,
    localPref: orUndefined(integer),
    med: integer,
    peerSelector: orUndefined(selector),
    overrides: fc.array(
      record({
        peerSelector: selector,
        communities: orUndefined(texts),
        largeCommunities: orUndefined(texts),
        localPref: orUndefined(integer),
        med: orUndefined(integer),
      }),
      { maxLength: 2 },
    ),
  }),
  deleting: flag,
});

const gracefulRestart = record({ enabled: flag, restartTimeSeconds: integer });

const bfd = record<PeerBfd>({
  transmitIntervalMs: integer,
  receiveIntervalMs: integer,
  detectMultiplier: integer,
  multihop: flag,
  minTtl: integer,
});

const peer = record<Peer>({
  name: text,
  uid: text,
  createdAt: integer,
  labels,
  address: text,
  port: integer,
  peerAs: integer,
  localAs: orUndefined(integer),
  holdTimeSeconds: integer,
  keepaliveSeconds: orUndefined(integer),
  connectRetrySeconds: integer,
  localAddress: orUndefined(text),
  multihopTtl: orUndefined(integer),
  ttlSecurityHops: orUndefined(integer),
  families: fc.array(record({ family, sendMax: integer }), { maxLength: 2 }),
  gracefulRestart: orUndefined(gracefulRestart),
  bfd: orUndefined(bfd),
  nodeSelector: orUndefined(selector),
  hasPassword: flag,
  passive: flag,
  gracefulShutdown: flag,
  nextHopSelf: flag,
  adminDown: flag,
  deleting: flag,
});

const settings = record<BgpSettings>({
  uid: text,
  as: integer,
  asPerRack: fc.dictionary(name, integer, { maxKeys: 2, noNullPrototype: true }),
  routerId: orUndefined(text),
  listenPort: integer,
  listenAddresses: texts,
  gracefulRestart,
});

const replica = record<Replica>({ name: text, address: text, node: orUndefined(text) });

function keyed<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Map<string, T>> {
  return fc.array(fc.tuple(text, value), { maxLength: 4 }).map((list) => new Map(list));
}

export const anyInputs = record<Saved['inputs']>({
  services: keyed(service),
  endpoints: keyed(endpoints),
  nodes: keyed(node),
  pools: keyed(pool),
  peers: keyed(peer),
  passwords: keyed(text),
  settings: fc.option(settings),
  replicas: fc.array(replica, { maxLength: 3 }),
});
