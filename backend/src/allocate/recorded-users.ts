import { MAX_SHARERS } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { sharingGroup } from './ledger.ts';
import type { AllocateView } from './plan.ts';
import type { Remembered } from './released.ts';

/** Whom the pools' statuses named at the beginning of a term of office, by address: nobody but us writes these. */
export class RecordedUsers {
  readonly #keys = new Map<string, readonly string[]>();

  add(used: Remembered['used']): void {
    for (const [ip, keys] of used) this.#keys.set(ip, [...(this.#keys.get(ip) ?? []), ...keys]);
  }

  clear(): void {
    this.#keys.clear();
  }

  /** As `AllocateView.recordOf`. */
  of(key: string, ip: string, services: ReadonlyMap<string, Service>): ReturnType<AllocateView['recordOf']> {
    const users = this.#keys.get(ip) ?? [];
    if (users.includes(key)) return users.length === 1 ? 'sole' : 'one';
    const claimants = users.flatMap((user) => {
      const service = services.get(user);
      return service?.recorded.some((assignment) => assignment.ip === ip) === true ? [service] : [];
    });
    if (claimants.length === 0) return undefined;
    const group = groupOf(services.get(key));
    // Who is beyond a full list shares with those on it: nobody of another group does, and no other namespace is in the group.
    const isBeyond = users.length >= MAX_SHARERS && group !== undefined;
    return isBeyond && claimants.some((claimant) => groupOf(claimant) === group) ? 'one' : 'none';
  }
}

function groupOf(service: Service | undefined): string | undefined {
  return service === undefined ? undefined : sharingGroup(service.sharing);
}
