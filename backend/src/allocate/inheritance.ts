import { MAX_SHARERS } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { sharingGroup } from './ledger.ts';
import type { Remembered } from './released.ts';

/**
 * What a pool's status, which tenants can't write, says of a Service and an address: it is the only holder, one of several (of whom it
 * names only the first), or none while another one that is named still claims it; undefined if the status doesn't know. `users`: whom
 * it names.
 */
export function recordOf(
  users: readonly string[],
  { key, ip }: { readonly key: string; readonly ip: string },
  services: ReadonlyMap<string, Service>,
): 'sole' | 'one' | 'none' | undefined {
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

function groupOf(service: Service | undefined): string | undefined {
  return service === undefined ? undefined : sharingGroup(service.sharing);
}

/** What the pools' statuses said at the beginning of a term of office, and for how long what stands in the Services counts beside it. */
export class Inheritance {
  readonly #users = new Map<string, readonly string[]>();
  #omitting: ReadonlySet<string> = new Set();
  #counts = true;

  begin({ used, omitting = new Set() }: Remembered): void {
    for (const [ip, keys] of used) this.#users.set(ip, [...(this.#users.get(ip) ?? []), ...keys]);
    this.#omitting = omitting;
  }

  /** From now on nobody else can have given addresses. */
  end(): void {
    this.#counts = false;
    this.#users.clear();
  }

  get counts(): boolean {
    return this.#counts;
  }

  recordOf(key: string, ip: string, services: ReadonlyMap<string, Service>): ReturnType<typeof recordOf> {
    return recordOf(this.#users.get(ip) ?? [], { key, ip }, services);
  }

  mayOmit(pool: string): boolean {
    return this.#omitting.has(pool);
  }
}
