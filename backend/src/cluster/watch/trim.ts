import type { KubeObject } from '../objects.ts';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Drops what no decision needs and what makes up half of an object's memory: the field managers, and kubectl's copy of the
 * manifest. Reuses the object otherwise, which nobody else has seen yet.
 */
export function trim<T extends KubeObject>(object: T): T {
  if (object.metadata === undefined) return object;
  const { managedFields: _managers, annotations, ...metadata } = object.metadata;
  // Made anew: an object of which something was deleted takes V8 three times the memory.
  return Object.assign(object, {
    metadata: annotations === undefined ? metadata : { ...metadata, annotations: withoutManifest(annotations) },
  });
}

function withoutManifest(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!(lastApplied in annotations)) return annotations;
  const { [lastApplied]: _manifest, ...rest } = annotations;
  return rest;
}
