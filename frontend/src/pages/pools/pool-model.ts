import type { PoolAddress, PoolSummary } from '../../generated/api.ts';
import type { Level } from '../../parts/Status.tsx';
import { detailOf } from '../../parts/told.ts';
import type { TextKey } from '../../texts/texts.ts';

/** How a pool is, in one word, with what its condition says where that is news. */
export interface PoolState {
  readonly level: Level;
  readonly title: TextKey;
  readonly detail: string | undefined;
}

type Check = (pool: PoolSummary) => PoolState | undefined;

const CHECKS: readonly Check[] = [
  ({ deleting }) => (deleting ? { level: 'off', title: 'POOL_DELETING', detail: undefined } : undefined),
  ({ ready }) =>
    (ready ?? undefined) === undefined ? { level: 'unknown', title: 'STATE_UNKNOWN', detail: undefined } : undefined,
  // Who disabled it knows: it is no fault. One that is wrong besides says that.
  ({ disabled, ready }) =>
    disabled && (ready?.status === 'True' || ready?.reason === 'PoolDisabled')
      ? { level: 'off', title: 'POOL_DISABLED', detail: undefined }
      : undefined,
  ({ ready }) =>
    ready?.status === 'True' ? undefined : { level: 'bad', title: 'POOL_NOT_READY', detail: detailOf(ready) },
];

/** The first check that has something to say does. */
export function poolState(pool: PoolSummary): PoolState {
  for (const check of CHECKS) {
    const state = check(pool);
    if (state !== undefined) return state;
  }
  return { level: 'good', title: 'POOL_READY', detail: undefined };
}

export const PROTOCOLS: Readonly<Record<string, TextKey>> = { bgp: 'PROTOCOL_BGP', layer2: 'PROTOCOL_LAYER2' };

/** How full it is, from 0 to 1; undefined where that says nothing, as of an IPv6 pool. */
export function fullness({ size, used }: PoolSummary['use']): number | undefined {
  const all = Number(size);
  return all > 0 && all <= Number.MAX_SAFE_INTEGER ? Math.min(1, used / all) : undefined;
}

/** Numbers that nobody reads to the end, as a power of two or ten: an IPv6 pool has 2^64 addresses. */
export function sizeText(size: string): string {
  if (size.length <= 9) return size;
  const bits = BigInt(size).toString(2);
  const isPower = /^10*$/.test(bits);
  return isPower ? `2^${bits.length - 1}` : `≈ ${size.slice(0, 1)}.${size.slice(1, 2)}·10^${size.length - 1}`;
}

export type AddressState = PoolAddress['state'];

export const ADDRESS_STATES: Readonly<Record<AddressState, TextKey>> = {
  used: 'ADDRESS_USED',
  resting: 'ADDRESS_RESTING',
  released: 'ADDRESS_RELEASED',
  conflict: 'ADDRESS_CONFLICT',
  free: 'ADDRESS_FREE',
  reserved: 'ADDRESS_RESERVED',
};

/** Of an API that is newer than these pages there may be states that they don't know. */
export function addressStateKey(state: string): TextKey | undefined {
  return Object.hasOwn(ADDRESS_STATES, state) ? ADDRESS_STATES[state as AddressState] : undefined;
}

/** What tells two addresses of one pool apart: the last part of them. */
export function shortAddress(ip: string): string {
  return ip.includes(':') ? `:${ip.split(':').at(-1) ?? ''}` : `.${ip.split('.').at(-1) ?? ''}`;
}
