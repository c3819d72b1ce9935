import type { AddressReport, FromEngine } from '../../engine/messages.ts';

type Changes = Omit<Extract<FromEngine, { readonly type: 'addresses' }>, 'type'>;

/** What this replica's engine says of each address: kept all the time, so that a new leader begins with all of it. */
export class AddressReports {
  readonly #current = new Map<string, AddressReport>();

  /** By address. */
  get current(): ReadonlyMap<string, AddressReport> {
    return this.#current;
  }

  update({ changed, gone }: Changes): void {
    for (const ip of gone) this.#current.delete(ip);
    for (const report of changed) this.#current.set(report.ip, report);
  }
}
