import { destination, pino } from 'pino';
import type { Logger } from '../ports.ts';

/**
 * JSON lines on standard output, written at once: a line that explains a crash must not sit in a buffer. Fields that could carry a
 * credential are removed wherever they appear near the top of a log object.
 */
export function jsonLogger(level: string, thread: string): Logger {
  return pino(
    {
      level,
      base: { thread },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['password', 'authPassword', 'token', '*.password', '*.authPassword', '*.token', '*.authorization'],
        remove: true,
      },
    },
    destination({ dest: 1, sync: true }),
  );
}
