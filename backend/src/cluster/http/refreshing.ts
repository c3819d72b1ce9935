import { readFileSync } from 'node:fs';
import type { Clock } from '../../platform/ports.ts';
import type { Credential } from './credential.ts';

/** The kubelet renews a ServiceAccount token when 80 % of its life (an hour) are over; client-go reads once a minute too. */
const rereadMs = 60_000;

/**
 * A bearer token in a file that somebody else renews. Read anew each minute and after a 401; while the file can't be read the
 * last token stays in use.
 */
export function tokenFile(path: string, clock: Clock): Credential {
  let header: string | undefined;
  let readAt = -Infinity;
  return {
    header(): string | undefined {
      if (clock.now() - readAt < rereadMs) return header;
      try {
        header = `Bearer ${readFileSync(path, 'utf8').trim()}`;
        readAt = clock.now();
      } catch (error) {
        if (header === undefined) throw error;
      }
      return header;
    },
    invalidate(): void {
      readAt = -Infinity;
    },
  };
}

/** A token that a program hands out (exec plugins): asked anew each minute and after a 401, by one call at a time. */
export function fetchedHeader(fetch: () => Promise<string | undefined>, clock: Clock): Credential {
  let current: Promise<string | undefined> | undefined;
  let fetchedAt = -Infinity;
  return {
    header(): Promise<string | undefined> {
      if (current !== undefined && clock.now() - fetchedAt < rereadMs) return current;
      fetchedAt = clock.now();
      current = fetch();
      current.catch(() => {
        current = undefined;
      });
      return current;
    },
    invalidate(): void {
      current = undefined;
    },
  };
}
