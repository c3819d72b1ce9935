import { isForbidden, isNotFound } from '../errors.ts';
import { customResourceDefinitions } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ResourceKind } from '../objects.ts';
import type { KindStanding } from './orphans.ts';

/**
 * Whether the CRD of a kind is there and not being deleted, and which one it is. A CRD that is deleted takes its objects along one by one,
 * and a watch tells of each as of any other that is deleted; but before the first of them the CRD has its deletion timestamp.
 *
 * @throws {KubeError} when the API server doesn't say
 */
export async function kindStands(api: Kube, { plural, group }: ResourceKind<never>): Promise<KindStanding> {
  try {
    const { metadata } = await api.get(customResourceDefinitions, { name: `${plural}.${group}` });
    return { stands: metadata?.deletionTimestamp === undefined, uid: metadata?.uid };
  } catch (error) {
    if (isNotFound(error)) return { stands: false, uid: undefined };
    // We may not ask, by roles that are older than the question: an object that is gone is gone.
    if (isForbidden(error)) return { stands: true, uid: undefined };
    throw error;
  }
}
