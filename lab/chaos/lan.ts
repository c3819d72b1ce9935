/** Addresses on the LAN (ARP, neighbour discovery), by what a sniffer saw: who spoke for them. */
import { claimsOf, ownersOverlaps } from '../lan/claims.ts';
import type { LanRecord } from '../lan/records.ts';
import { lengthOf, partsOutside, type Happened, type Span } from './judge.ts';

/** So long two may both speak for an address when it goes from one to the other, on a machine that has time for it. */
const togetherMs = 1_000;
/** The promise: so long after its owner's death an address is another one's. */
const movedWithinMs = 2_500;
/** Until those that could not hear each other have met again, and one has given way. */
const meetingMs = 5_000;

export interface Owners {
  /** For how long of the span a second owner would have been wrong. */
  readonly judgedMs: number;
  /** For how many milliseconds two nodes both spoke for the address, each time that it was longer than allowed. */
  readonly overlaps: readonly number[];
}

/**
 * Whether an address had one owner at a time. Nodes that don't hear each other are an exception, until they have met again: each of them may own
 * it rightly.
 * @param records times as in `span`
 */
export function judgeOwners(
  records: readonly LanRecord[],
  ip: string,
  { span, happened, factor }: { readonly span: Span; readonly happened: readonly Happened[]; readonly factor: number },
): Owners {
  const apart = happened
    .filter(({ fault }) => fault.kind === 'node-apart')
    .map(({ from, to }) => ({ from, to: to + meetingMs * factor }));
  const parts = partsOutside(span, apart);
  const overlaps = parts.flatMap(({ from, to }) =>
    ownersOverlaps(
      records.filter(({ at }) => at >= from && at <= to),
      ip,
    ),
  );
  return { judgedMs: lengthOf(parts), overlaps: overlaps.filter((ms) => ms > togetherMs * factor) };
}

export interface OwnersDeath {
  /** Until somebody else spoke for the address: the length of the death, if nobody did. */
  readonly ms: number;
  readonly allowedMs: number;
  /** It lasted long enough to show something. */
  readonly couldFail: boolean;
}

/** What became of an address whose owner died; undefined, if it was not the owner. */
export function judgeOwnersDeath(
  records: readonly LanRecord[],
  ip: string,
  { mac, death, factor }: { readonly mac: string; readonly death: Span; readonly factor: number },
): OwnersDeath | undefined {
  const claims = claimsOf(records, ip);
  if (claims.findLast(({ at }) => at <= death.from)?.mac !== mac) return undefined;
  const next = claims.find((claim) => claim.at > death.from && claim.at <= death.to && claim.mac !== mac);
  const length = death.to - death.from;
  const allowedMs = movedWithinMs * factor;
  return { ms: next === undefined ? length : next.at - death.from, allowedMs, couldFail: length > allowedMs };
}
