import { MAX_SHARERS, type Pool } from '../domain/pool.ts';
import { selects } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { sharingProblem } from '../domain/sharing.ts';
import type { Remembered } from './released.ts';
import { sharingGroup } from '../domain/sharers.ts';

/** What a pool's status, which tenants can't write, says of a claim: it is true, or it is another one's. */
export type Recorded = 'named' | 'another';

/** A Service had an address when the term began: it says so still, or no more. */
export type Inherited = 'kept' | 'let go';

/** What a pool's status is asked about. */
export interface Question {
  readonly key: string;
  readonly ip: string;
  /** The pool's. */
  readonly selector: Pool['serviceSelector'];
}

/**
 * What a pool's status says of a Service and an address: that it has it, or, while somebody whom it names claims the address still and
 * doesn't share it, that it has not; undefined if the status doesn't know. `users`: whom it names for the address.
 */
export function recordOf(
  users: readonly string[],
  question: Question,
  services: ReadonlyMap<string, Service>,
): Recorded | undefined {
  const { key, ip } = question;
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
  const isOfGroup = group !== undefined && claimants.some(({ sharing }) => sharingGroup(sharing) === group);
  if (isOfGroup && mayBeBeyond(users, question, services)) return 'named';
  // Who can share with all on it may have joined them since it was written.
  return claimants.every(({ sharing }) => sharingProblem(own, sharing) === undefined) ? undefined : 'another';
}

/** Whether a list is full and leaves out whom the question is about: whom its pool doesn't select comes first in it, see `inListOrder`. */
function mayBeBeyond(
  users: readonly string[],
  { key, selector }: Question,
  services: ReadonlyMap<string, Service>,
): boolean {
  const isSelected = (user: string): boolean => selects(selector, services.get(user)?.labels ?? {});
  // One that is gone counts as selected: a boundary is not opened by what is not there.
  const isShutOut = (user: string): boolean => services.has(user) && !isSelected(user);
  return users.length >= MAX_SHARERS && (isSelected(key) || users.every(isShutOut));
}

/**
 * The order in which a pool's status names those who share an address, as far as there is room. First whom the pool doesn't select any
 * more: of the others its rules say that they may share it, of these nothing else does.
 */
export function inListOrder(
  keys: Iterable<string>,
  selector: Pool['serviceSelector'],
  services: ReadonlyMap<string, Pick<Service, 'labels'>>,
): string[] {
  const sorted = [...keys].sort();
  if (selector === undefined) return sorted;
  const isShutOut = (key: string): boolean => !selects(selector, services.get(key)?.labels ?? {});
  return [...sorted.filter(isShutOut), ...sorted.filter((key) => !isShutOut(key))];
}

function isRecorded(assignments: readonly Assignment[] | undefined, ip: string): boolean {
  return assignments?.some((assignment) => assignment.ip === ip) === true;
}

/** The addresses that more than one Service claims, with these: who has no rival needs nobody to be told of. */
function contested(services: Iterable<Service>): Map<string, Service[]> {
  const all = new Map<string, Service>();
  const several = new Map<string, Service[]>();
  for (const service of services) {
    for (const { ip } of service.claims ? service.recorded : []) {
      const first = all.get(ip);
      const claimants = several.get(ip);
      if (first === undefined) all.set(ip, service);
      else if (claimants === undefined) several.set(ip, [first, service]);
      else claimants.push(service);
    }
  }
  return several;
}

/** What stood in pools and Services at the beginning of a term of office, and for how long what turns up in Services counts beside it. */
export class Inheritance {
  readonly #users = new Map<string, readonly string[]>();
  #isHolder: NonNullable<Remembered['isHolder']> = () => false;
  readonly #found = new Map<string, readonly Assignment[]>();
  #omitting: ReadonlySet<string> = new Set();
  #counts = true;

  /** `services`: all, as they are found. */
  begin({ used, omitting = new Set(), isHolder = () => false }: Remembered, services: Iterable<Service>): void {
    for (const [ip, keys] of used) this.#addUsers(ip, keys);
    this.#omitting = omitting;
    this.#isHolder = isHolder;
    for (const [ip, claimants] of contested(services)) {
      const holders = claimants.filter(({ uid }) => isHolder(ip, uid));
      this.#addUsers(
        ip,
        holders.map(({ key }) => key),
      );
    }
  }

  #addUsers(ip: string, keys: readonly string[]): void {
    if (keys.length > 0) this.#users.set(ip, [...new Set([...(this.#users.get(ip) ?? []), ...keys])]);
  }

  /** What a Service was found with, and was believed to have. */
  find(service: string, held: readonly Assignment[]): void {
    if (held.length > 0) this.#found.set(service, held);
  }

  /** From now on nobody else can have given addresses. */
  end(): void {
    this.#counts = false;
    this.#users.clear();
    this.#isHolder = () => false;
    this.#found.clear();
  }

  get counts(): boolean {
    return this.#counts;
  }

  recordOf(question: Question, services: ReadonlyMap<string, Service>): ReturnType<typeof recordOf> {
    const uid = services.get(question.key)?.uid;
    if (uid !== undefined && this.#isHolder(question.ip, uid)) return 'named';
    return recordOf(this.#users.get(question.ip) ?? [], question, services);
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
