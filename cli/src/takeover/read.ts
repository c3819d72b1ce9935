import { EXIT, Failure } from '../failure.ts';
import type { ApiServer } from '../reach/api-server.ts';
import type * as cluster from './cluster.ts';
import { BINDING_NAMES, GROUP, MANAGER, OLD_FINALIZERS, RECORD, WEBHOOK_PATH, WORKLOAD_NAMES } from './keys.ts';
import { readRecord } from './record.ts';
import { pathOf } from './step.ts';

const PAGE = 500;
const CUSTOM = ['eips', 'bgpconfs', 'bgppeers'] as const;

interface Binding extends cluster.KubeObject {
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

interface PodObject extends cluster.KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

/** An answer that is no yes, as a failure. */
export function refusal(status: number, body: unknown, what: string): Failure {
  const message = (body as { readonly message?: string } | undefined)?.message ?? `HTTP ${status}`;
  const exitCode = status === 401 || status === 403 ? EXIT.refused : EXIT.unreachable;
  const hint = status === 403 ? 'A takeover takes the rights of a cluster administrator.' : undefined;
  return new Failure(exitCode, `${what}:\n${message}`, hint);
}

/** The object, or undefined if there is none. @throws {Failure} */
async function found<T>(api: ApiServer, path: string): Promise<T | undefined> {
  const { status, body } = await api.call('GET', path);
  if (status === 404) return undefined;
  if (status !== 200) throw refusal(status, body, `${path} can't be read`);
  return body as T;
}

/** All objects; none of a kind that there is not. @throws {Failure} */
async function listed<T>(api: ApiServer, path: string): Promise<T[]> {
  const items: T[] = [];
  let next = '';
  do {
    const separator = path.includes('?') ? '&' : '?';
    const more = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
    const page = await found<{ items: T[]; metadata?: { continue?: string } }>(
      api,
      `${path}${separator}limit=${PAGE}${more}`,
    );
    items.push(...(page?.items ?? []));
    next = page?.metadata?.continue ?? '';
  } while (next !== '');
  return items;
}

function namespacesOf(bindings: readonly Binding[]): string[] {
  const subjects = bindings.flatMap((binding) => binding.subjects ?? []);
  return [...new Set(subjects.flatMap(({ kind, namespace }) => (kind === 'ServiceAccount' ? (namespace ?? []) : [])))];
}

/** A workload with its Pods. @throws {Failure} */
export async function readWorkload(
  api: ApiServer,
  kind: cluster.WorkloadKind,
  object: cluster.WorkloadObject,
): Promise<cluster.Workload> {
  const labels = Object.entries(object.spec?.selector?.matchLabels ?? {}).map((pair) => pair.join('='));
  const selector = encodeURIComponent(labels.join());
  const path = `/api/v1/namespaces/${object.metadata.namespace ?? ''}/pods?labelSelector=${selector}`;
  const pods = (await listed<PodObject>(api, path)).filter(({ metadata }) => isOf(kind, object, metadata));
  return { kind, object, pods: pods.map(podOf) };
}

/** Workloads of OpenELB 0.6 have one selector; a Pod's owner tells them apart. */
function isOf(kind: cluster.WorkloadKind, { metadata }: cluster.KubeObject, pod: cluster.Metadata): boolean {
  const [owner] = pod.ownerReferences ?? [];
  if (owner === undefined) return false;
  if (kind === 'DaemonSet') return owner.kind === 'DaemonSet' && owner.name === metadata.name;
  return owner.kind === 'ReplicaSet' && owner.name.startsWith(`${metadata.name}-`);
}

function podOf({ metadata, spec, status }: PodObject): cluster.Workload['pods'][number] {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const ready = condition === 'True' && metadata.deletionTimestamp === undefined;
  const running = status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;
  return { name: metadata.name, node: spec?.nodeName ?? '', ready, running, metricsPort: metricsPortOf(spec) };
}

function metricsPortOf(spec: PodObject['spec']): number | undefined {
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === 'metrics')?.containerPort;
}

/** @throws {Failure} */
export async function findWorkload(
  api: ApiServer,
  kind: cluster.WorkloadKind,
  key: string,
): Promise<cluster.Workload | undefined> {
  const object = await found<cluster.WorkloadObject>(api, pathOf(kind, key));
  return object === undefined ? undefined : await readWorkload(api, kind, object);
}

async function workloadsIn(
  api: ApiServer,
  namespace: string,
  isWanted: (name: string) => boolean,
): Promise<cluster.Workload[]> {
  const of = async (kind: cluster.WorkloadKind, plural: string): Promise<cluster.Workload[]> => {
    const all = await listed<cluster.WorkloadObject>(api, `/apis/apps/v1/namespaces/${namespace}/${plural}`);
    const wanted = all.filter(({ metadata }) => isWanted(metadata.name));
    return await Promise.all(wanted.map((object) => readWorkload(api, kind, object)));
  };
  return [...(await of('Deployment', 'deployments')), ...(await of('DaemonSet', 'daemonsets'))];
}

async function webhooksOf(api: ApiServer): Promise<cluster.Webhook[]> {
  const of = async (kind: cluster.WebhookKind): Promise<cluster.Webhook[]> => {
    const all = await listed<cluster.WebhookObject>(api, `/apis/admissionregistration.k8s.io/v1/${kind}`);
    const old = all.filter(({ webhooks = [] }) =>
      webhooks.some(({ clientConfig }) => WEBHOOK_PATH.test(clientConfig?.service?.path ?? '')),
    );
    return old.map((object) => ({ kind, object }));
  };
  return [...(await of('mutatingwebhookconfigurations')), ...(await of('validatingwebhookconfigurations'))];
}

function concernsUs({ metadata, spec }: cluster.ServiceObject): boolean {
  const old = Object.values(OLD_FINALIZERS) as string[];
  return spec?.type === 'LoadBalancer' || metadata.finalizers?.some((each) => old.includes(each)) === true;
}

async function recordIn(api: ApiServer, namespace: string): Promise<cluster.TakeoverRecord | undefined> {
  const object = await found<{ data?: Record<string, string> }>(api, pathOf('configmaps', `${namespace}/${RECORD}`));
  try {
    return object === undefined ? undefined : readRecord(object);
  } catch (error) {
    const hint = `Delete it to do without a way back: kubectl -n ${namespace} delete configmap ${RECORD}`;
    throw new Failure(EXIT.problems, `the ConfigMap ${RECORD} can't be understood: ${String(error)}`, hint);
  }
}

/** All that a takeover or a rollback is planned from. @throws {Failure} */
export async function readCluster(api: ApiServer): Promise<cluster.Cluster> {
  const bindings = await listed<Binding>(api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings');
  const named = (isIt: (name: string) => boolean): string[] =>
    namespacesOf(bindings.filter(({ metadata }) => isIt(metadata.name)));
  const [namespace] = named((name) => name === MANAGER);
  const theirs = named((name) => BINDING_NAMES.test(name)).filter((each) => each !== namespace);
  const isTheirs = (name: string): boolean => WORKLOAD_NAMES.test(name);
  const workloads = await Promise.all(theirs.map((each) => workloadsIn(api, each, isTheirs)));
  const ours = namespace === undefined ? [] : await workloadsIn(api, namespace, (name) => name === MANAGER);
  const crds = CUSTOM.map((plural) =>
    found<cluster.CrdObject>(api, pathOf('customresourcedefinitions', `${plural}.${GROUP}`)),
  );
  const custom = async <T>(plural: string): Promise<T[]> => await listed<T>(api, `/apis/${GROUP}/v1alpha2/${plural}`);
  const services = await listed<cluster.ServiceObject>(api, '/api/v1/services');
  return {
    workloads: workloads.flat(),
    webhooks: await webhooksOf(api),
    crds: (await Promise.all(crds)).flatMap((crd) => crd ?? []),
    services: services.filter(concernsUs),
    pools: await custom<cluster.PoolObject>('eips'),
    confs: await custom<cluster.ConfObject>('bgpconfs'),
    peers: await custom<cluster.KubeObject>('bgppeers'),
    namespace,
    manager: ours[0],
    record: namespace === undefined ? undefined : await recordIn(api, namespace),
  };
}
