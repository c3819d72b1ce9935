import type { LogFields, Logger } from '../ports.ts';

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

/** Keeps what was logged, so that a test can look for a line or for a secret that must not be there. */
export class FakeLogger implements Logger {
  readonly entries: LogEntry[];
  readonly #bound: LogFields;

  constructor(entries: LogEntry[] = [], bound: LogFields = {}) {
    this.entries = entries;
    this.#bound = bound;
  }

  debug(fields: LogFields, message: string): void {
    this.#add('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#add('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#add('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#add('error', fields, message);
  }

  child(fields: LogFields): Logger {
    return new FakeLogger(this.entries, { ...this.#bound, ...fields });
  }

  #add(level: LogEntry['level'], fields: LogFields, message: string): void {
    this.entries.push({ level, fields: { ...this.#bound, ...fields }, message });
  }
}
