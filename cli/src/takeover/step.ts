import type { WorkloadKind } from './cluster.ts';

export type PatchType = 'merge' | 'strategic' | 'json';

/** One request to the API server, or one thing to wait for; as data. */
export type Action =
  | { readonly do: 'patch'; readonly path: string; readonly type: PatchType; readonly body: unknown }
  /** `isThereAlready`: else it is planned anew. */
  | { readonly do: 'create'; readonly path: string; readonly body: unknown; readonly isThereAlready?: 'fine' }
  | { readonly do: 'delete'; readonly path: string }
  /** Until a Pod of it is there, Ready or not. */
  | { readonly do: 'awaitStart'; readonly kind: WorkloadKind; readonly key: string }
  /** Until all Pods of it would announce at once if OpenELB ended. */
  | { readonly do: 'awaitPrepared'; readonly kind: WorkloadKind; readonly key: string }
  /** Until no Pod of it is there any more. */
  | { readonly do: 'awaitEnd'; readonly kind: WorkloadKind; readonly key: string }
  /** Until as many Pods of it as are wanted are Ready. */
  | { readonly do: 'awaitReady'; readonly kind: WorkloadKind; readonly key: string };

export type StepId =
  | 'start'
  | 'prepare'
  | 'record'
  | 'allow'
  | 'crds'
  | 'share'
  | 'adopt'
  | 'webhooks'
  | 'stop'
  | 'end'
  | 'pools'
  | 'go'
  | 'finalizers'
  | 'storage'
  | 'ready'
  | 'hold'
  | 'stopOurs'
  | 'ledger'
  | 'release'
  | 'letGo'
  | 'giveBack'
  | 'restart'
  | 'restoreWebhooks'
  | 'forget';

export interface Step {
  readonly id: StepId;
  /** What is done, in words. */
  readonly what: string;
  readonly why: string;
  readonly actions: readonly Action[];
  /** Who fails at it is told this. */
  readonly onFailure: string;
  /** One action after the other; else many at once. */
  readonly inOrder?: true;
  /** The cluster goes on by itself meanwhile: what follows is planned anew. */
  readonly lookAgain?: true;
}

export interface Finding {
  /** `obstacle`: nothing is done as long as it is there. `note`: what an administrator should know. */
  readonly kind: 'obstacle' | 'note';
  readonly text: string;
  readonly next: string;
  readonly objects: readonly string[];
}

export interface TakeoverPlan {
  readonly findings: readonly Finding[];
  readonly steps: readonly Step[];
}

/** Path of an object in the API. */
export function pathOf(plural: string, key: string, subresource?: string): string {
  const [first = '', second] = key.split('/');
  const [group, kind] = PLURALS[plural] ?? [`apis/network.kubesphere.io/v1alpha2`, plural];
  const place = second === undefined ? `${kind}/${first}` : `namespaces/${first}/${kind}/${second}`;
  return `/${group}/${place}${subresource === undefined ? '' : `/${subresource}`}`;
}

const PLURALS: Readonly<Record<string, readonly [group: string, plural: string]>> = {
  services: ['api/v1', 'services'],
  configmaps: ['api/v1', 'configmaps'],
  namespaces: ['api/v1', 'namespaces'],
  roles: ['apis/rbac.authorization.k8s.io/v1', 'roles'],
  rolebindings: ['apis/rbac.authorization.k8s.io/v1', 'rolebindings'],
  Deployment: ['apis/apps/v1', 'deployments'],
  DaemonSet: ['apis/apps/v1', 'daemonsets'],
  customresourcedefinitions: ['apis/apiextensions.k8s.io/v1', 'customresourcedefinitions'],
  mutatingwebhookconfigurations: ['apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations'],
  validatingwebhookconfigurations: ['apis/admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations'],
};

/** Takes finalizers off and puts others on, whatever else is written meanwhile: refused if the list is another one by now. */
export function finalizersPatch(
  path: string,
  before: readonly string[] | undefined,
  change: { readonly off: readonly string[]; readonly on: readonly string[] },
): Action[] {
  const had = before ?? [];
  const kept = had.filter((each) => !change.off.includes(each));
  const after = [...kept, ...change.on.filter((each) => !kept.includes(each))];
  if (after.join() === had.join()) return [];
  const test = before === undefined ? [] : [{ op: 'test', path: '/metadata/finalizers', value: had }];
  const set = { op: 'add', path: '/metadata/finalizers', value: after };
  return [{ do: 'patch', path, type: 'json', body: [...test, set] }];
}
