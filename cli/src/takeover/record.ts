import { keyOf, type Cluster, type TakeoverRecord, type Webhook } from './cluster.ts';
import { RECORD } from './keys.ts';

const FIELD = 'record.json';

/** Without what only the API server may write. */
function restorable({ kind, object }: Webhook): Webhook {
  const { name, labels, annotations } = object.metadata;
  return {
    kind,
    object: { ...object, metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) } },
  };
}

/** What a rollback needs and nothing but this tells. */
export function recordOf({ workloads, webhooks }: Cluster): TakeoverRecord {
  return {
    workloads: workloads.map(({ kind, object }) => {
      return { kind, key: keyOf(object), replicas: object.spec?.replicas ?? 1 };
    }),
    webhooks: webhooks.map(restorable),
  };
}

export function recordObject(record: TakeoverRecord, namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: RECORD, namespace },
    data: { [FIELD]: JSON.stringify(record, undefined, 2) },
  };
}

/** @throws {SyntaxError} if somebody has written something else there */
export function readRecord(object: { readonly data?: Readonly<Record<string, string>> }): TakeoverRecord {
  return JSON.parse(object.data?.[FIELD] ?? '') as TakeoverRecord;
}
