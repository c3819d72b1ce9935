import type { InputDelta } from '../engine/messages.ts';
import type { Clock, Logger, SinceBoot, StateFile, Timer } from '../platform/ports.ts';
import { decode, encode, objection, type Saved, type SavedHeader } from './codec.ts';

export interface SavedInputsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly file: StateFile;
  /** The whole set, as it is now. */
  readonly inputs: () => InputDelta;
  /** Whether it is known to be current. */
  readonly isFresh: () => boolean;
}

export interface SavedInputsOptions {
  /** Who may read what this replica writes: the UID of the Pod, whose containers share the volume. */
  readonly owner: string;
}

/** How long after a change it is written, with all that changed meanwhile, in milliseconds. */
const SETTLE_MS = 1_000;
/** Least time from one write to the next, in milliseconds. */
const PAUSE_MS = 1_000;
/** Writing takes one part in this many of the time at most: where it takes long, it is done seldom. */
const SHARE = 20;
/** From one write to the next while nothing changes, in milliseconds: so that what is still true doesn't look old. */
const REFRESH_MS = 3_600_000;
/** After a failure. */
const RETRY_MS = 60_000;

/**
 * Keeps the last good inputs of the engine for the next container of this Pod, which may start while the API server is down. It writes
 * on the main thread, a few milliseconds at a time.
 */
export class SavedInputs {
  readonly #deps: SavedInputsDeps;
  readonly #options: SavedInputsOptions;
  #begun = false;
  /** When the view was last known to be current, by the wall clock. */
  #freshAt = 0;
  #freshSinceBoot: SinceBoot | null = null;
  /** `Clock.now()`, as below. */
  #notBefore = 0;
  #changed = false;
  #saving = false;
  #timer: Timer | undefined;
  #refresh: Timer | undefined;

  constructor(deps: SavedInputsDeps, options: SavedInputsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** What an earlier container left, if this one may use it. Never rejects. */
  async load(): Promise<Saved | undefined> {
    const { file, clock, logger } = this.#deps;
    try {
      const bytes = await file.read();
      if (bytes === undefined) return undefined;
      const saved = decode(bytes);
      const why = saved.ok ? objection(saved.value, this.#options.owner, clock) : saved.message;
      if (saved.ok && why === undefined) return saved.value;
      logger.warn({ why }, 'the saved state is of no use');
    } catch (error) {
      logger.warn({ err: error }, 'the saved state cannot be read');
    }
    return undefined;
  }

  /** From now on the inputs are complete and worth saving; at this moment they are current. */
  begin(): void {
    this.#begun = true;
    this.#markFresh();
    this.changed();
  }

  /** The inputs are others than before. */
  changed(): void {
    this.#changed = true;
    this.#plan();
  }

  /** What was written last stays. */
  stop(): void {
    this.#begun = false;
    this.#timer?.cancel();
    this.#refresh?.cancel();
  }

  #markFresh(): void {
    const { clock } = this.#deps;
    this.#freshAt = clock.wallTime().getTime();
    this.#freshSinceBoot = clock.sinceBoot() ?? null;
  }

  #header(): SavedHeader {
    return { owner: this.#options.owner, freshAt: this.#freshAt, freshSinceBoot: this.#freshSinceBoot };
  }

  #plan(): void {
    if (!this.#begun || this.#saving || this.#timer !== undefined) return;
    const { clock } = this.#deps;
    this.#timer = clock.setTimer(Math.max(SETTLE_MS, this.#notBefore - clock.now()), () => void this.#save());
  }

  async #save(): Promise<void> {
    const { clock, logger } = this.#deps;
    this.#timer = undefined;
    this.#refresh?.cancel();
    this.#saving = true;
    this.#changed = false;
    let pauseMs = RETRY_MS;
    try {
      pauseMs = Math.max(PAUSE_MS, SHARE * (await this.#write()));
    } catch (error) {
      logger.warn(
        { err: error },
        'the state cannot be saved: a restart without the API server would announce an older one',
      );
      this.#changed = true;
    }
    this.#saving = false;
    if (!this.#begun) return;
    this.#notBefore = clock.now() + pauseMs;
    this.#refresh = clock.setTimer(REFRESH_MS, () => this.changed());
    if (this.#changed) this.#plan();
  }

  /** Returns how long the thread was busy with it, in milliseconds. */
  async #write(): Promise<number> {
    const { clock, file, inputs, isFresh, logger } = this.#deps;
    // Passwords go where the kubelet puts Secrets: into memory, and on no disk.
    const keeps = file.isInMemory();
    if (isFresh()) this.#markFresh();
    let begunAt = clock.now();
    const all = keeps ? inputs() : { ...inputs(), passwords: new Map<string, string>() };
    const work = encode(this.#header(), all);
    let busyMs = 0;
    for (;;) {
      const step = work.next();
      busyMs += clock.now() - begunAt;
      if (step.done === true) {
        await file.write(step.value);
        logger.debug({ services: all.services?.size, bytes: step.value.length, busyMs }, 'the state is saved');
        return busyMs;
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (!this.#begun) return busyMs;
      begunAt = clock.now();
    }
  }
}
