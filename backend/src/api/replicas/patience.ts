import type { Replica } from '../../domain/replica.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Word } from './word.ts';

/** How long one is waited for that hung when it was asked last, in milliseconds: one that hangs no more answers within a few. */
const HUNG_MS = 100;
/** For how long others who ask it go by that it hung, in milliseconds: it may have been well ever since, with nobody who asked. */
const RECENT_MS = 10_000;

interface Hung {
  readonly problem: string;
  /** When the last question was found to be in vain. */
  readonly at: number;
  /** Whether a question to it is under way: another one would wait behind that. */
  isAsked: boolean;
}

/**
 * Waits for what replicas say, and remembers which of them let somebody wait in vain: for these nobody waits so long again, until one answers.
 * Each goes on being asked, one question at a time, so that it is heard again as soon as it speaks.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #hung = new Map<string, Hung>();

  /** @param patienceMs for one that is not known to hang, in milliseconds */
  constructor({ clock }: { readonly clock: Clock }, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /**
   * Why nobody need wait for it; undefined: it answered when it was asked last, or said at once that it doesn't, or has not been asked for ten
   * seconds.
   */
  hungFor({ name }: Replica): string | undefined {
    const hung = this.#hung.get(name);
    return hung !== undefined && this.#clock.now() - hung.at <= RECENT_MS ? hung.problem : undefined;
  }

  /** Of all others it is forgotten. */
  retain(members: readonly Replica[]): void {
    const names = new Set(members.map(({ name }) => name));
    for (const name of this.#hung.keys()) if (!names.has(name)) this.#hung.delete(name);
  }

  /** What it says, or why it says nothing in time. */
  async word<Facts>(replica: Replica, ask: () => Promise<Facts>): Promise<Word<Facts>> {
    const { name } = replica;
    const hung = this.#hung.get(name);
    if (hung?.isAsked === true) return { replica, problem: hung.problem };
    if (hung !== undefined) hung.isAsked = true;
    return await new Promise((resolve) => {
      let isLate = false;
      const soon = hung && this.#clock.setTimer(HUNG_MS, () => resolve({ replica, problem: hung.problem }));
      const late = this.#clock.setTimer(this.#patienceMs, () => {
        isLate = true;
        resolve({ replica, problem: this.#inVain(name, hung) });
      });
      const end = (word: Word<Facts>): void => {
        soon?.cancel();
        late.cancel();
        if (!isLate || 'facts' in word) this.#hung.delete(name);
        resolve(word);
      };
      ask().then(
        (facts) => end({ replica, facts }),
        (error: unknown) => end({ replica, problem: error instanceof Error ? error.message : String(error) }),
      );
    });
  }

  /** @param own what was known when it was asked; others that were asked before, too, end in vain while the next question is under way */
  #inVain(name: string, own: Hung | undefined): string {
    const problem = `no answer within ${this.#patienceMs} ms`;
    const known = this.#hung.get(name);
    if (known === undefined || known === own) this.#hung.set(name, { problem, at: this.#clock.now(), isAsked: false });
    return problem;
  }
}
