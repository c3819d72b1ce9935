import type { KubeObject } from './objects.ts';

/** The part of a `meta/v1` Status that we use. */
export interface StatusObject extends KubeObject {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly retryAfterSeconds?: number };
}

export interface ApiErrorFields {
  /** HTTP status, or the `code` of a Status object inside a watch. */
  readonly status: number;
  /** Machine-readable reason of the Status object (`Conflict`, `Expired`, ...); empty if the answer was none. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds to wait before another attempt, where the server named a time. */
  readonly retryAfterMs?: number | undefined;
}

/** The API server answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(fields: ApiErrorFields) {
    super(fields.message);
    this.status = fields.status;
    this.reason = fields.reason;
    this.retryAfterMs = fields.retryAfterMs;
  }

  /** Reads a Status object; `httpStatus` and `retryAfterMs` fill in what it leaves out. */
  static fromStatus(status: StatusObject, httpStatus = 500, retryAfterMs?: number): ApiError {
    const seconds = status.details?.retryAfterSeconds;
    return new ApiError({
      status: status.code ?? httpStatus,
      reason: status.reason ?? '',
      message: status.message ?? `HTTP ${httpStatus}`,
      retryAfterMs: seconds === undefined ? retryAfterMs : seconds * 1000,
    });
  }
}

export type NetworkErrorKind = 'connection' | 'timeout' | 'aborted' | 'protocol';

/** No usable answer came: whether a write was carried out is unknown. */
export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  readonly kind: NetworkErrorKind;

  constructor(kind: NetworkErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

export type KubeError = ApiError | NetworkError;

function hasStatus(error: unknown, status: number): boolean {
  return error instanceof ApiError && error.status === status;
}

/** Somebody else wrote first (stale `resourceVersion`), or the object to be created exists. Read again, then decide anew. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409);

export const isNotFound = (error: unknown): boolean => hasStatus(error, 404);

export const isForbidden = (error: unknown): boolean => hasStatus(error, 403);

/** The requested resourceVersion or continue token is too old: list again from the start. */
export const isExpired = (error: unknown): boolean => hasStatus(error, 410);

/** Time that the server asked us to wait (429, 503), in milliseconds; 0 if it named none. */
export function retryAfterMsOf(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}

/** Loggable fields of an error: never the body of a request. */
export function errorFields(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof ApiError) return { status: error.status, reason: error.reason, error: error.message };
  if (error instanceof NetworkError) return { network: error.kind, error: error.message };
  return { error: error instanceof Error ? error.message : String(error) };
}
