import { EXIT, Failure } from '../failure.ts';
import type { ApiServer } from '../reach/api-server.ts';
import type * as cluster from './cluster.ts';
import {
  GROUP,
  KNOWN_NAMES,
  LOOK,
  MANAGER,
  NODE_PROXY_FINALIZERS,
  OLD_FINALIZERS,
  PROGRAM,
  RECORD,
  WEBHOOK_PATH,
} from './keys.ts';
import { readRecord } from './record.ts';
import { pathOf } from './step.ts';
import { suspectsOf, type Binding, type Suspect } from './suspects.ts';
import { podsOf, type LostNodes, type PodObject } from './pods.ts';

const PAGE = 500;
const CUSTOM = ['eips', 'bgpconfs', 'bgppeers'] as const;

/** Of an answer that is no object. */
const MOST_WORDS = 300;

/** An answer that is no yes, as a failure. */
export function refusal(status: number, body: unknown, what: string): Failure {
  const message = (body as { readonly message?: string } | undefined)?.message ?? textOf(status, body);
  const isAnswer = status >= 400 && status < 500 && status !== 429;
  const exitCode = status === 401 || status === 403 ? EXIT.refused : isAnswer ? EXIT.problems : EXIT.unreachable;
  const hint = status === 403 ? 'A takeover takes the rights of a cluster administrator.' : undefined;
  return new Failure(exitCode, `${what}:\n${message}`, hint);
}

/** kubectl proxy says in a line why it reaches nobody; who else is in between may send a page. */
function textOf(status: number, body: unknown): string {
  const words = typeof body === 'string' ? body.trim().slice(0, MOST_WORDS) : '';
  return words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words.replaceAll(/\p{Cc}/gu, '?')}`;
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

/** Namespaces and names of ServiceAccounts with rights in the whole cluster, which only administrators give. */
function accountsOf(bindings: readonly Binding[]): Set<string> {
  const subjects = bindings.flatMap((binding) => binding.subjects ?? []);
  return new Set(subjects.flatMap(({ namespace, name }) => (namespace === undefined ? [] : `${namespace}/${name}`)));
}

/** Since when nodes are not Ready. @throws {Failure} */
export async function lostNodes(api: ApiServer): Promise<LostNodes> {
  const nodes = await listed<cluster.NodeObject>(api, '/api/v1/nodes');
  return new Map(
    nodes.flatMap(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      const isLost = ready !== undefined && ready.status !== 'True';
      return isLost ? [[metadata.name, ready.lastTransitionTime ?? '']] : [];
    }),
  );
}

async function readWorkload(
  api: ApiServer,
  { kind, object, lost }: { kind: cluster.WorkloadKind; object: cluster.WorkloadObject; lost: LostNodes },
): Promise<cluster.Workload> {
  const labels = Object.entries(object.spec?.selector?.matchLabels ?? {}).map((pair) => pair.join('='));
  const selector = encodeURIComponent(labels.join());
  const path = `/api/v1/namespaces/${object.metadata.namespace ?? ''}/pods?labelSelector=${selector}`;
  return { kind, object, pods: podsOf({ kind, object, lost }, await listed<PodObject>(api, path)) };
}

/** @throws {Failure} */
export async function findWorkload(
  api: ApiServer,
  { kind, key, lost }: { kind: cluster.WorkloadKind; key: string; lost: LostNodes },
): Promise<cluster.Workload | undefined> {
  const object = await found<cluster.WorkloadObject>(api, pathOf(kind, key));
  return object === undefined ? undefined : await readWorkload(api, { kind, object, lost });
}

type IsWanted = (kind: cluster.WorkloadKind, object: cluster.WorkloadObject) => boolean;

/** @param namespace undefined: all */
async function workloadsIn(
  api: ApiServer,
  namespace: string | undefined,
  { isWanted, lost }: { isWanted: IsWanted; lost: LostNodes },
): Promise<cluster.Workload[]> {
  const place = namespace === undefined ? '' : `namespaces/${namespace}/`;
  const of = async (kind: cluster.WorkloadKind, plural: string): Promise<cluster.Workload[]> => {
    const all = await listed<cluster.WorkloadObject>(api, `/apis/apps/v1/${place}${plural}`);
    const wanted = all.filter((object) => isWanted(kind, object));
    return await Promise.all(wanted.map((object) => readWorkload(api, { kind, object, lost })));
  };
  return [...(await of('Deployment', 'deployments')), ...(await of('DaemonSet', 'daemonsets'))];
}

/** Whether one of its programs runs there, under whatever name, with rights that no tenant can give. */
function isTheirs({ metadata, spec }: cluster.WorkloadObject, accounts: ReadonlySet<string>): boolean {
  const pod = spec?.template?.spec;
  if (!accounts.has(`${metadata.namespace ?? ''}/${pod?.serviceAccountName ?? 'default'}`)) return false;
  const programs = (pod?.containers ?? []).flatMap(({ name, command }) => [name, command?.[0] ?? '']);
  return [metadata.name, ...programs].some((name) => PROGRAM.test(name));
}

async function rightIn(api: ApiServer, namespace: string): Promise<cluster.Stranger['right']> {
  const paths = ['roles', 'rolebindings'].map((plural) => pathOf(plural, `${namespace}/${LOOK}`));
  const there = await Promise.all(paths.map((path) => found(api, path)));
  const count = there.filter((object) => object !== undefined).length;
  return count === 0 ? 'none' : count < paths.length ? 'half' : 'whole';
}

async function strangersOf(api: ApiServer, suspects: readonly Suspect[]): Promise<cluster.Stranger[]> {
  const unknown = suspects.filter(({ name }) => !KNOWN_NAMES.includes(name));
  const strangers: cluster.Stranger[] = [];
  for (const namespace of new Set(unknown.map((suspect) => suspect.namespace))) {
    // Bindings outlive the namespace that they name.
    if ((await found(api, pathOf('namespaces', namespace))) === undefined) continue;
    const names = unknown.flatMap((suspect) => (suspect.namespace === namespace ? suspect.name : []));
    strangers.push({ namespace, names: [...new Set(names)], right: await rightIn(api, namespace) });
  }
  return strangers;
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
  const old: readonly string[] = [...Object.values(OLD_FINALIZERS), ...NODE_PROXY_FINALIZERS];
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

/**
 * All that a takeover or a rollback is planned from.
 * @param within namespaces in which OpenELB is known to be, so that not all have to be looked through
 * @throws {Failure}
 */
export async function readCluster(
  api: ApiServer,
  within: readonly string[] = [],
): Promise<Omit<cluster.Cluster, 'reachedBy'>> {
  const bindings = await listed<Binding>(api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings');
  const ours = bindings.find(({ metadata }) => metadata.name === MANAGER)?.subjects ?? [];
  const namespace = ours.find(({ kind }) => kind === 'ServiceAccount')?.namespace;
  const isOurs = (name: string, where: string | undefined): boolean => name === MANAGER && where === namespace;
  const suspects = suspectsOf(bindings).filter((suspect) => !isOurs(suspect.name, suspect.namespace));
  const [accounts, lost] = [accountsOf(bindings), await lostNodes(api)];
  const theirs: IsWanted = (_kind, object) =>
    !isOurs(object.metadata.name, object.metadata.namespace) && isTheirs(object, accounts);
  const places = within.length > 0 ? within : [undefined];
  const workloads = await Promise.all(places.map((place) => workloadsIn(api, place, { isWanted: theirs, lost })));
  const manager: IsWanted = (_kind, { metadata }) => metadata.name === MANAGER;
  const managers = namespace === undefined ? [] : await workloadsIn(api, namespace, { isWanted: manager, lost });
  const crds = CUSTOM.map((plural) =>
    found<cluster.CrdObject>(api, pathOf('customresourcedefinitions', `${plural}.${GROUP}`)),
  );
  const custom = async <T>(plural: string): Promise<T[]> => await listed<T>(api, `/apis/${GROUP}/v1alpha2/${plural}`);
  const services = await listed<cluster.ServiceObject>(api, '/api/v1/services');
  return {
    workloads: workloads.flat().map((workload) => ({ ...workload, isHidden: !isSuspected(workload, suspects) })),
    strangers: await strangersOf(api, suspects),
    webhooks: await webhooksOf(api),
    crds: (await Promise.all(crds)).flatMap((crd) => crd ?? []),
    services: services.filter(concernsUs),
    pools: await custom<cluster.PoolObject>('eips'),
    confs: await custom<cluster.ConfObject>('bgpconfs'),
    peers: await custom<cluster.PeerObject>('bgppeers'),
    namespace,
    manager: managers[0],
    record: namespace === undefined ? undefined : await recordIn(api, namespace),
  };
}

function isSuspected({ kind, object }: cluster.Workload, suspects: readonly Suspect[]): boolean {
  const { namespace, name } = object.metadata;
  return suspects.some((each) => each.kind === kind && each.namespace === namespace && each.name === name);
}
