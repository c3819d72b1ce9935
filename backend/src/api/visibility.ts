import type { Admitted } from './identity/gate.ts';
import { EVERYBODY, NOBODY, onlyNamespace, type Audience } from './model/audience.ts';
import { BASE_PATH } from './routes.ts';

/** Namespaces of other owners in one answer that rights are asked for; the rest stay unnamed. */
const MAX_ASKED = 250;

/** The list of a namespace: other namespaces are named to those only who may see all. */
export async function withinNamespace(admitted: Admitted, namespace: string): Promise<Audience> {
  return (await admitted.seesAll()) ? EVERYBODY : onlyNamespace(namespace);
}

/** One Service: the others of its namespace are named to those only who may list them. */
export async function besideOthers(admitted: Admitted, namespace: string): Promise<Audience> {
  if (await admitted.seesAll()) return EVERYBODY;
  return (await admitted.may(...listingIn(namespace))) ? onlyNamespace(namespace) : NOBODY;
}

/** An answer that may name Services of any namespace: each only to whom may see the Services there. */
export async function masked<T>(admitted: Admitted, build: (audience: Audience) => T): Promise<T> {
  if (await admitted.seesAll()) return build(EVERYBODY);
  const named = new Set<string>();
  const nobody: Audience = {
    sees: (namespace) => {
      named.add(namespace);
      return false;
    },
  };
  const answer = build(nobody);
  const seen = await seenOf(admitted, named);
  return seen.size === 0 ? answer : build({ sees: (namespace) => seen.has(namespace) });
}

/**
 * Of these namespaces those whose Services the caller may see, as far as that is asked for. Asked first is what is most likely a yes, and what
 * was a no comes last: where not all can be asked, the caller's own are named all the same.
 */
export async function seenOf(admitted: Admitted, named: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const likely = Map.groupBy([...named].sort(), (namespace) => String(admitted.didLast(...listingIn(namespace))));
  const asked = ['true', 'undefined', 'false'].flatMap((last) => likely.get(last) ?? []).slice(0, MAX_ASKED);
  const verdicts = await Promise.all(asked.map(async (namespace) => await admitted.may(...listingIn(namespace))));
  return new Set(asked.filter((_, i) => verdicts[i] === true));
}

function listingIn(namespace: string): Parameters<Admitted['may']> {
  const access = { verb: 'list', resource: 'services', subresource: undefined, namespace, name: undefined } as const;
  return [access, { method: 'GET', path: `${BASE_PATH}/namespaces/${namespace}/services` }];
}
