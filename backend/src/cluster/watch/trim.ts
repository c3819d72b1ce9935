import type { KubeObject } from '../objects.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Drops what no decision needs and what makes up half of an object's memory: the field managers, and kubectl's copy of the
 * manifest. Reuses the object, which nobody else has seen yet.
 */
export function trim<T extends KubeObject>(object: T): T {
  const metadata = object.metadata as { managedFields?: unknown; annotations?: Record<string, string> } | undefined;
  if (metadata === undefined) return object;
  delete metadata.managedFields;
  if (metadata.annotations !== undefined && lastApplied in metadata.annotations)
    delete metadata.annotations[lastApplied];
  return object;
}
