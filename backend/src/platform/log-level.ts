/** From the most talkative on. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function isLogLevel(text: string): text is LogLevel {
  return LOG_LEVELS.some((level) => level === text);
}

/** The level below which nothing is written, by any logger that was made with it; it may be set at any time. */
export class LogThreshold {
  level: LogLevel;

  constructor(level: LogLevel) {
    this.level = level;
  }

  admits(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.level);
  }
}
