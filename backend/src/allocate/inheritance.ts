import { MAX_SHARERS } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { sharingProblem } from '../domain/sharing.ts';
import { sharingGroup } from './ledger.ts';
import type { Remembered } from './released.ts';

/** What a pool's status, which tenants can't write, says of a claim: it is true, or it is another one's. */
export type Recorded = 'named' | 'another';

/** A Service had an address when the term began: it says so still, or no more. */
export type Inherited = 'kept' | 'let go';

/**
 * What a pool's status says of a Service and an address: that it has it, or, while somebody whom it names claims the address still and
 * doesn't share it, that it has not; undefined if the status doesn't know. `users`: whom it names for the address.
 */
export function recordOf(
  users: readonly string[],
  { key, ip }: { readonly key: string; readonly ip: string },
  services: ReadonlyMap<string, Service>,
): Recorded | undefined {
  if (users.includes(key)) return 'named';
  const claimants = users.flatMap((user) => {
    const service = services.get(user);
    // Beside a status without the address the record is the tenant's own annotation: a wish.
    return service?.claims === true && isRecorded(service.recorded, ip) ? service : [];
  });
  if (claimants.length === 0) return undefined;
  const own = services.get(key)?.sharing;
  if (own === undefined) return 'another';
  const group = sharingGroup(own);
  // Who is beyond a full list shares with those on it: nobody of another group does, and no other namespace is in the group.
  const isBeyond = users.length >= MAX_SHARERS && group !== undefined;
  if (isBeyond && claimants.some(({ sharing }) => sharingGroup(sharing) === group)) return 'named';
  // Who can share with all on it may have joined them since it was written.
  return claimants.every(({ sharing }) => sharingProblem(own, sharing) === undefined) ? undefined : 'another';
}

function isRecorded(assignments: readonly Assignment[] | undefined, ip: string): boolean {
  return assignments?.some((assignment) => assignment.ip === ip) === true;
}

/** What stood in pools and Services at the beginning of a term of office, and for how long what turns up in Services counts beside it. */
export class Inheritance {
  readonly #users = new Map<string, readonly string[]>();
  readonly #found = new Map<string, readonly Assignment[]>();
  #omitting: ReadonlySet<string> = new Set();
  #counts = true;

  begin({ used, omitting = new Set() }: Remembered): void {
    for (const [ip, keys] of used) this.#users.set(ip, [...(this.#users.get(ip) ?? []), ...keys]);
    this.#omitting = omitting;
  }

  /** What a Service was found with, and was believed to have. */
  find(service: string, held: readonly Assignment[]): void {
    if (held.length > 0) this.#found.set(service, held);
  }

  /** From now on nobody else can have given addresses. */
  end(): void {
    this.#counts = false;
    this.#users.clear();
    this.#found.clear();
  }

  get counts(): boolean {
    return this.#counts;
  }

  recordOf(key: string, ip: string, services: ReadonlyMap<string, Service>): ReturnType<typeof recordOf> {
    return recordOf(this.#users.get(ip) ?? [], { key, ip }, services);
  }

  inherited(key: string, ip: string, services: ReadonlyMap<string, Service>): Inherited | undefined {
    if (!isRecorded(this.#found.get(key), ip)) return undefined;
    const service = services.get(key);
    return service?.claims === true && isRecorded(service.recorded, ip) ? 'kept' : 'let go';
  }

  mayOmit(pool: string): boolean {
    return this.#omitting.has(pool);
  }
}
