interface Hop {
  readonly gateway: string;
  readonly device: string;
}

/** The nexthop objects of one kernel, of which FRR makes its routes, as far as they were told of since somebody has read along. */
export class NexthopObjects {
  readonly #hops = new Map<string, Hop>();
  /** The hops of each group. */
  readonly #groups = new Map<string, readonly string[]>();

  /** A line of `ip -o monitor nexthop` (iproute2 6.1). @returns false for one of something else */
  read(line: string): boolean {
    const [match, deleted, id = '', members, gateway, device = ''] =
      /^(Deleted )?id (\d+) (?:group (\S+)|via (\S+) dev (\S+))?/.exec(line) ?? [];
    if (match === undefined) return false;
    if (deleted !== undefined) this.#drop([id]);
    else if (members !== undefined) this.#groups.set(id, members.split('/').map(withoutWeight));
    else if (gateway !== undefined) this.#hops.set(id, { gateway, device });
    return true;
  }

  /** A link lost its carrier: Linux drops all objects through it, and tells of none of them (`nexthop_flush_dev`). */
  loseLink(device: string): void {
    this.#drop([...this.#hops].filter(([, hop]) => hop.device === device).map(([id]) => id));
  }

  /** The gateways of a route that is made of this object, sorted. */
  gatewaysOf(id: string): string[] {
    const hops = this.#groups.get(id) ?? [id];
    return hops.flatMap((hop) => this.#hops.get(hop)?.gateway ?? []).sort();
  }

  #drop(ids: readonly string[]): void {
    for (const id of ids) {
      this.#hops.delete(id);
      this.#groups.delete(id);
    }
    for (const [id, members] of this.#groups) {
      this.#groups.set(
        id,
        members.filter((member) => !ids.includes(member)),
      );
    }
  }
}

function withoutWeight(member: string): string {
  return member.split(',')[0] ?? '';
}
