import type { V1SubjectAccessReview, V1TokenReview } from '@kubernetes/client-node';
import type { Kube } from './kube.ts';
import type { ResourceKind, Wire } from './objects.ts';

type TokenReview = Wire<V1TokenReview>;
type SubjectAccessReview = Wire<V1SubjectAccessReview>;

const tokenReviews: ResourceKind<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};

const subjectAccessReviews: ResourceKind<SubjectAccessReview> = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

/** Somebody waits for the answer; and he decides how many of these there are. */
const CALL = { timeoutMs: 5_000, aside: true } as const;

/** A user as the API server of Kubernetes knows one. */
export interface KubernetesUser {
  readonly user: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A request to a virtual resource, in the words of RBAC. */
export interface ResourceAccess {
  readonly group: string;
  readonly version: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Whose a token is; undefined: nobody's. Rejects as `Kube` does. */
export async function reviewToken(api: Kube, token: string): Promise<KubernetesUser | undefined> {
  const review = { spec: { token } } as TokenReview;
  const { status } = await api.create(tokenReviews, review, CALL);
  const user = status?.user;
  if (status?.authenticated !== true || user?.username === undefined || user.username === '') return undefined;
  return { user: user.username, uid: user.uid, groups: user.groups ?? [], extra: user.extra ?? {} };
}

/** Whether RBAC, or what else authorises, lets a user do this. Rejects as `Kube` does. */
export async function reviewAccess(api: Kube, user: KubernetesUser, access: ResourceAccess): Promise<boolean> {
  const review = {
    spec: {
      user: user.user,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: user.groups,
      extra: user.extra,
      resourceAttributes: defined(access),
    },
  } as SubjectAccessReview;
  const { status } = await api.create(subjectAccessReviews, review, CALL);
  return status?.allowed === true && status.denied !== true;
}

function defined(access: ResourceAccess): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(access).filter(([, value]) => value !== undefined));
}
