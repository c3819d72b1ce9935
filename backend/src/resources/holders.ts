import { hash } from 'node:crypto';

/** The most holdings that a pool's status has a digest of: some 130 kB, and more Services than a cluster of Kubernetes is made for. */
export const MAX_HOLDERS = 16_384;
/** 48 bits in base64url. Nobody can look for a Service with a digest of another one's: the API server chooses the UIDs. */
const CHARACTERS = 8;

/** What stands in `status.holders` of a Service that holds an address. `ip`: canonical text. */
export function holderDigest(ip: string, uid: string): string {
  return hash('sha256', `${ip} ${uid}`, 'base64url').slice(0, CHARACTERS);
}

/** `status.holders`: as many of these digests as it may have, those of `first` before the others. */
export function holdersText(first: readonly string[], others: readonly string[]): string {
  const all = [...[...first].sort(), ...[...others].sort()];
  return all.slice(0, MAX_HOLDERS).join('');
}

/** What a pool's status says of all who hold its addresses. */
export interface Holders {
  readonly digests: ReadonlySet<string>;
  /** Nobody was left out: it is there, and is not full. */
  readonly isComplete: boolean;
}

/** From what stands there, which can be anything in a status that is not ours. */
export function readHolders(text: unknown): Holders {
  if (typeof text !== 'string') return { digests: new Set(), isComplete: false };
  const count = Math.floor(text.length / CHARACTERS);
  const digests = Array.from({ length: count }, (_, i) => text.slice(i * CHARACTERS, (i + 1) * CHARACTERS));
  return { digests: new Set(digests), isComplete: count < MAX_HOLDERS };
}
