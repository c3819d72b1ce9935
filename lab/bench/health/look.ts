/** What a replica has done since its start, as it is looked at. */
export interface Look extends Packets {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** Of its process, the kernel's work for it included. */
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly probes: number;
  /** How many nodes are so, as it says now. */
  readonly alive: number;
  /** Those that are dead now, and when each was found to be so. */
  readonly dead: Readonly<Record<string, number>>;
}

export interface Packets {
  readonly sent: number;
  readonly received: number;
}

/** What was done meanwhile, per second; processor time in percent of a core. */
export interface Rates extends Packets {
  readonly probes: number;
  readonly cpu: number;
}

/** @param table what /proc/net/dev has. @throws {Error} if the device is not there */
export function packets(table: string, device: string): Packets {
  const line = table.split('\n').find((text) => text.trim().startsWith(`${device}:`));
  if (line === undefined) throw new Error(`no ${device} in /proc/net/dev`);
  // Octets, packets and six more that were received, then the same of what was sent.
  const columns = (line.split(':')[1] ?? '').trim().split(/\s+/).map(Number);
  return { received: columns[1] ?? 0, sent: columns[9] ?? 0 };
}

export function rates(before: Look, after: Look): Rates {
  const seconds = (after.atMs - before.atMs) / 1_000;
  const of = (count: (look: Look) => number): number => (count(after) - count(before)) / seconds;
  return {
    sent: of(({ sent }) => sent),
    received: of(({ received }) => received),
    probes: of(({ probes }) => probes),
    cpu: of(({ cpuMs }) => cpuMs) / 10,
  };
}

/** How long it took until nodes that died at one moment were out. */
export interface Deaths {
  readonly nodes: number;
  readonly times: readonly number[];
}

/** The most nodes with which none took longer, nor with fewer. */
export function mostWithin(limitMs: number, measured: readonly Deaths[]): number | undefined {
  const bySize = [...measured].sort((a, b) => a.nodes - b.nodes);
  const tooMany = bySize.findIndex(({ times }) => times.some((ms) => ms > limitMs));
  return (tooMany === -1 ? bySize : bySize.slice(0, tooMany)).at(-1)?.nodes;
}
