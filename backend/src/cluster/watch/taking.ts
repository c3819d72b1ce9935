import { isDeepStrictEqual } from 'node:util';
import { belongsToCni } from '../../resources/keys.ts';
import type { parseBgpPeer, PasswordSource } from '../../resources/parse-bgp-peer.ts';
import type { Parse } from '../../resources/parse.ts';
import type { CustomObject } from '../custom-kinds.ts';
import type { KubeObject } from '../objects.ts';
import type { Change } from './informer.ts';
import type { LastGood, Unread } from './last-good.ts';

/** The last good value stays as it was, and nothing stands in for it. */
export function asItWas(): Record<never, never> {
  return {};
}

/** Where a peer wants its password from, and which object that is. */
export function wishOf(
  parsed: ReturnType<typeof parseBgpPeer> | undefined,
): { password: PasswordSource; uid: string } | undefined {
  if (parsed?.ok !== true || parsed.password === undefined) return undefined;
  return { password: parsed.password, uid: parsed.value.uid };
}

/** The object as it is now; one that is labelled as the CNI's is as good as absent. */
export function usable<T extends KubeObject>(change: Change<T>): T | undefined {
  return change.type === 'set' && !belongsToCni(change.object.metadata?.labels) ? change.object : undefined;
}

/** Takes a change of a configuration object over. */
export function take<T extends { readonly uid: string }>(
  store: LastGood<T>,
  change: Change<CustomObject<unknown>>,
  parse: (object: CustomObject<unknown>) => Parse<T>,
  unread: (object: CustomObject<unknown>) => Unread<T>,
): { readonly value: T | null; readonly changed: boolean } {
  const before = store.get(change.key)?.value;
  const object = usable(change);
  if (object === undefined) store.delete(change.key);
  else store.set(change.key, object.metadata?.uid ?? '', parse(object), unread(object));
  const value = store.get(change.key)?.value;
  return { value: value ?? null, changed: !isDeepStrictEqual(before, value) };
}
