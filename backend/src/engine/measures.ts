import type { NodeFacts, NodeProber } from '../health/nodes.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { ReplicaFacts } from '../health/tracked-replica.ts';
import type { ThreadUse, Usage } from '../platform/ports.ts';
import type { BfdCounters, BfdDropReason, BfdSpeaker } from '../speakers/bgp/bfd/speaker.ts';
import type { BgpSpeaker, SessionCounters, SessionStatus } from '../speakers/bgp/speaker.ts';
import {
  ADDRESS_STATES,
  type AddressState,
  type CounterSnapshot,
  type Layer2Speaker,
} from '../speakers/layer2/speaker.ts';

/** A BGP session, for metrics. */
export interface SessionMeasures extends SessionCounters {
  readonly peer: string;
  readonly state: string;
  readonly prefixesSent: number;
  /** Undefined: the peer has none. */
  readonly bfd: BfdMeasures | undefined;
}

/** A BFD session, for metrics. */
export interface BfdMeasures extends BfdCounters {
  readonly state: string;
  /** Undefined: the router is silent. */
  readonly detectionTimeMs: number | undefined;
}

/** What the engine knows of itself and of the network, at one moment: what metrics show of it. */
export interface EngineMeasures {
  readonly sessions: readonly SessionMeasures[];
  /** BFD packets that came and were not taken, by reason. */
  readonly bfdDropped: Readonly<Record<BfdDropReason, number>>;
  /** The least that this replica adds to the MED of its routes, of all its peers; undefined before it has begun. */
  readonly medOffset: number | undefined;
  readonly nodes: readonly NodeFacts[];
  readonly probes: ReturnType<NodeProber['probes']>;
  /** Nodes whose verdict stands only because the fault may be here. */
  readonly heldVerdicts: number;
  /** The others. */
  readonly replicas: readonly ReplicaFacts[];
  /** Undefined where Layer 2 is off. */
  readonly layer2: Layer2Measures | undefined;
  readonly thread: ThreadUse;
}

export interface Layer2Measures {
  /** By name of the link. */
  readonly links: ReadonlyMap<string, CounterSnapshot>;
  /** How many addresses this replica speaks for, or is about to, by state. */
  readonly addresses: Readonly<Record<AddressState, number>>;
}

export interface MeasuresDeps {
  readonly engine: Pick<EngineMeasures, 'medOffset'>;
  readonly speaker: Pick<BgpSpeaker, 'sessions'>;
  readonly bfd: Pick<BfdSpeaker, 'dropped'>;
  readonly nodes: Pick<NodeProber, 'facts' | 'probes' | 'heldVerdicts'>;
  readonly replicas: Pick<ReplicaProber, 'members'>;
  readonly layer2: Pick<Layer2Speaker, 'counters' | 'states'> | undefined;
  readonly usage: Pick<Usage, 'thread'>;
}

export function engineMeasures({ engine, speaker, bfd, nodes, replicas, layer2, usage }: MeasuresDeps): EngineMeasures {
  return {
    sessions: speaker.sessions().map((status) => {
      const { key, state, prefixesSent, counters } = status;
      return { peer: key, state, prefixesSent, bfd: bfdMeasures(status), ...counters };
    }),
    bfdDropped: bfd.dropped(),
    medOffset: engine.medOffset,
    nodes: nodes.facts(),
    probes: nodes.probes(),
    heldVerdicts: nodes.heldVerdicts,
    replicas: replicas.members(),
    layer2: layer2 === undefined ? undefined : layer2Measures(layer2),
    thread: usage.thread(),
  };
}

function bfdMeasures({ bfd }: SessionStatus): BfdMeasures | undefined {
  if (bfd === undefined) return undefined;
  const { state, detectionTimeMs, counters } = bfd;
  return { state, detectionTimeMs, ...counters };
}

function layer2Measures(speaker: Pick<Layer2Speaker, 'counters' | 'states'>): Layer2Measures {
  const addresses = Object.fromEntries(ADDRESS_STATES.map((state) => [state, 0])) as Record<AddressState, number>;
  for (const { state } of speaker.states()) addresses[state] += 1;
  return { links: speaker.counters(), addresses };
}
