import { isLogLevel, type LogLevel, type LogThreshold } from './log-level.ts';
import type { Clock, Logger } from './ports.ts';

/** The kubelet itself takes up to a minute and a half to show in a Pod what was written at it. */
const LOOK_MS = 5_000;

export interface LogLevelFileDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly threshold: LogThreshold;
  /** The text of the file; empty if there is none. */
  readonly read: () => Promise<string>;
}

/**
 * Follows a file that has a log level, as the chart mounts one with the value of an annotation of the Pod: how much is written can be
 * changed while a fault lasts, which a restart would end. An empty file means the configured level; anything else changes nothing.
 */
export class LogLevelFile {
  readonly #deps: LogLevelFileDeps;
  readonly #configured: LogLevel;
  #last = '';

  constructor(deps: LogLevelFileDeps) {
    this.#deps = deps;
    this.#configured = deps.threshold.level;
  }

  /** Looks now, and from then on every five seconds. */
  async follow(): Promise<void> {
    await this.#look();
    this.#deps.clock.setTimer(LOOK_MS, () => void this.follow());
  }

  async #look(): Promise<void> {
    const text = (await this.#deps.read().catch(() => '')).trim();
    if (text === this.#last) return;
    this.#last = text;
    const { logger, threshold } = this.#deps;
    const level = text === '' ? this.#configured : text;
    if (!isLogLevel(level)) {
      logger.warn({ text: text.slice(0, 32) }, 'not a log level (debug, info, warn, error), going on as before');
      return;
    }
    // However little was or will be written: this line is.
    const from = threshold.level;
    threshold.level = 'info';
    logger.info({ from, to: level }, 'the log level is set');
    threshold.level = level;
  }
}
