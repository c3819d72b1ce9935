import type { Verb } from '../routes.ts';

/** Whom a request comes from, proved. */
export interface Caller {
  readonly user: string;
  /** Who vouches for that: the API server of Kubernetes, or KubeSphere's. */
  readonly via: 'kubernetes' | 'kubesphere';
  /** As the API server of Kubernetes has them; empty for callers through KubeSphere. */
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** `system:serviceaccount:NAMESPACE:NAME`, as Kubernetes names the user that a ServiceAccount is. */
const SERVICE_ACCOUNT = /^(system:serviceaccount:[^:]+):/;

/**
 * Who counts as one where callers share what there is: whoever may make ServiceAccounts in a namespace could be any number of them, so that all of
 * a namespace are one.
 */
export function shareOf({ via, user }: Pick<Caller, 'via' | 'user'>): string {
  const namespace = via === 'kubernetes' ? SERVICE_ACCOUNT.exec(user)?.[1] : undefined;
  return `${via} ${namespace ?? user}`;
}

/** What a request does, in the words of RBAC, in our API group. */
export interface Access {
  readonly verb: Verb;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** The API server of Kubernetes as judge. Every call rejects if it can't be asked. */
export interface Reviews {
  /** TokenReview; undefined: the token is nobody's. */
  authenticate(token: string): Promise<Caller | undefined>;
  /** SubjectAccessReview. */
  allows(caller: Caller, access: Access): Promise<boolean>;
}

/** What a request through ks-apiserver is asked again by: the same method and path, without its query. */
export interface Question {
  readonly method: string;
  readonly path: string;
}

/** ks-apiserver as judge. Every call rejects if it can't be asked. */
export interface KubeSphere {
  /** Whether there is one in this cluster. */
  readonly present: boolean;
  /** `/oauth/userinfo`: whose the token is; undefined: nobody's. */
  userOf(token: string): Promise<string | undefined>;
  /** Whether it lets the token's owner through to us with this request, and under which name; undefined: it doesn't. */
  admits(token: string, question: Question): Promise<string | undefined>;
}
