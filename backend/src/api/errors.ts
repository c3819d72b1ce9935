import english from '../../../locales/en/causes.json' with { type: 'json' };

/**
 * Every way in which a request can fail: the one table that answers, OpenAPI and docs/reference/api-errors.md are made of. The texts are
 * in `locales/<language>/errors.json` under the same codes. A code is what Kubernetes calls the `reason` of a Status.
 */
export const ERRORS = {
  BadRequest: { status: 400 },
  InvalidParameter: { status: 400 },
  InvalidBody: { status: 400 },
  Unauthorized: { status: 401 },
  IdentityMismatch: { status: 401 },
  Forbidden: { status: 403 },
  NotFound: { status: 404 },
  ObjectNotFound: { status: 404 },
  MethodNotAllowed: { status: 405 },
  RequestTimeout: { status: 408 },
  RequestEntityTooLarge: { status: 413 },
  UnsupportedMediaType: { status: 415 },
  ExpectationFailed: { status: 417 },
  TooManyRequests: { status: 429 },
  RequestHeaderFieldsTooLarge: { status: 431 },
  InternalError: { status: 500 },
  IdentityUnavailable: { status: 503 },
  NotReady: { status: 503 },
  Timeout: { status: 504 },
} as const satisfies Readonly<Record<string, { readonly status: number }>>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** What Node.js refuses, before anything of ours sees the request. */
export const UNHEARD = [
  'BadRequest',
  'RequestTimeout',
  'ExpectationFailed',
  'RequestHeaderFieldsTooLarge',
] as const satisfies readonly ErrorCode[];
/** What any route can answer, whatever it does. */
export const ANYWHERE: readonly ErrorCode[] = [
  ...UNHEARD,
  ...(['InvalidParameter', 'TooManyRequests', 'InternalError', 'Timeout'] as const),
];
/** What any route can answer that asks who the caller is and reads the cluster. */
export const WITH_IDENTITY: readonly ErrorCode[] = [
  'Unauthorized',
  'IdentityMismatch',
  'Forbidden',
  'IdentityUnavailable',
  'NotReady',
];

/** What can be wrong with a part of a request; the texts are in `locales/<language>/causes.json`. */
export type CauseKey = keyof typeof english;

/** What is wrong, for programs: the names that Kubernetes has for causes. */
export const CAUSE_REASONS = [
  'FieldValueInvalid',
  'FieldValueNotFound',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
] as const;

export type CauseReason = (typeof CAUSE_REASONS)[number];

const REASON_OF: Readonly<Partial<Record<CauseKey, CauseReason>>> = {
  notThere: 'FieldValueNotFound',
  oneOf: 'FieldValueNotSupported',
  tooLong: 'FieldValueTooLong',
  ...{ tooMany: 'FieldValueTooMany', ranges: 'FieldValueTooMany' },
};

/** Nothing of causes that are only counted. */
export function reasonOf({ what }: Cause): { readonly reason?: CauseReason } {
  return what === 'more' ? {} : { reason: REASON_OF[what] ?? 'FieldValueInvalid' };
}

export interface Cause {
  /** `query.limit`, `body.pool.name`. */
  readonly field: string;
  readonly what: CauseKey;
  /** What the text is filled in with. */
  readonly params?: Readonly<Record<string, string | number>>;
}

export interface ProblemOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
  /** For the log; never told to the caller. */
  readonly cause?: unknown;
}

/** A request that fails with one of `ERRORS`; its text is made when it is answered, in the caller's language. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly params: Readonly<Record<string, string>>;
  readonly causes: readonly Cause[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, { params = {}, causes = [], retryAfterSeconds, cause }: ProblemOptions = {}) {
    super(code, { cause });
    this.name = 'Problem';
    this.code = code;
    this.params = params;
    this.causes = causes;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The caller, or all callers together, ask for too much: again after so many seconds. */
export function tooMany(seconds: number): Problem {
  return new Problem('TooManyRequests', { params: { seconds: String(seconds) }, retryAfterSeconds: seconds });
}

/** Why work ends when its answer is sent, or who asked for it has gone; made once, as for each one V8 walks the stack. */
export const NOBODY_WAITS = new DOMException('nobody waits for the answer', 'AbortError');
