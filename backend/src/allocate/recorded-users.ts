import type { Service } from '../domain/service.ts';
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
    const claims = (user: string): boolean =>
      services.get(user)?.recorded.some((assignment) => assignment.ip === ip) === true;
    return users.some(claims) ? 'none' : undefined;
  }
}
