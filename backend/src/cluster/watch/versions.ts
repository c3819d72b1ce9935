import { ApiError } from '../errors.ts';
import type { KubeObject } from '../objects.ts';

/** Whether an object was deleted and created anew under its name. */
export function isOther(known: KubeObject | undefined, object: KubeObject): boolean {
  return known !== undefined && known.metadata?.uid !== object.metadata?.uid;
}

export function isSameVersion(known: KubeObject, object: KubeObject): boolean {
  const version = object.metadata?.resourceVersion;
  return version !== undefined && known.metadata?.resourceVersion === version;
}

/** Whether the version from which we watched is of no use any more: 410, and any 4xx that is about the request itself. */
export function mustListAfter(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 401 &&
    error.status !== 429
  );
}

/**
 * By key: the versions of an object that writes of our own have replaced, as far as what the API server answered to these is known before
 * the watch has brought it. A list that was under way, and the watch, may still bring them, and must not take the object back to one.
 */
export class ReplacedVersions {
  readonly #byKey = new Map<string, Set<string>>();

  note(key: string, version: string): void {
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Set()).add(version));
  }

  /** Any version but these tells that the watch has caught up. */
  has(key: string, object: KubeObject): boolean {
    const replaced = this.#byKey.get(key);
    if (replaced === undefined) return false;
    if (replaced.has(object.metadata?.resourceVersion ?? '')) return true;
    this.#byKey.delete(key);
    return false;
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }
}
