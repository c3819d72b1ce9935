import { isForbidden, isNotFound } from '../errors.ts';
import { customResourceDefinitions } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ResourceKind } from '../objects.ts';

/**
 * Whether the CRD of a kind is there and not being deleted. A CRD that is deleted takes its objects along one by one, and a watch tells
 * of each as of any other that is deleted; but before the first of them the CRD has its deletion timestamp.
 *
 * @throws {KubeError} when the API server doesn't say
 */
export async function kindStands(api: Kube, { plural, group }: ResourceKind<never>): Promise<boolean> {
  try {
    const { metadata } = await api.get(customResourceDefinitions, { name: `${plural}.${group}` });
    return metadata?.deletionTimestamp === undefined;
  } catch (error) {
    if (isNotFound(error)) return false;
    // We may not ask, by roles that are older than the question: an object that is gone is gone.
    if (isForbidden(error)) return true;
    throw error;
  }
}
