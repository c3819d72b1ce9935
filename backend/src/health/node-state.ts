import type { NodeHealth } from '../announce/snapshot.ts';

/** Probes without an answer, in a row, after which a node counts as silent. */
export const MISSES = 3;
/** Answers in a row after which a node that was dead or unknown is alive. */
export const HITS = 2;
/** How long a node may refuse, or say that it is ill, in milliseconds: a rollout of kube-proxy takes less. */
export const AILING_MS = 15_000;
/** Between two refusals no more than this counts, in milliseconds: nobody knows what was while nobody asked. */
export const AILING_GAP_MS = 5_000;
/** How long a verdict stands that nobody can confirm, in milliseconds; then Kubernetes has the word. */
export const DOUBT_MS = 15_000;
/** A node that dies again within this time after it came back flaps, in milliseconds. */
export const QUIET_MS = 600_000;
/** How long a node that flaps must answer before it comes back, the first time; each time twice as long, in milliseconds. */
export const FIRST_DAMPING_MS = 4_000;
export const MAX_DAMPING_MS = 60_000;

/** What one probe found. */
export type ProbeResult =
  | { readonly kind: 'well'; readonly status: number }
  /** The host answers, its service proxy doesn't, or says that it is ill, or is none. `status` if it answered in HTTP. */
  | { readonly kind: 'ailing'; readonly status: number | undefined; readonly why: string }
  | { readonly kind: 'silent'; readonly why: string }
  /** It says nothing about the node: this side was at fault. */
  | { readonly kind: 'void'; readonly why: string };

/**
 * What is to be done about a node that is silent or ailing for too long: `dead`: no traffic through it; `hold`: nothing, the fault may
 * be here; `leave`: the probe isn't to be trusted, Kubernetes has the word.
 */
export type Ruling = 'dead' | 'hold' | 'leave';

/** The second witness: whether the host of a silent node gives another sign of life. */
export interface WitnessWord {
  /** When it was asked. */
  readonly asked: number;
  /** Somebody else had been heard at that time, after the node had fallen silent: the network worked. */
  readonly proven: boolean;
  readonly sawHost: boolean;
  /** The host has answered us, so that the network works; this host's own tables alone don't prove that. */
  readonly heardHost: boolean;
  /** What it found, in words. */
  readonly said?: string;
}

export type NodeEvent = { readonly at: number } & (
  | { readonly type: 'probe'; readonly result: ProbeResult }
  | { readonly type: 'witness'; readonly word: WitnessWord }
  | { readonly type: 'ruling'; readonly ruling: Ruling }
);

/** All that is remembered of a node. Times are those of `Clock.now`, in milliseconds. */
export interface NodeState {
  readonly health: NodeHealth;
  readonly since: number;
  /** A service proxy has answered since we know the node: only then does its absence mean anything. */
  readonly known: boolean;
  /** The last probe, unless it was void. */
  readonly last: { readonly at: number; readonly result: ProbeResult } | undefined;
  /** The last answer in HTTP. */
  readonly answered: { readonly at: number; readonly status: number } | undefined;
  /** Answers in a row, and when the first of them came. */
  readonly hits: number;
  readonly wellSince: number | undefined;
  /** Probes without an answer in a row. */
  readonly misses: number;
  /** When the first miss in a row was seen; stays when it is heard again. */
  readonly fellSilent: number | undefined;
  /** For how long it has been ailing, not counting gaps, and when that was seen last. */
  readonly ailing: { readonly forMs: number; readonly at: number } | undefined;
  /** When it was accused of being silent: what decides must have been asked afterwards. A ruling that leaves it as it is ends that. */
  readonly accusedAt: number | undefined;
  /** What the witness saw last, while it was silent. */
  readonly witness: WitnessWord | undefined;
  /** Since when nobody can confirm the verdict. */
  readonly doubtSince: number | undefined;
  /** When it last came back from the dead, and how often it has died again too soon. */
  readonly cameBack: number | undefined;
  readonly flaps: number;
}

export function newNode(at: number): NodeState {
  return {
    health: 'unknown',
    since: at,
    known: false,
    last: undefined,
    answered: undefined,
    hits: 0,
    wellSince: undefined,
    misses: 0,
    fellSilent: undefined,
    ailing: undefined,
    accusedAt: undefined,
    witness: undefined,
    doubtSince: undefined,
    cameBack: undefined,
    flaps: 0,
  };
}

/** How long a node with so many flaps must answer before it comes back. */
export function dampingMs(flaps: number): number {
  return flaps === 0 ? 0 : Math.min(MAX_DAMPING_MS, FIRST_DAMPING_MS * 2 ** (flaps - 1));
}

/** What a node is accused of, if anything: somebody has to rule on it then (crowd.ts). */
export function charge({ known, last, misses, ailing }: NodeState): 'silent' | 'ailing' | undefined {
  if (!known) return undefined;
  if (misses >= MISSES) return 'silent';
  return last?.result.kind === 'ailing' && (ailing?.forMs ?? 0) >= AILING_MS ? 'ailing' : undefined;
}

/** Whether its next probes decide: it is asked again soon, then. */
export function isUnsettled({ known, health, misses, hits }: NodeState): boolean {
  if (misses > 0) return known && health !== 'dead' && misses < MISSES;
  return health !== 'alive' && hits > 0 && hits < HITS;
}

export function step(state: NodeState, event: NodeEvent): NodeState {
  switch (event.type) {
    case 'probe':
      return probed(state, event.result, event.at);
    case 'witness':
      return { ...state, witness: event.word };
    case 'ruling':
      return ruled(state, event.ruling, event.at);
  }
}

function probed(state: NodeState, result: ProbeResult, at: number): NodeState {
  switch (result.kind) {
    case 'well':
      return comeBack(well(state, result, at), at);
    case 'ailing':
      return ailing(state, result, at);
    case 'silent':
      return silent(state, result, at);
    case 'void':
      return doubted(state, at);
  }
}

/** Of a host that has answered, however. */
const HEARD = {
  misses: 0,
  accusedAt: undefined,
  witness: undefined,
  doubtSince: undefined,
} as const;

function well(state: NodeState, result: ProbeResult & { readonly kind: 'well' }, at: number): NodeState {
  return {
    ...state,
    known: true,
    last: { at, result },
    answered: { at, status: result.status },
    hits: state.hits + 1,
    wellSince: state.wellSince ?? at,
    ailing: undefined,
    ...HEARD,
  };
}

/** A node that was dead comes back after answers in a row; one that flaps must go on answering for a while. */
function comeBack(state: NodeState, at: number): NodeState {
  const { health, hits, wellSince = at, flaps } = state;
  if (health === 'alive' || hits < HITS) return state;
  if (health === 'unknown') return { ...state, health: 'alive', since: at };
  if (at - wellSince < dampingMs(flaps)) return state;
  return { ...state, health: 'alive', since: at, cameBack: at };
}

function ailing(state: NodeState, result: ProbeResult & { readonly kind: 'ailing' }, at: number): NodeState {
  const { status } = result;
  const before = state.ailing ?? { forMs: 0, at };
  return {
    ...state,
    // kube-proxy says 503 of itself; whoever says anything else may be anybody.
    known: state.known || status === 503,
    last: { at, result },
    answered: status === undefined ? state.answered : { at, status },
    hits: 0,
    wellSince: undefined,
    ailing: { forMs: before.forMs + Math.min(AILING_GAP_MS, at - before.at), at },
    ...HEARD,
  };
}

function silent(state: NodeState, result: ProbeResult, at: number): NodeState {
  const misses = state.misses + 1;
  return {
    ...state,
    last: { at, result },
    hits: 0,
    wellSince: undefined,
    misses,
    fellSilent: state.misses === 0 ? at : state.fellSilent,
    accusedAt: misses < MISSES ? undefined : (state.accusedAt ?? at),
  };
}

/** Nobody can say that an alive node isn't; nobody has heard of it for some time either. */
function doubted(state: NodeState, at: number): NodeState {
  if (state.health !== 'alive') return state;
  const doubtSince = state.doubtSince ?? at;
  if (at - doubtSince < DOUBT_MS) return { ...state, doubtSince };
  return { ...state, health: 'unknown', since: at, doubtSince };
}

function ruled(state: NodeState, ruling: Ruling, at: number): NodeState {
  if (ruling === 'hold') return { ...doubted(state, at), accusedAt: undefined };
  if (ruling === 'leave') return left(state, at);
  if (state.health === 'dead') return state;
  const { cameBack } = state;
  const flaps = cameBack !== undefined && at - cameBack < QUIET_MS ? state.flaps + 1 : 0;
  // One that never came back in between is still in the same fall.
  const fell = state.health === 'alive' ? { flaps } : {};
  return { ...state, ...fell, health: 'dead', since: at, doubtSince: undefined };
}

function left(state: NodeState, at: number): NodeState {
  const since = state.health === 'unknown' ? state.since : at;
  return { ...state, health: 'unknown', since, accusedAt: undefined };
}
