import { destination, pino } from 'pino';
import type { LogThreshold } from '../log-level.ts';
import type { LogFields, Logger } from '../ports.ts';
import { withoutCredentials } from './credentials.ts';

/** Where log lines go: something that takes whole lines. */
export interface LineSink {
  write(line: string): void;
}

/**
 * JSON lines on standard output, written at once: a line that explains a crash must not sit in a buffer. docs/reference/logs.md has
 * the fields.
 */
export function jsonLogger(
  threshold: LogThreshold,
  fields: LogFields & { readonly component: string },
  sink: LineSink = destination({ dest: 1, sync: true }),
): Logger {
  const root = pino(
    {
      level: 'debug',
      base: {},
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Errors have become objects before: by withoutCredentials().
      serializers: { err: (told: unknown) => told },
    },
    sink,
  );
  return new ThresholdLogger(root, threshold, fields);
}

/** A level of pino's own would be fixed for a child when it is made; and a field that child and parent have would stand there twice. */
class ThresholdLogger implements Logger {
  readonly #root: pino.Logger;
  readonly #lines: pino.Logger;
  readonly #threshold: LogThreshold;
  readonly #fields: LogFields;

  constructor(root: pino.Logger, threshold: LogThreshold, fields: LogFields) {
    this.#root = root;
    this.#lines = root.child(withoutCredentials(fields));
    this.#threshold = threshold;
    this.#fields = fields;
  }

  debug(fields: LogFields, message: string): void {
    if (this.#threshold.admits('debug')) this.#lines.debug(withoutCredentials(fields), message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#threshold.admits('info')) this.#lines.info(withoutCredentials(fields), message);
  }

  warn(fields: LogFields, message: string): void {
    if (this.#threshold.admits('warn')) this.#lines.warn(withoutCredentials(fields), message);
  }

  error(fields: LogFields, message: string): void {
    if (this.#threshold.admits('error')) this.#lines.error(withoutCredentials(fields), message);
  }

  child(fields: LogFields): Logger {
    return new ThresholdLogger(this.#root, this.#threshold, { ...this.#fields, ...fields });
  }
}
