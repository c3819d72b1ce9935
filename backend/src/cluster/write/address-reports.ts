import type { AddressReport, FromEngine } from '../../engine/messages.ts';
import { Tally } from '../tally.ts';

type Changes = Omit<Extract<FromEngine, { readonly type: 'addresses' }>, 'type'>;

/** What this replica's engine says of each address: kept all the time, so that a new leader begins with all of it. */
export class AddressReports {
  readonly #current = new Map<string, AddressReport>();
  readonly #reasons = new Tally();

  /** By address. */
  get current(): ReadonlyMap<string, AddressReport> {
    return this.#current;
  }

  /** How many addresses it says this of, by reason. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons.counts;
  }

  update({ changed, gone }: Changes): void {
    for (const ip of gone) {
      this.#reasons.change(this.#current.get(ip)?.finding.reason, undefined);
      this.#current.delete(ip);
    }
    for (const report of changed) {
      this.#reasons.change(this.#current.get(report.ip)?.finding.reason, report.finding.reason);
      this.#current.set(report.ip, report);
    }
  }
}
