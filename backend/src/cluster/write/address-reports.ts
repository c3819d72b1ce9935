import type { AddressReport, FromEngine } from '../../engine/messages.ts';
import { Tally } from '../tally.ts';

type Changes = Omit<Extract<FromEngine, { readonly type: 'addresses' }>, 'type'>;

/** What this replica's engine says of each address: kept all the time, so that a new leader begins with all of it. */
export class AddressReports {
  readonly #current = new Map<string, AddressReport>();
  /** Names of nodes, by themselves: most addresses have the same, and with many nodes and addresses each message's own would be most of the heap. */
  readonly #lists = new Map<string, readonly string[]>();
  readonly #reasons = new Tally();

  /** By address. */
  get current(): ReadonlyMap<string, AddressReport> {
    return this.#current;
  }

  /** How many addresses it says this of, by reason. */
  get reasons(): ReadonlyMap<string, number> {
    return this.#reasons.counts;
  }

  /** How many lists of nodes there are in memory. */
  get lists(): number {
    return this.#lists.size;
  }

  update({ changed, gone }: Changes): void {
    for (const ip of gone) {
      this.#reasons.change(this.#current.get(ip)?.finding.reason, undefined);
      this.#current.delete(ip);
    }
    if (gone.length > 0) this.#dropUnused();
    // When a node comes or goes, one message is of all addresses: its lists are looked at once, not for each of them.
    const brought = new Map<readonly string[], readonly string[]>();
    for (const report of changed) {
      const nodes = brought.get(report.nodes) ?? this.#shared(report.nodes);
      brought.set(report.nodes, nodes);
      this.#reasons.change(this.#current.get(report.ip)?.finding.reason, report.finding.reason);
      this.#current.set(report.ip, { ...report, nodes });
    }
  }

  #shared(nodes: readonly string[]): readonly string[] {
    const key = nodes.join(' ');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    this.#dropUnused();
    this.#lists.set(key, nodes);
    return nodes;
  }

  /** Those that no address has any more are dropped with all: they come again with what is said next. */
  #dropUnused(): void {
    if (this.#lists.size > this.#current.size) this.#lists.clear();
  }
}
