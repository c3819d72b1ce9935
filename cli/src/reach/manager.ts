import { EXIT, Failure } from '../failure.ts';
import { failureOf, KubectlFailed, type Kubectl } from './kubectl.ts';

/** A Pod of porter-manager that can be asked. */
export interface ReplicaPod {
  readonly namespace: string;
  readonly name: string;
  /** Of the API. */
  readonly port: number;
}

/** What the chart gives the manager's ServiceAccount its rights over the cluster by, whatever the release is called. */
const BINDING = 'porter-manager';
const SELECTOR = 'app.kubernetes.io/name=porter-manager';

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

interface Binding {
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/**
 * Where the manager runs, and with it the ServiceAccounts that its chart brings; found once. It is told by what no tenant can write: a Pod
 * that is labelled like the manager, in a namespace that is called like its, may be anybody's, and would be shown the caller's token.
 * @throws {Failure} from what it returns
 */
export function managerPlace(kubectl: Kubectl, wanted: string | undefined): () => Promise<string> {
  if (wanted !== undefined) return () => Promise.resolve(wanted);
  let found: Promise<string> | undefined;
  return async () => {
    found ??= boundNamespace(kubectl);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
}

async function boundNamespace(kubectl: Kubectl): Promise<string> {
  const { subjects = [] } = await binding(kubectl);
  const account = subjects.find(({ kind, name }) => kind === 'ServiceAccount' && name === BINDING);
  if (account?.namespace !== undefined) return account.namespace;
  throw new Failure(
    EXIT.unreachable,
    `the ClusterRoleBinding ${BINDING} names no ServiceAccount ${BINDING}`,
    'Say where it runs with --manager-namespace NAME.',
  );
}

async function binding(kubectl: Kubectl): Promise<Binding> {
  try {
    const args = ['get', 'clusterrolebindings.rbac.authorization.k8s.io', BINDING, '--output', 'json'];
    return JSON.parse(await kubectl.run(args)) as Binding;
  } catch (error) {
    if (error instanceof KubectlFailed && error.isNotFound) {
      throw new Failure(
        EXIT.unreachable,
        `porter-manager is not installed here: there is no ClusterRoleBinding ${BINDING}`,
        'Is this the cluster that you mean ("kubectl config current-context")?',
      );
    }
    throw failureOf(
      error,
      "it can't be looked up in which namespace porter-manager runs",
      'Say it with --manager-namespace NAME; whoever installed it knows (the chart puts it into porterlb-system unless told otherwise). Make sure ' +
        `of it: a Pod there is shown your token. Who may "get" the ClusterRoleBinding ${BINDING}, as with the ClusterRole porterlb-viewer, need not say it.`,
    );
  }
}

/**
 * The replicas, those first that are best to ask.
 * @throws {Failure} if there is none that could be asked
 */
export async function findReplicas(kubectl: Kubectl, namespace: string): Promise<ReplicaPod[]> {
  const args = ['get', 'pods', '--namespace', namespace, '--selector', SELECTOR, '--output', 'json'];
  const text = await kubectl.run(args).catch((error: unknown) => {
    throw failureOf(error, `the Pods of porter-manager can't be looked up in the namespace ${namespace}`, RIGHTS);
  });
  const pods = (JSON.parse(text) as { readonly items: readonly Pod[] }).items;
  if (pods.length === 0) throw notFound(namespace);
  return askable(pods, namespace);
}

/** What it takes to get through; docs/kubectl-plugin.md says more. */
export const RIGHTS =
  'You need "list" on pods and "create" (and "get") on pods/portforward there: the Role porterlb-port-forward of the chart has them. ' +
  'Where porter-manager runs in another namespace, say so with --manager-namespace. Where the API is reached in another way, use --server URL.';

function notFound(namespace: string): Failure {
  return new Failure(
    EXIT.unreachable,
    `there is no porter-manager in the namespace ${namespace}`,
    'Is this the cluster that you mean ("kubectl config current-context")? Without --manager-namespace it is looked for where the ' +
      `ClusterRoleBinding ${BINDING} says that it is.`,
  );
}

/** Ready ones, else those that run; among these the order of the API server, which is by name. @throws {Failure} */
export function askable(pods: readonly Pod[], namespace: string): ReplicaPod[] {
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const candidates = alive.flatMap((pod) => {
    const port = pod.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === 'api');
    return port === undefined ? [] : [{ pod, port: port.containerPort }];
  });
  if (candidates.length === 0) throw noApi(alive.length, namespace);
  const ready = candidates.filter(({ pod }) => isReady(pod));
  // Who waits beside OpenELB is not Ready, and answers.
  const running = ready.length > 0 ? ready : candidates.filter(({ pod }) => isRunning(pod));
  if (running.length === 0) {
    throw new Failure(
      EXIT.unreachable,
      `porter-manager runs in the namespace ${namespace}, and none of its ${candidates.length} Pods is Ready`,
      `Look at them: kubectl -n ${namespace} describe pods -l ${SELECTOR}`,
    );
  }
  return running.map(({ pod: { metadata }, port }) => ({ namespace, name: metadata.name, port }));
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

function isRunning({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;
}

function noApi(alive: number, namespace: string): Failure {
  if (alive === 0) return new Failure(EXIT.unreachable, `the Pods of porter-manager in ${namespace} are going away`);
  return new Failure(
    EXIT.unreachable,
    `porter-manager runs in the namespace ${namespace}, and its API is switched off`,
    'Set api.enabled to true in the values of the Helm chart.',
  );
}
