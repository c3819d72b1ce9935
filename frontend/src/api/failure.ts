/** What a field of a request has wrong. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** What pages tell apart. `unsupported`: this version of PorterLB does not have that; `away`: nobody answered. */
export type FailureKind =
  'signedOut' | 'forbidden' | 'notFound' | 'unsupported' | 'conflict' | 'invalid' | 'busy' | 'away' | 'other';

/** Why a question or a change failed, as the API server of Kubernetes and PorterLB's own API tell it. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly reason: string;
  readonly causes: readonly Cause[];

  constructor(kind: FailureKind, message: string, { reason = '', causes = [] as readonly Cause[] } = {}) {
    super(message);
    this.kind = kind;
    this.reason = reason;
    this.causes = causes;
  }
}

interface StatusBody {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: { readonly causes?: readonly { readonly field?: unknown; readonly message?: unknown }[] };
}

const BY_STATUS = new Map<number, FailureKind>([
  [401, 'signedOut'],
  [403, 'forbidden'],
  [404, 'notFound'],
  [405, 'unsupported'],
  [409, 'conflict'],
  [400, 'invalid'],
  [422, 'invalid'],
  [429, 'busy'],
  [502, 'away'],
  [503, 'away'],
  [504, 'away'],
]);

/** Of an answer that is no success. */
export function failureOf(httpStatus: number, body: string): Failure {
  const { message, reason, details } = statusIn(body);
  const kind = kindOf(httpStatus, reason, message);
  const causes = (details?.causes ?? []).map((cause) => ({ field: text(cause.field), message: text(cause.message) }));
  return new Failure(kind, text(message) || said(body) || `HTTP ${httpStatus}`, {
    reason: text(reason),
    causes,
  });
}

/** What an answer says that is no Status: a page is what something between the browser and the console has for people. */
function said(body: string): string {
  return (/<title>([^<]*)/i.exec(body)?.[1] ?? body).slice(0, 500);
}

/** Whatever was thrown, as a failure. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('away', error instanceof Error ? error.message : String(error));
}

function kindOf(httpStatus: number, reason: unknown, message: unknown): FailureKind {
  const kind = BY_STATUS.get(httpStatus) ?? 'other';
  // A policy of the cluster says no to what is asked for, whoever asks: another role would not help.
  if (kind === 'forbidden' && /\bdenied (the )?request\b/.test(text(message))) return 'invalid';
  if (kind !== 'notFound') return kind;
  // An API that knows the path says which object it misses; one that has not got the path, or is not there at all, can't.
  if (reason === 'ObjectNotFound') return 'notFound';
  return reason === 'NotFound' && /"[^"]*" not found/.test(text(message)) ? 'notFound' : 'unsupported';
}

/** What ks-apiserver says of itself (a cluster or a backend that it can't reach) it wraps in one thing more. */
interface Wrapped extends StatusBody {
  readonly ErrStatus?: StatusBody | null;
}

function statusIn(body: string): StatusBody {
  try {
    const parsed = (JSON.parse(body) ?? {}) as Wrapped;
    return parsed.ErrStatus ?? parsed;
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
