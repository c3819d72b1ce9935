import type { AnyAnswers, AnyTask } from './plan.ts';
import type { Session } from './reach/session.ts';
import type { Terminal } from './terminal.ts';

export interface WatchDeps {
  readonly session: Pick<Session, 'follow'>;
  readonly terminal: Terminal;
  /** The answers as text, with ages as of then. */
  readonly text: (answers: AnyAnswers, now: Date) => string;
  /** Between one text and the next, where they don't take each other's place. */
  readonly separator: string;
}

const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

/**
 * Shows the answers, and again whenever they change, until the signal: on a terminal in place of what was there, else one after the other.
 * @throws {Failure} when there will be no answer any more
 */
export async function watch(task: AnyTask, deps: WatchDeps, signal: AbortSignal): Promise<void> {
  const { session } = deps;
  const names = Object.keys(task.plan);
  const latest = new Map<string, unknown>();
  const screen = new Screen(deps);
  const stop = new AbortController();
  const following = names.map(async (name) => {
    const question = task.plan[name];
    if (question === undefined) return;
    await session.follow(
      question,
      {
        onAnswer: (answer) => {
          latest.set(name, answer);
          if (names.every((each) => latest.has(each))) screen.show(inOrder(names, latest));
        },
        onTrouble: (why) => screen.trouble(why),
      },
      AbortSignal.any([signal, stop.signal]),
    );
  });
  try {
    await Promise.all(following);
  } finally {
    stop.abort();
    await Promise.allSettled(following);
  }
}

function inOrder(names: readonly string[], latest: ReadonlyMap<string, unknown>): AnyAnswers {
  return Object.fromEntries(names.map((name) => [name, latest.get(name)]));
}

class Screen {
  readonly #terminal: Terminal;
  readonly #text: WatchDeps['text'];
  /** By which texts are compared: that time passes, or a counter that isn't shown, is no change. */
  readonly #began = new Date();
  readonly #separator: string;
  #shown: string | undefined;
  #troubled = false;
  last: AnyAnswers | undefined;

  constructor({ terminal, text, separator }: Omit<WatchDeps, 'session'>) {
    this.#terminal = terminal;
    this.#text = text;
    this.#separator = separator;
  }

  show(answers: AnyAnswers): void {
    const key = this.#text(answers, this.#began);
    if (key === this.#shown && !this.#troubled) return;
    const { isTty, out } = this.#terminal;
    const text = this.#text(answers, new Date());
    if (isTty) out(CLEAR + this.#fitting(text));
    else out(this.#shown === undefined ? text : `${this.#separator}${text}`);
    this.#shown = key;
    this.#troubled = false;
  }

  /** Told once, however long it lasts. */
  trouble(why: string): void {
    if (!this.#troubled) this.#terminal.err(`${why}; trying again\n`);
    this.#troubled = true;
  }

  /** What doesn't fit would scroll the beginning away. */
  #fitting(text: string): string {
    const height = this.#terminal.height();
    const lines = text.split('\n');
    if (height === undefined || lines.length <= height) return text;
    return `${lines.slice(0, height - 2).join('\n')}\n... (${lines.length - height + 1} lines more)\n`;
  }
}
