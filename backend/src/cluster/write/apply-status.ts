import type { Kube } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import { refOf } from '../objects.ts';

/** Prefix of the field manager of one replica; what follows is the replica's name. */
const managerPrefix = 'porterlb-';
/**
 * A write of the leader ends before another leader can begin: less than the 5 s between the moment that a leader must stop and the end
 * of its lease (`lease.ts`). resourceVersion fences an object, not an address that two leaders give to two objects. In milliseconds.
 */
export const LEADER_WRITE_TIMEOUT_MS = 4_000;
/** The API server refuses longer ones (apimachinery: FieldManagerMaxLength). */
const maxManagerLength = 128;

export interface OwnStatus {
  /** The object whose status it is. */
  readonly ref: ObjectRef;
  /** Name of the replica that owns the entry. */
  readonly replica: string;
  /** The part of the status that this replica owns, and all of it: what is left out is removed. */
  readonly status: object;
}

/**
 * Writes this replica's part of a status by server-side apply under a field manager of its own. Replicas don't disturb each
 * other as long as their parts have different keys, so it needs no resourceVersion and is forced. Rejects with 404 when the
 * object is gone, which creates nothing.
 */
export async function applyOwnStatus<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  own: OwnStatus,
): Promise<T> {
  return await apply(api, kind, own);
}

async function apply<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  own: OwnStatus,
  timeoutMs?: number,
): Promise<T> {
  const body: KubeObject & { readonly status: object } = { metadata: own.ref, status: own.status };
  const change = { type: 'apply', body, fieldManager: fieldManagerOf(own.replica), force: true } as const;
  const options = { subresource: 'status', ...(timeoutMs === undefined ? {} : { timeoutMs }) } as const;
  return await api.patch(kind, own.ref, change, options);
}

/** What the leader takes back of a replica that is gone for good. Harmless if it wrote nothing. */
export async function pruneOwnStatus<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  { ref, replica }: Omit<OwnStatus, 'status'>,
): Promise<T> {
  return await apply(api, kind, { ref, replica, status: {} }, LEADER_WRITE_TIMEOUT_MS);
}

export function fieldManagerOf(replica: string): string {
  return `${managerPrefix}${replica}`.slice(0, maxManagerLength);
}

export interface FencedPatch {
  /** `strategic` for built-in kinds: it merges conditions by type, where `merge` would replace those of others. */
  readonly type: 'merge' | 'strategic';
  /** Labels, annotations and finalizers; empty for a patch of nothing but the status. */
  readonly metadata?: KubeObject['metadata'];
  readonly fields?: object;
  readonly subresource?: 'status';
  /** Time until the call is given up, in milliseconds; the API client's default if left out. */
  readonly timeoutMs?: number;
}

/**
 * Patches an object as it was read: with its uid and resourceVersion, so that the write of somebody with an old view (a leader
 * that was deposed while it slept) is refused. Rejects with 409 then: read again and decide anew (`isConflict`).
 *
 * @throws TypeError if `seen` has no resourceVersion: an unfenced write must not look like a fenced one.
 */
export async function patchFenced<T extends KubeObject>(
  api: Kube,
  kind: ResourceKind<T>,
  seen: T,
  patch: FencedPatch,
): Promise<T> {
  const { uid, resourceVersion } = seen.metadata ?? {};
  if (uid === undefined || resourceVersion === undefined)
    throw new TypeError(`${kind.kind} without uid or resourceVersion`);
  const body = { metadata: { ...patch.metadata, uid, resourceVersion }, ...patch.fields };
  const { subresource, timeoutMs } = patch;
  const options = {
    ...(subresource === undefined ? {} : { subresource }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return await api.patch(kind, refOf(seen), { type: patch.type, body }, options);
}
