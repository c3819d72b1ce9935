/** Most memory of one replica, in MiB: three times what one takes at rest. */
const mostMiB = 300;
/**
 * So much more than the most that it took until its first rest a process may take at the least from a later rest to the next, in MiB: the least,
 * so that what waits for a collection of garbage doesn't count, and the most, so that the way from its start to its first rest doesn't.
 */
const mostGrowthMiB = 40;

interface Period {
  readonly pid: number;
  /** Until its first rest. */
  readonly mostAtFirst: number;
  readonly hasRested: boolean;
  /** Since the last rest. */
  readonly least: number;
}

/** The memory of replicas over time: it has a ceiling, and from rest to rest it doesn't grow. */
export class Memory {
  worstMiB = 0;
  worstGrowthMiB = -Infinity;
  readonly #periods = new Map<string, Period>();

  /** One look at a process. @returns what is wrong, in lines */
  look(node: string, pid: number, rssMiB: number): string[] {
    this.worstMiB = Math.max(this.worstMiB, rssMiB);
    const known = this.#periods.get(node);
    const before = known?.pid === pid ? known : { pid, mostAtFirst: 0, hasRested: false, least: Infinity };
    const mostAtFirst = before.hasRested ? before.mostAtFirst : Math.max(before.mostAtFirst, rssMiB);
    this.#periods.set(node, { ...before, mostAtFirst, least: Math.min(before.least, rssMiB) });
    return rssMiB > mostMiB ? [`the replica on ${node} took more than ${mostMiB} MiB`] : [];
  }

  /** The lab is at rest. `judged`: processes that were there at an earlier rest, too. */
  rest(): { readonly judged: number; readonly lines: readonly string[] } {
    const lines: string[] = [];
    let judged = 0;
    for (const [node, period] of this.#periods) {
      const growth = period.least - period.mostAtFirst;
      if (period.hasRested && period.least < Infinity) {
        judged++;
        this.worstGrowthMiB = Math.max(this.worstGrowthMiB, growth);
        if (growth > mostGrowthMiB) lines.push(`the replica on ${node} grew by ${growth.toFixed(0)} MiB`);
      }
      this.#periods.set(node, { ...period, hasRested: true, least: Infinity });
    }
    return { judged, lines };
  }
}
