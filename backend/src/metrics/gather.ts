import type { ApiCalls } from '../cluster/counting-kube.ts';
import type { ClusterView } from '../cluster/watch/cluster-view.ts';
import type { ServiceReasons } from '../cluster/watch/service-reasons.ts';
import type { QueueLoad } from '../cluster/write/queue.ts';
import type { Leader } from '../cluster/write/leader.ts';
import type { ConflictReport } from '../engine/messages.ts';
import type { Usage } from '../platform/ports.ts';
import type { ConflictFacts, InformerFacts, LeaderFacts, ManagerFacts } from './facts.ts';

/** The parts of the main thread that know something. */
export interface Parts {
  readonly version: string;
  readonly nodeVersion: string;
  /** `Clock.now()`. */
  readonly now: number;
  readonly ready: boolean;
  readonly leads: boolean;
  readonly freshness: { readonly stale: boolean; readonly ageMs: number };
  readonly view: Pick<ClusterView, 'sources'> & { readonly serviceReasons: Pick<ServiceReasons, 'counts'> };
  /** This replica's own, without the leader's. */
  readonly loads: readonly QueueLoad[];
  readonly apiCalls: readonly ApiCalls[];
  readonly leader: Pick<Leader, 'use' | 'loads'> | undefined;
  /** How many addresses the engine says this of, by reason. */
  readonly addressReasons: ReadonlyMap<string, number>;
  readonly conflicts: readonly ConflictReport[];
  readonly usage: Pick<Usage, 'thread' | 'process'>;
}

/** Looks at all of them once. */
export function gather(parts: Parts): ManagerFacts {
  const { version, nodeVersion, ready, leads, freshness, leader, apiCalls, usage } = parts;
  return {
    ...{ version, nodeVersion, ready, leads, apiCalls },
    viewStale: freshness.stale,
    viewAgeMs: freshness.ageMs,
    informers: informers(parts),
    queues: [...parts.loads, ...(leader?.loads ?? [])],
    leader: leader === undefined ? undefined : leaderFacts(leader, parts.view),
    addresses: parts.addressReasons,
    conflicts: conflicts(parts.conflicts),
    thread: usage.thread(),
    process: usage.process(),
  };
}

function informers({ view, now }: Parts): InformerFacts[] {
  return view.sources.map(({ plural, size, state }) => {
    const synced = state.name === 'synced';
    return { resource: plural, objects: size, synced, behindMs: synced ? 0 : Math.max(0, now - state.since) };
  });
}

function leaderFacts({ use }: Pick<Leader, 'use'>, { serviceReasons }: Parts['view']): LeaderFacts {
  const services = (['Allocated', 'Announced'] as const).flatMap((condition) =>
    [...serviceReasons.counts[condition]].map(([reason, count]) => ({ condition, reason, count })),
  );
  return { ...use, services };
}

function conflicts(reports: readonly ConflictReport[]): ConflictFacts[] {
  return (['stranger', 'node'] as const).flatMap((heard) => {
    const theirs = reports.filter(({ node }) => (node === undefined ? 'stranger' : 'node') === heard);
    return [...tally(theirs.map(({ pool }) => pool))].map(([pool, count]) => ({ pool, heard, count }));
  });
}

function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
