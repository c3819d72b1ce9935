import { EXIT, Failure } from '../failure.ts';
import { failureOf, type Kubectl } from './kubectl.ts';

/** A Pod of porter-manager that can be asked. */
export interface ReplicaPod {
  readonly namespace: string;
  readonly name: string;
  /** Of the API. */
  readonly port: number;
}

/** Where the chart, and KubeSphere's installer of extensions, put it unless told otherwise. */
export const USUAL_NAMESPACES: readonly string[] = ['porterlb-system', 'extension-porterlb'];
const SELECTOR = 'app.kubernetes.io/name=porter-manager';

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * The replicas, those first that are best to ask.
 * @throws {Failure} if there is none that could be asked
 */
export async function findReplicas(kubectl: Kubectl, namespace: string | undefined): Promise<ReplicaPod[]> {
  const places = namespace === undefined ? USUAL_NAMESPACES : [namespace];
  let refusal: Failure | undefined;
  for (const place of places) {
    try {
      const text = await kubectl.run(['get', 'pods', '--namespace', place, '--selector', SELECTOR, '--output', 'json']);
      const pods = (JSON.parse(text) as { readonly items: readonly Pod[] }).items;
      if (pods.length > 0) return askable(pods, place);
    } catch (error) {
      const failure = failureOf(
        error,
        `the Pods of porter-manager can't be looked up in the namespace ${place}`,
        RIGHTS,
      );
      if (failure.exitCode !== EXIT.refused) throw failure;
      refusal ??= failure;
    }
  }
  throw refusal ?? notFound(places);
}

/** The namespace of the manager, and of the ServiceAccounts that its chart brings. @throws {Failure} as `findReplicas` */
export async function placeOf(kubectl: Kubectl, { managerNamespace, server }: Place): Promise<string> {
  if (managerNamespace !== undefined) return managerNamespace;
  const [usual = ''] = USUAL_NAMESPACES;
  // Who comes directly may have no right to look for Pods.
  if (server !== undefined) return usual;
  const [first] = await findReplicas(kubectl, undefined);
  return first?.namespace ?? usual;
}

interface Place {
  readonly managerNamespace: string | undefined;
  readonly server: string | undefined;
}

/** What it takes to get through; docs/kubectl-plugin.md says more. */
export const RIGHTS =
  'You need "list" on pods and "create" (and "get") on pods/portforward there: the Role porterlb-port-forward of the chart has them. ' +
  'Where porter-manager runs in another namespace, say so with --manager-namespace. Where the API is reached in another way, use --server URL.';

function notFound(places: readonly string[]): Failure {
  return new Failure(
    EXIT.unreachable,
    `there is no porter-manager in the ${places.length === 1 ? 'namespace' : 'namespaces'} ${places.join(' and ')}`,
    'Is this the cluster that you mean ("kubectl config current-context")? Say where it runs with --manager-namespace NAME: ' +
      '"kubectl get pods -A -l app.kubernetes.io/name=porter-manager" finds it.',
  );
}

/** Ready ones first; among these the order of the API server, which is by name. @throws {Failure} */
export function askable(pods: readonly Pod[], namespace: string): ReplicaPod[] {
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const candidates = alive.flatMap((pod) => {
    const port = pod.spec.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === 'api');
    return port === undefined ? [] : [{ pod, port: port.containerPort }];
  });
  if (candidates.length === 0) throw noApi(alive.length, namespace);
  const ready = candidates.filter(({ pod }) => isReady(pod));
  if (ready.length === 0) {
    throw new Failure(
      EXIT.unreachable,
      `porter-manager runs in the namespace ${namespace}, and none of its ${candidates.length} Pods is Ready`,
      `Look at them: kubectl -n ${namespace} describe pods -l ${SELECTOR}`,
    );
  }
  return ready.map(({ pod: { metadata }, port }) => ({ namespace, name: metadata.name, port }));
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
}

function noApi(alive: number, namespace: string): Failure {
  if (alive === 0) return new Failure(EXIT.unreachable, `the Pods of porter-manager in ${namespace} are going away`);
  return new Failure(
    EXIT.unreachable,
    `porter-manager runs in the namespace ${namespace}, and its API is switched off`,
    'Set api.enabled to true in the values of the Helm chart.',
  );
}
