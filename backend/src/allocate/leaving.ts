import type { Assignment } from '../domain/service.ts';
import type { Holder, Ledger } from './ledger.ts';

/** By Service, the addresses that its next successful write lets go of. */
export class Leaving {
  readonly #byService = new Map<string, ReadonlySet<string>>();
  readonly #ledger: Pick<Ledger, 'holders' | 'rivals'>;

  constructor(ledger: Pick<Ledger, 'holders' | 'rivals'>) {
    this.#ledger = ledger;
  }

  has(service: string, ip: string): boolean {
    return this.#byService.get(service)?.has(ip) === true;
  }

  /** Instead of what it was about to let go of, these; returns whether it keeps one after all. */
  set(service: string, assignments: readonly Assignment[]): boolean {
    const before = this.#byService.get(service);
    // As a rule it neither was nor is.
    if (before === undefined && assignments.length === 0) return false;
    const ips = new Set(assignments.map(({ ip }) => ip));
    if (ips.size > 0) this.#byService.set(service, ips);
    else this.#byService.delete(service);
    return before !== undefined && [...before].some((ip) => !ips.has(ip));
  }

  delete(service: string): void {
    this.#byService.delete(service);
  }

  /** The holders of an address that a Service is to have, and that can't share it. Who lets go of it anyway is left alone. */
  conflicting(service: Holder, ip: string): string[] {
    return this.#ledger.rivals(ip, service).filter((rival) => !this.has(rival, ip));
  }

  /**
   * One of those who have an address that another Service asks for, if all of them are about to let go of it: who joined them would have
   * it without its rest, and before those who wait for it.
   */
  leftBy(ip: string, service: string): string | undefined {
    if (this.#byService.size === 0) return undefined;
    const holders = this.#ledger.holders(ip);
    for (const key of holders) if (key === service || !this.has(key, ip)) return undefined;
    return [...holders].sort()[0];
  }
}
