import { isExpired, NetworkError } from '../errors.ts';
import type { Kube, ListOptions, Selection } from '../kube.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';

/** What client-go's pager and kubectl use. */
const pageSize = 500;
const pageTimeoutMs = 30_000;

export interface CompleteList<T> {
  readonly items: T[];
  /** Never empty. */
  readonly resourceVersion: string;
}

/**
 * All objects of one kind, page by page, each passed through `transform` before the next page is asked for. Rejects unless
 * *every* page came: half a list must never be taken for the whole.
 */
export async function listAll<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  selection: Selection & { readonly signal?: AbortSignal },
  transform: (object: T) => T = (object) => object,
): Promise<CompleteList<T>> {
  try {
    return await readPages(api, kind, { ...selection, limit: pageSize, timeoutMs: pageTimeoutMs }, transform);
  } catch (error) {
    // The continue token outlived etcd's history (5 minutes): one answer without pages can't.
    if (!isExpired(error)) throw error;
    return await readPages(api, kind, { ...selection, timeoutMs: pageTimeoutMs }, transform);
  }
}

async function readPages<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  options: ListOptions,
  transform: (object: T) => T,
): Promise<CompleteList<T>> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page = await api.list(kind, next === undefined ? options : { ...options, continue: next });
    // An empty or foreign JSON document would otherwise look like a cluster without objects.
    if (page.resourceVersion === '')
      throw new NetworkError('protocol', `the list of ${kind.plural} has no resourceVersion`);
    for (const item of page.items) items.push(transform(item));
    if (page.continue === undefined) return { items, resourceVersion: page.resourceVersion };
    next = page.continue;
  } while (true);
}
