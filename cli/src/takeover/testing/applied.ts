import type { Cluster, KubeObject, Metadata, Stranger, Workload } from '../cluster.ts';
import { readRecord } from '../record.ts';
import type { Action, Step } from '../step.ts';
import { pathOf } from '../step.ts';
import { isWanted } from '../workloads.ts';

type Json = Record<string, unknown>;

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Json = { ...(target as Json | undefined) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

interface Condition extends Json {
  readonly type: string;
}

/** As the API server merges what the takeover sends for Services. */
function strategic(object: KubeObject, body: Json): KubeObject {
  const { metadata = {}, status = {} } = body as { metadata?: Json; status?: { conditions?: Condition[] } };
  const {
    finalizers = [],
    '$deleteFromPrimitiveList/finalizers': off = [],
    ...rest
  } = metadata as {
    finalizers?: string[];
    '$deleteFromPrimitiveList/finalizers'?: string[];
  };
  const before = (object as { status?: { conditions?: Condition[] } }).status?.conditions ?? [];
  const changed = status.conditions ?? [];
  const kept = before.filter(({ type }) => !changed.some((each) => each.type === type));
  const conditions = [...kept, ...changed.filter((each) => each['$patch'] !== 'delete')];
  const all = new Set([...(object.metadata.finalizers ?? []), ...finalizers]);
  for (const each of off) all.delete(each);
  const set = { metadata: { ...rest, finalizers: [...all] }, status: { conditions } };
  return merged(object, set) as KubeObject;
}

function jsonPatched(
  object: KubeObject,
  body: readonly { op: string; path: string; value: readonly string[] }[],
): KubeObject {
  const expected = body.find(({ op }) => op === 'test')?.value;
  // The API server refuses it then, and it is planned anew.
  if (expected !== undefined && expected.join() !== object.metadata.finalizers?.join()) return object;
  const finalizers = body.find(({ op }) => op === 'add')?.value ?? [];
  return { ...object, metadata: { ...object.metadata, finalizers } };
}

function patched<T extends KubeObject>(object: T, action: Extract<Action, { do: 'patch' }>): T {
  if (action.type === 'merge') return merged(object, action.body) as T;
  if (action.type === 'strategic') return strategic(object, action.body as Json) as T;
  return jsonPatched(object, action.body as Parameters<typeof jsonPatched>[1]) as T;
}

function isAt(path: string, plural: string, { namespace, name }: Metadata): boolean {
  const base = pathOf(plural, namespace === undefined ? name : `${namespace}/${name}`);
  return path === base || path === `${base}/status`;
}

function all<T extends KubeObject>(
  objects: readonly T[],
  plural: string,
  action: Extract<Action, { do: 'patch' }>,
): T[] {
  return objects.map((object) => (isAt(action.path, plural, object.metadata) ? patched(object, action) : object));
}

/** Kubernetes' own controllers have done what they do. */
function settled(workload: Workload): Workload {
  return isWanted(workload) ? workload : { ...workload, pods: [] };
}

function afterPatch(cluster: Cluster, action: Extract<Action, { do: 'patch' }>): Cluster {
  const workloads = [...cluster.workloads, ...(cluster.manager === undefined ? [] : [cluster.manager])].map((each) => {
    return isAt(action.path, each.kind, each.object.metadata)
      ? settled({ ...each, object: patched(each.object, action) })
      : each;
  });
  return {
    ...cluster,
    workloads: workloads.slice(0, cluster.workloads.length),
    manager: workloads[cluster.workloads.length],
    crds: all(cluster.crds, 'customresourcedefinitions', action),
    services: all(cluster.services, 'services', action),
    pools: all(cluster.pools, 'eips', action),
    confs: all(cluster.confs, 'bgpconfs', action),
    peers: all(cluster.peers, 'bgppeers', action),
  };
}

function looking(cluster: Cluster, right: Stranger['right']): Cluster {
  return { ...cluster, strangers: cluster.strangers.map((each) => ({ ...each, right })) };
}

function afterCreate(cluster: Cluster, { path, body }: Extract<Action, { do: 'create' }>): Cluster {
  if (/\/role(binding)?s$/.test(path)) return looking(cluster, 'whole');
  if (!path.endsWith('/configmaps')) return { ...cluster, webhooks: cluster.record?.webhooks ?? [] };
  return { ...cluster, record: readRecord(body as { data: Record<string, string> }) };
}

function afterDelete(cluster: Cluster, { path }: Extract<Action, { do: 'delete' }>): Cluster {
  if (/\/role(binding)?s\//.test(path)) return looking(cluster, 'none');
  if (path.includes('/configmaps/')) return { ...cluster, record: undefined };
  const webhooks = cluster.webhooks.filter(({ kind, object }) => !isAt(path, kind, object.metadata));
  return { ...cluster, webhooks };
}

function after(cluster: Cluster, action: Action): Cluster {
  switch (action.do) {
    case 'patch':
      return afterPatch(cluster, action);
    case 'create':
      return afterCreate(cluster, action);
    case 'delete':
      return afterDelete(cluster, action);
    default:
      return cluster;
  }
}

/** The cluster once these steps are done. */
export function applied(cluster: Cluster, steps: readonly Step[]): Cluster {
  return steps.flatMap(({ actions }) => actions).reduce(after, cluster);
}
