import { DROP_REASONS, type DropReason } from './wire/drop.ts';

/** Sound frames that are not for us: these are the speaker's own reasons beside the codec's. */
const SPEAKER_REASONS = [
  /** About addresses that we don't hold. */
  'foreign',
  /** Sent to another station; a link in promiscuous mode shows those too. */
  'other-station',
  /** From a link of this host. */
  'own',
  /** A question for an address that we don't answer for yet: being probed, or somebody else's. */
  'not-announced',
] as const;

export type Layer2DropReason = DropReason | (typeof SPEAKER_REASONS)[number];

/** Kinds of frames that are sent: a gratuitous ARP is two of them. */
export type SentKind = 'answer' | 'announcement' | 'probe';

export interface CounterSnapshot {
  readonly received: number;
  /** Every reason is there, also with 0. */
  readonly dropped: Readonly<Record<Layer2DropReason, number>>;
  readonly sent: Readonly<Record<SentKind, number>>;
  /** Frames that this host knows it has lost; they count as sent too. */
  readonly lost: number;
  /** Claims by others to addresses that we hold or want. */
  readonly conflicts: number;
  readonly rivals: number;
}

function zeros<K extends string>(names: readonly K[]): Record<K, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
}

export class Counters {
  received = 0;
  lost = 0;
  conflicts = 0;
  rivals = 0;
  readonly #dropped = zeros<Layer2DropReason>([...DROP_REASONS, ...SPEAKER_REASONS]);
  readonly #sent = zeros<SentKind>(['answer', 'announcement', 'probe']);

  drop(reason: Layer2DropReason): void {
    this.#dropped[reason]++;
  }

  sent(kind: SentKind): void {
    this.#sent[kind]++;
  }

  snapshot(): CounterSnapshot {
    const { received, lost, conflicts, rivals } = this;
    return { received, lost, conflicts, rivals, dropped: { ...this.#dropped }, sent: { ...this.#sent } };
  }
}
