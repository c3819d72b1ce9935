import type { Condition, PeerSummary, PoolSummary, Replica, ListedService } from '../generated/api.ts';
import type { Tone, View } from './view.ts';

const UNKNOWN = 'not known yet';

function conditionText(ready: Condition | null, good: string, { paint }: View): string {
  if (ready === null) return paint('warning', UNKNOWN);
  return ready.status === 'True' ? paint('good', good) : paint('bad', ready.reason);
}

/** What is said of it, in the language that was asked for; an older API has it in English alone. */
export function said({ text, message }: Pick<Condition, 'text' | 'message'>): string {
  return text || message;
}

/** One word for how a pool is: what was done to it on purpose, else what its condition says. */
export function poolState(pool: PoolSummary, view: View): string {
  if (pool.deleting) return view.paint('warning', 'deleting');
  if (pool.disabled) return view.paint('warning', 'disabled');
  return conditionText(pool.ready, 'ready', view);
}

export function peerState(peer: PeerSummary, view: View): string {
  if (peer.deleting) return view.paint('warning', 'deleting');
  if (peer.adminDown) return view.paint('warning', 'shut down');
  // An API of an earlier version doesn't say.
  if (peer.gracefulShutdown && peer.ready?.status === 'True') return view.paint('warning', 'shutting down gracefully');
  return conditionText(peer.ready, 'ready', view);
}

/** Whether all replicas that should have a session have one. */
export function sessionsText({ established, sessions, adminDown }: PeerSummary, { paint }: View): string {
  const text = `${established}/${sessions}`;
  if (adminDown) return text;
  if (established === 0) return paint('bad', text);
  return paint(established < sessions ? 'warning' : 'good', text);
}

export function serviceState(
  { served, notServedBecause, allocated, announced }: Omit<ListedService, 'takers'>,
  view: View,
): string {
  if (!served) return view.paint('quiet', notServedBecause?.reason ?? 'not served');
  if (allocated?.status !== 'True') return conditionText(allocated, '', view);
  return conditionText(announced, 'announced', view);
}

/** The name of a pool, with what `kubectl get storageclass` says of a default. */
export function poolName({ name, isDefault }: PoolSummary): string {
  return isDefault ? `${name} (default)` : name;
}

const TONES: Readonly<Record<string, Tone>> = {
  ...{ good: 'good', passed: 'good', reachable: 'good', alive: 'good', Established: 'good', gains: 'good' },
  ...{ degraded: 'warning', warning: 'warning', divided: 'warning', moves: 'warning', unknown: 'warning' },
  ...{ bad: 'bad', failed: 'bad', unreachable: 'bad', dead: 'bad', loses: 'bad', skipped: 'quiet' },
};

/** A word of the API, coloured by what it means; one that a later version has, not at all. */
export function word(text: string, { paint }: View): string {
  const tone = TONES[text];
  return tone === undefined ? text : paint(tone, text);
}

/** What is missing in an answer because replicas said nothing; empty if nothing is, or if an older API doesn't tell. */
export function silentReplicas(replicas: readonly Replica[] | undefined): string {
  const silent = (replicas ?? []).filter(({ answered }) => !answered);
  return silent
    .map(({ name, node, problem }) => {
      const why = problem === undefined ? '' : `: ${problem}`;
      return `What ${name}${node === null ? '' : ` on ${node}`} knows is missing, as it did not answer${why}\n`;
    })
    .join('');
}
