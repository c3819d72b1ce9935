import type { KubernetesObject } from '../../api/objects.ts';

/** What a Service asks for, as people write it. */
export interface Wish {
  /** Names of pools in the order of preference, separated by commas; empty: by the pools' rules. */
  readonly pools: string;
  /** Addresses, at most one per family, separated by commas; empty: any. */
  readonly ips: string;
}

// Each of these says something; the first that does counts.
const POOL_KEYS = ['eip.openelb.kubesphere.io/v1alpha2', 'eip.porter.kubesphere.io/v1alpha2'] as const;
const IPS_KEYS = [
  'lb.kubesphere.io/ips',
  'eip.openelb.kubesphere.io/v1alpha1',
  'eip.porter.kubesphere.io/v1alpha1',
] as const;

export function wishOf(service: KubernetesObject): Wish {
  const { loadBalancerIP } = service.spec ?? {};
  const field = typeof loadBalancerIP === 'string' ? [loadBalancerIP] : [];
  return {
    pools: firstList(POOL_KEYS.map((key) => service.metadata.annotations?.[key])),
    ips: firstList([...IPS_KEYS.map((key) => service.metadata.annotations?.[key]), ...field]),
  };
}

/** What has the Service ask for that, as a JSON merge patch; undefined: it does already. */
export function wishPatch(wish: Wish, service: KubernetesObject): object | undefined {
  const before = wishOf(service);
  const [pools, ips] = [listed(wish.pools), listed(wish.ips)];
  const asksOtherPools = pools !== before.pools;
  const asksOtherIps = ips !== before.ips;
  if (!asksOtherPools && !asksOtherIps) return undefined;
  const annotations = {
    ...(asksOtherPools ? only(POOL_KEYS, POOL_KEYS[1], pools, service) : {}),
    ...(asksOtherIps ? only(IPS_KEYS, IPS_KEYS[0], ips, service) : {}),
  };
  const hasField = service.spec?.['loadBalancerIP'] !== undefined;
  // Where no address is asked for any more, that deprecated field would go on asking.
  return { metadata: { annotations }, ...(asksOtherIps && hasField ? { spec: { loadBalancerIP: null } } : {}) };
}

/** The value under one of several keys, and nothing under the others. */
function only(
  keys: readonly string[],
  chosen: string,
  value: string,
  { metadata }: KubernetesObject,
): Record<string, string | null> {
  const set = keys.filter((key) => metadata.annotations?.[key] !== undefined);
  const cleared = Object.fromEntries(set.map((key) => [key, null]));
  return value === '' ? cleared : { ...cleared, [chosen]: value };
}

function firstList(values: readonly (string | undefined)[]): string {
  return values.map((value) => listed(value ?? '')).find((value) => value !== '') ?? '';
}

/** As annotations have it: without spaces. */
function listed(text: string): string {
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .join(',');
}
