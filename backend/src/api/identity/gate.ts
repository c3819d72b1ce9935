import { createHash } from 'node:crypto';
import type { Clock } from '../../platform/ports.ts';
import { Problem, tooMany } from '../errors.ts';
import { RateLimit } from '../rate-limit.ts';
import { BASE_PATH } from '../routes.ts';
import { ShortCache } from '../short-cache.ts';
import { shareOf, type Access, type Caller, type KubeSphere, type Question, type Reviews } from './caller.ts';
import { JudgeLimit, TooManyQuestions, type Purpose } from './judge-limit.ts';

/** What a request says of who sends it. */
export interface Credentials {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** The header `X-Remote-User`: a claim, and nothing but that. */
  readonly remoteUser: string | undefined;
  /** Address of the other end of the connection. */
  readonly from: string;
}

export interface GateDeps {
  readonly clock: Clock;
  readonly reviews: Reviews;
  readonly kubesphere: KubeSphere;
}

/** Who a token belongs to may be known for so long after it was revoked, in milliseconds. */
const IDENTITY_MS = 30_000;
/** How long nobody's token is nobody's, in milliseconds. */
const REFUSED_MS = 2_000;
/** A right may count for so long after it was taken away, in milliseconds; and one that was given may wait as long. */
const ACCESS_MS = 10_000;
const MAX_CACHED = 4_096;
/** Each answer for a tenant may need some hundred. */
const MAX_VERDICTS = 16_384;
/** RFC 6750: what a token may consist of; ours are some 1,000 characters long. */
const BEARER = /^Bearer ([\w~+/.-]{1,8192}=*)$/i;

/** Questions to the judges on behalf of one address whose answer is not known yet: who guesses tokens is slowed down. */
const UNKNOWN = { burst: 200, perSecond: 50 };
/** Requests of one caller. */
const PER_CALLER = { burst: 1_000, perSecond: 500 };
/** Questions about one caller's rights whose answer is not known yet, for each purpose: the names in one answer can need some hundred. */
const NEW_QUESTIONS = { burst: 600, perSecond: 60 };

const WHOLE_CLUSTER: Access = {
  verb: 'list',
  resource: 'services',
  subresource: undefined,
  namespace: undefined,
  name: undefined,
};
/** Where KubeSphere's roles count: who may read all of them. */
const ALL_SERVICES: Question = { method: 'GET', path: `${BASE_PATH}/services` };

/**
 * Lets a request in or throws a `Problem`. `X-Remote-*` alone is never identity: whoever reaches this port can send it. With it, a request
 * says that it came through ks-apiserver: the token that comes along must be valid there and belong to the user that is claimed, and
 * ks-apiserver itself, asked again, must let its owner through to this very path. Any other request is judged by the API server of
 * Kubernetes.
 */
export class Gate {
  readonly #deps: GateDeps;
  readonly #identities: ShortCache<Caller | undefined>;
  readonly #verdicts: ShortCache<boolean>;
  readonly #unknown: RateLimit;
  readonly #perCaller: RateLimit;
  readonly #newQuestions: Readonly<Record<Purpose, RateLimit>>;
  readonly #judges: Readonly<Record<Caller['via'], Budgets>>;
  /** Tokens that were somebody's, hashed, the latest last, with whose share that is: their owners don't queue with those who guess. */
  readonly #proven = new Map<string, string>();

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#identities = new ShortCache(deps, { max: MAX_CACHED });
    this.#verdicts = new ShortCache(deps, { max: MAX_VERDICTS });
    this.#unknown = new RateLimit(deps, UNKNOWN);
    this.#perCaller = new RateLimit(deps, PER_CALLER);
    this.#newQuestions = { admission: new RateLimit(deps, NEW_QUESTIONS), names: new RateLimit(deps, NEW_QUESTIONS) };
    const budgets = (): Budgets => ({ known: new JudgeLimit(deps), strangers: new JudgeLimit(deps) });
    this.#judges = { kubernetes: budgets(), kubesphere: budgets() };
  }

  async admit(credentials: Credentials, access: Access, question: Question): Promise<Admitted> {
    const token = BEARER.exec(credentials.authorization ?? '')?.[1];
    if (token === undefined) throw new Problem('Unauthorized');
    const { remoteUser } = credentials;
    const throughKubeSphere = remoteUser !== undefined && this.#deps.kubesphere.present;
    const caller = await this.#identify(token, credentials, throughKubeSphere ? 'kubesphere' : 'kubernetes');
    if (throughKubeSphere && remoteUser !== caller.user)
      throw new Problem('IdentityMismatch', { params: { claimed: remoteUser } });
    limited(this.#perCaller, shareOf(caller));
    const mayEnter = async (a: Access, q: Question): Promise<boolean> => {
      for (const each of widestFirst(caller, a)) {
        if (await this.#may(this.#subject(token, caller, each, q), 'admission')) return true;
      }
      return false;
    };
    if (!(await mayEnter(access, question))) throw forbidden(caller, access);
    return {
      caller,
      seesAll: async () => await mayEnter(WHOLE_CLUSTER, ALL_SERVICES),
      may: async (a, q) => await this.#mayIfAsked(this.#subject(token, caller, a, q)),
      didLast: (a, q) => this.#verdicts.last(`names ${this.#subject(token, caller, a, q).key}`),
    };
  }

  async #identify(token: string, { from }: Credentials, via: Caller['via']): Promise<Caller> {
    const key = `${via} ${hashed(token)}`;
    const share = this.#proven.get(key);
    if (!this.#identities.has(key) && share === undefined) limited(this.#unknown, from);
    const ttl = (found: Caller | undefined): number => (found === undefined ? REFUSED_MS : IDENTITY_MS);
    const { reviews, kubesphere } = this.#deps;
    const judge = async (): Promise<Caller | undefined> => {
      if (via === 'kubernetes') return await reviews.authenticate(token);
      const user = await kubesphere.userOf(token);
      return user === undefined ? undefined : { user, via, uid: undefined, groups: [], extra: {} };
    };
    const budget = this.#judges[via][share === undefined ? 'strangers' : 'known'];
    const asker = { caller: share ?? from, purpose: 'admission' } as const;
    const ask = async (): Promise<Caller | undefined> => await budget.ask(asker, judge);
    const caller = await available(via, async () => await this.#identities.get(key, ttl, ask));
    this.#prove(key, caller);
    if (caller === undefined) throw new Problem('Unauthorized');
    return caller;
  }

  #prove(key: string, owner: Caller | undefined): void {
    this.#proven.delete(key);
    if (owner !== undefined) this.#proven.set(key, shareOf(owner));
    if (this.#proven.size > MAX_CACHED) this.#proven.delete(this.#proven.keys().next().value ?? '');
  }

  #subject(token: string, caller: Caller, access: Access, question: Question): Subject {
    const about =
      caller.via === 'kubernetes' ? [caller.uid, caller.groups, caller.extra, access] : [hashed(token), question];
    const { reviews, kubesphere } = this.#deps;
    const judge = async (): Promise<boolean> => {
      if (caller.via === 'kubernetes') return await reviews.allows(caller, access);
      return (await kubesphere.admits(token, question)) === caller.user;
    };
    return { caller, key: hashed(JSON.stringify([caller.via, caller.user, about])), judge };
  }

  /** Each purpose has answers of its own: who wants to be let in doesn't wait for what is asked for names. */
  async #may({ caller, key: about, judge }: Subject, purpose: Purpose): Promise<boolean> {
    const [share, key] = [shareOf(caller), `${purpose} ${about}`];
    if (!this.#verdicts.has(key)) limited(this.#newQuestions[purpose], share);
    const ask = async (): Promise<boolean> =>
      await this.#judges[caller.via].known.ask({ caller: share, purpose }, judge);
    return await available(caller.via, async () => await this.#verdicts.get(key, () => ACCESS_MS, ask));
  }

  async #mayIfAsked(subject: Subject): Promise<boolean> {
    try {
      return await this.#may(subject, 'names');
    } catch (error) {
      if (error instanceof Problem && error.code === 'TooManyRequests') return false;
      throw error;
    }
  }
}

/** A question about the rights of a caller. */
interface Subject {
  readonly caller: Caller;
  readonly key: string;
  readonly judge: () => Promise<boolean>;
}

/** What may be asked of one judge: who guesses tokens uses up nothing of what there is for callers who have shown a good one. */
interface Budgets {
  readonly known: JudgeLimit;
  readonly strangers: JudgeLimit;
}

/** Who was let in, and what else he may. */
export interface Admitted {
  readonly caller: Caller;
  /** Whether he may see the Services of all namespaces. */
  readonly seesAll: () => Promise<boolean>;
  /** Whether he may what his answer shows more of then; not, where too much is asked to find out. */
  readonly may: (access: Access, question: Question) => Promise<boolean>;
  /** What was found when that was asked last, which may be so no longer. */
  readonly didLast: (access: Access, question: Question) => boolean | undefined;
}

/**
 * What would do as well as this right, the widest first: without a namespace or a name a right is one to all of them (SubjectAccessReview). So
 * who may read all Services, or all of a namespace, is asked for once, however many he asks about, and only who may read some of them by
 * name is asked for by each name. KubeSphere judges paths, of which none means all.
 */
function widestFirst({ via }: Caller, access: Access): readonly Access[] {
  const { namespace, name } = access;
  if (via === 'kubesphere') return [access];
  return [
    ...(namespace === undefined ? [] : [{ ...access, namespace: undefined, name: undefined }]),
    ...(name === undefined ? [] : [{ ...access, name: undefined }]),
    access,
  ];
}

/** Tokens are nowhere kept. */
function hashed(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function limited(limit: RateLimit, caller: string): void {
  const seconds = limit.take(caller);
  if (seconds !== undefined) throw tooMany(seconds);
}

function forbidden({ user }: Caller, { verb, resource, subresource, namespace }: Access): Problem {
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === undefined ? what : `${what} (namespace ${namespace})`;
  return new Problem('Forbidden', { params: { user, verb, resource: where } });
}

const JUDGES = { kubernetes: 'kube-apiserver', kubesphere: 'ks-apiserver' } as const;

async function available<T>(judge: Caller['via'], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TooManyQuestions) throw tooMany(error.seconds);
    throw new Problem('IdentityUnavailable', {
      params: { server: JUDGES[judge] },
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}
