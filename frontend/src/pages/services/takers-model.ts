import type { Takers } from '../../generated/api.ts';
import type { TextKey } from '../../texts/texts.ts';

/** Who takes the traffic of addresses that are all taken by the same. */
export interface TakersShown {
  readonly key: string;
  readonly ips: readonly string[];
  /** All names that are known, and the addresses that it is about. */
  readonly title: string;
  readonly names: string;
  /** How many are not named. */
  readonly more: number;
  /** That it is an owner, which is not the usual case. */
  readonly role: TextKey | undefined;
}

/** Of one address: a list has room for no more. */
const NAMED = 2;

/** `takers`: undefined where the API is older and does not say. Both addresses of a Service of two families have the same nodes, as a rule: told once. */
export function takersShown(takers: readonly Takers[] | undefined): TakersShown[] {
  const shown = new Map<string, TakersShown>();
  for (const { ip, protocol, nodes, more } of takers ?? []) {
    if (nodes === null || nodes.length === 0) continue;
    const role: TextKey | undefined = protocol === 'layer2' ? 'PATH_OWNER' : undefined;
    const key = JSON.stringify([role, nodes, more]);
    const same = shown.get(key);
    const named = nodes.slice(0, NAMED);
    const rest = more + nodes.length - named.length;
    const ips = [...(same?.ips ?? []), ip];
    const title = `${ips.join(', ')}: ${nodes.join(', ')}`;
    shown.set(key, { key, ips, title, names: named.join(', '), more: rest, role });
  }
  return [...shown.values()];
}
