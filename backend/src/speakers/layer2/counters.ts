import { DROP_REASONS, type DropReason } from './wire/drop.ts';

/** Frames that nothing is wrong with: these are the speaker's own reasons beside the codec's. */
const SPEAKER_REASONS = [
  /** About addresses that we don't hold. */
  'foreign',
  /** To an IPv6 group that no address of ours is in; many devices pass those too. */
  'group',
  /** Sent to another station; a link in promiscuous mode shows those too. */
  'other-station',
  /** There was no room for more: they came faster than they were taken. */
  'overflow',
  /** From a link of this host. */
  'own',
  /** A question for an address that we don't answer for yet: being probed, or somebody else's. */
  'not-announced',
  /** Neither asks for an address of ours nor claims one: a reply to it, or what says the same as we do. */
  'no-claim',
] as const;

export type Layer2DropReason = DropReason | (typeof SPEAKER_REASONS)[number];

export const LAYER2_DROP_REASONS: readonly Layer2DropReason[] = [...DROP_REASONS, ...SPEAKER_REASONS];

/** Address resolution of IPv4 and of IPv6. */
export type Resolution = 'arp' | 'ndp';

/** Kinds of frames that are sent: a gratuitous ARP is two of them. */
export type SentKind = 'answer' | 'announcement' | 'probe';

/** What happened on one link since it was first used. */
export interface CounterSnapshot {
  readonly received: number;
  /** Questions for addresses that we hold. */
  readonly questions: Readonly<Record<Resolution, number>>;
  /** Every reason is there, also with 0. */
  readonly dropped: Readonly<Record<Layer2DropReason, number>>;
  readonly sent: Readonly<Record<SentKind, Readonly<Record<Resolution, number>>>>;
  /** Frames that this host knows it has lost; they count as sent too. */
  readonly lost: number;
  /** Claims by others to addresses that we hold or want. */
  readonly conflicts: number;
  readonly rivals: number;
}

function zeros<K extends string>(names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
}

const none = (): Record<Resolution, number> => ({ arp: 0, ndp: 0 });

/** Of one link. */
export class Counters {
  received = 0;
  lost = 0;
  conflicts = 0;
  rivals = 0;
  readonly #dropped = zeros(LAYER2_DROP_REASONS);
  readonly #questions = none();
  readonly #sent: Record<SentKind, Record<Resolution, number>> = {
    answer: none(),
    announcement: none(),
    probe: none(),
  };

  drop(reason: Layer2DropReason, frames = 1): void {
    this.#dropped[reason] += frames;
  }

  question(resolution: Resolution): void {
    this.#questions[resolution]++;
  }

  sent(kind: SentKind, resolution: Resolution): void {
    this.#sent[kind][resolution]++;
  }

  snapshot(): CounterSnapshot {
    const { received, lost, conflicts, rivals } = this;
    const { answer, announcement, probe } = this.#sent;
    return {
      ...{ received, lost, conflicts, rivals },
      questions: { ...this.#questions },
      dropped: { ...this.#dropped },
      sent: { answer: { ...answer }, announcement: { ...announcement }, probe: { ...probe } },
    };
  }
}

/** By link name: a link that is closed for want of addresses, or comes back, counts on; one that is gone is forgotten. */
export class LinkCounters {
  readonly #byLink = new Map<string, Counters>();

  of(link: string): Counters {
    let counters = this.#byLink.get(link);
    if (counters === undefined) {
      counters = new Counters();
      this.#byLink.set(link, counters);
    }
    return counters;
  }

  /** Forgets all other links. */
  retain(links: ReadonlySet<string>): void {
    for (const link of this.#byLink.keys()) if (!links.has(link)) this.#byLink.delete(link);
  }

  snapshot(): ReadonlyMap<string, CounterSnapshot> {
    return new Map([...this.#byLink].map(([link, counters]) => [link, counters.snapshot()]));
  }
}
