import type { ReplicaPlace } from '../domain/replica.ts';

/** Which replica said last of a MAC that it is its own. */
export class ReplicaMacs<Replica extends object> {
  /** The one that said it last is first. */
  readonly #byMac = new Map<string, readonly Replica[]>();
  readonly #macs = new Map<Replica, ReadonlySet<string>>();

  /** What a replica says of its place from now on. */
  set(replica: Replica, { links }: ReplicaPlace): void {
    this.delete(replica);
    const macs = new Set(links.map(({ mac }) => mac));
    this.#macs.set(replica, macs);
    for (const mac of macs) this.#byMac.set(mac, [replica, ...(this.#byMac.get(mac) ?? [])]);
  }

  delete(replica: Replica): void {
    for (const mac of this.#macs.get(replica) ?? []) {
      const others = (this.#byMac.get(mac) ?? []).filter((other) => other !== replica);
      if (others.length > 0) this.#byMac.set(mac, others);
      else this.#byMac.delete(mac);
    }
    this.#macs.delete(replica);
  }

  /** @param mac such as `02:00:5e:10:00:0a` */
  get(mac: string): Replica | undefined {
    return this.#byMac.get(mac)?.[0];
  }
}
