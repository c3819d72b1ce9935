import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import type { Timer } from '../platform/ports.ts';
import { OpenQuestions } from './open-questions.ts';

/** What a replica knows of another one. */
export interface Tracked {
  address: string;
  node: string | undefined;
  member: boolean;
  /** Another replica, or this one, has its address now and would answer for it. */
  replaced: boolean;
  questions: OpenQuestions;
  /** Rounds in a row in which a question was open that it had the time to answer. */
  missed: number;
  /** It answered at least once and has not been found silent since. */
  answering: boolean;
  leaving: boolean;
  stale: boolean;
  behind: boolean | undefined;
  newcomer: boolean;
  announcing: boolean;
  place: ReplicaPlace;
  /** Clock time of the last question. */
  askedAt: number;
  /** Clock time of the last answer to it that had our place. */
  toldAt: number;
  /** The next one, where news came too soon after the last one. */
  soon: Timer | undefined;
  /** That questions to it can't even be sent was said, once until it answers again. */
  saidUnsendable: boolean;
  /** Clock time of the moment it was found silent. */
  lostAt: number | undefined;
  /** Since when its answers have said, without a break, that it announces: of one that was lost. */
  backSince: number | undefined;
}

/** A member that nothing has been heard of yet. */
export function newlyTracked(address: string, node: string | undefined): Tracked {
  const word = {
    leaving: false,
    stale: false,
    behind: undefined,
    newcomer: false,
    announcing: false,
    place: NO_PLACE,
    askedAt: -Infinity,
    toldAt: -Infinity,
    soon: undefined,
  };
  const found = {
    questions: new OpenQuestions(),
    missed: 0,
    answering: false,
    saidUnsendable: false,
    lostAt: undefined,
    backSince: undefined,
  };
  return { address, node, member: true, replaced: false, ...found, ...word };
}
