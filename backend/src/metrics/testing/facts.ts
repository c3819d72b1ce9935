import type { BfdMeasures, EngineMeasures, SessionMeasures } from '../../engine/measures.ts';
import { BFD_DROP_REASONS, type BfdDropReason } from '../../speakers/bgp/bfd/speaker.ts';
import { LAYER2_DROP_REASONS, type CounterSnapshot, type Layer2DropReason } from '../../speakers/layer2/speaker.ts';
import type { Facts } from '../facts.ts';

const noDrops = Object.fromEntries(BFD_DROP_REASONS.map((reason) => [reason, 0])) as Record<BfdDropReason, number>;
const use = { heapUsedBytes: 30e6, loopDelay: { mean: 0.001, p99: 0.02, max: 0.3 } };

export function aSession(changes: Partial<SessionMeasures> = {}): SessionMeasures {
  const counters = {
    messagesReceived: 10,
    messagesSent: 11,
    updatesReceived: 1,
    updatesSent: 2,
    prefixesReceived: 0,
    malformedUpdates: 0,
    refreshesReceived: 0,
    established: 3,
    lost: 2,
  };
  return { peer: 'r1', state: 'Established', prefixesSent: 5, bfd: undefined, ...counters, ...changes };
}

export function aBfdSession(changes: Partial<BfdMeasures> = {}): BfdMeasures {
  const counters = { packetsSent: 40, packetsReceived: 39, up: 2, failed: 1, forgiven: 3 };
  return { state: 'Up', detectionTimeMs: 900, ...counters, ...changes };
}

export function aLink(): CounterSnapshot {
  const dropped = Object.fromEntries(LAYER2_DROP_REASONS.map((reason) => [reason, 0]));
  return {
    received: 100,
    questions: { arp: 20, ndp: 10 },
    dropped: { ...(dropped as Record<Layer2DropReason, number>), foreign: 70 },
    sent: { answer: { arp: 19, ndp: 9 }, announcement: { arp: 6, ndp: 3 }, probe: { arp: 3, ndp: 1 } },
    lost: 1,
    conflicts: 4,
    rivals: 5,
  };
}

export function someEngineMeasures(changes: Partial<EngineMeasures> = {}): EngineMeasures {
  return {
    sessions: [aSession({ bfd: aBfdSession() }), aSession({ peer: 'r2', state: 'Active', prefixesSent: 0 })],
    bfdDropped: { ...noDrops, ttl: 7 },
    medOffset: 100,
    nodes: [
      { node: 'n1', health: 'alive', evidence: 'well', flaps: 0 },
      { node: 'n2', health: 'dead', evidence: 'host-silent', flaps: 2 },
    ],
    probes: { well: 50, ailing: 1, silent: 3, void: 2 },
    heldVerdicts: 0,
    replicas: [{ name: 'porter-1', answering: true, leaving: false, stale: false, announcing: true }],
    layer2: {
      links: new Map([['eth0', aLink()]]),
      addresses: { 'no-link': 0, probing: 1, announcing: 2, conflict: 0 },
    },
    thread: use,
    ...changes,
  };
}

/** Of a leader that has something of everything. */
export function someFacts(changes: Partial<Facts> = {}): Facts {
  return {
    version: '1.2.3',
    nodeVersion: 'v24.0.0',
    ready: true,
    leads: true,
    viewStale: false,
    viewAgeMs: 500,
    informers: [{ resource: 'services', objects: 7, synced: true, behindMs: 0 }],
    queues: [{ queue: 'services', ready: 1, keys: 2 }],
    apiCalls: [{ verb: 'patch', resource: 'services', result: 'conflict', count: 3 }],
    leader: {
      pools: [{ pool: 'a', family: 'ipv6', size: 2 ** 64, allocatable: 2 ** 64, used: 3, resting: 1, waiting: 0 }],
      waiting: 1,
      services: [{ condition: 'Allocated', reason: 'PoolFull', count: 1 }],
    },
    addresses: new Map([['Announced', 2]]),
    conflicts: [{ pool: 'a', heard: 'stranger', count: 1 }],
    thread: use,
    process: { cpuSeconds: 12.5, residentBytes: 60e6, openFiles: 30, maxFiles: 1024, startedAt: 1.7e9 },
    engine: someEngineMeasures(),
    ...changes,
  };
}
