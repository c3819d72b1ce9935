/** What must hold, and in what it is counted how much was judged. */
const invariants = {
  addresses: ['no address for two Services, and none changed', 'looks at Services'],
  'dead nodes': [
    'no route to a node that is dead for longer than allowed, and no address on the LAN without a living owner',
    'deaths of a node that a router led to, or that owned an address',
  ],
  withdrawals: ['no withdrawn healthy Service', 's of a route at a router'],
  returns: ['routes of a router that was away back within a second of its first session', 'routes'],
  owners: ['one owner of an address on the LAN', 's of an address'],
  memory: ['no unbounded memory', 'processes from one rest to the next'],
  rest: ['all replicas tell all routers the same, and what is right, once settled', 'paths'],
} as const;

export type Invariant = keyof typeof invariants;

export const invariantNames = Object.keys(invariants) as readonly Invariant[];

/** How often, or for how long, each invariant was judged, and of how much. */
export class Tally {
  readonly #judged = new Map<Invariant, { judged: number; of: number }>();

  /** @param of how much there was to judge, had nothing been exempt */
  add(invariant: Invariant, judged: number, of = judged): void {
    const before = this.#judged.get(invariant) ?? { judged: 0, of: 0 };
    this.#judged.set(invariant, { judged: before.judged + judged, of: before.of + of });
  }

  /** Those that were never judged: what was run says nothing about them. */
  never(): Invariant[] {
    return invariantNames.filter((name) => (this.#judged.get(name)?.judged ?? 0) === 0);
  }

  /** A line for each: `withdrawals: judged 812 of 1024 s of a route at a router (79 %)`. */
  lines(): string[] {
    return invariantNames.map((name) => {
      const { judged, of } = this.#judged.get(name) ?? { judged: 0, of: 0 };
      const share = of === 0 ? '' : ` (${Math.round((100 * judged) / of)} %)`;
      return `${name}: judged ${Math.round(judged)} of ${Math.round(of)} ${invariants[name][1]}${share}`;
    });
  }
}

export function meaningOf(invariant: Invariant): string {
  return invariants[invariant][0];
}
