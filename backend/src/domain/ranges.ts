import { formatAddress, rangeSize, type Address, type AddressRange } from './address.ts';

/** `10.0.0.1`, or `10.0.0.1-10.0.0.9`: a form that `parseRange` reads. */
export function formatRange({ family, first, last }: AddressRange): string {
  const from = formatAddress({ family, value: first });
  return first === last ? from : `${from}-${formatAddress({ family, value: last })}`;
}

/** What two ranges have in common. */
export function intersect(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.family !== b.family) return undefined;
  const first = a.first > b.first ? a.first : b.first;
  const last = a.last < b.last ? a.last : b.last;
  return first <= last ? { family: a.family, first, last } : undefined;
}

function without(range: AddressRange, taken: AddressRange): AddressRange[] {
  const common = intersect(range, taken);
  if (common === undefined) return [range];
  const before = { ...range, last: common.first - 1n };
  const after = { ...range, first: common.last + 1n };
  return [before, after].filter(({ first, last }) => first <= last);
}

/** What is left of a range, in ascending order. */
export function subtract(range: AddressRange, taken: readonly AddressRange[]): AddressRange[] {
  return taken.reduce<AddressRange[]>(
    (left, one) => left.flatMap((part) => without(part, one)),
    [{ family: range.family, first: range.first, last: range.last }],
  );
}

export function size(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, range) => sum + rangeSize(range), 0n);
}

function ascending(a: AddressRange, b: AddressRange): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  return a.first < b.first ? -1 : 1;
}

/**
 * At most `max` ranges that cover all of these addresses, ascending: neighbours become one range, and where there are too many, the
 * narrowest gaps are covered as well. Families never mix, so that `max` must be 2 or more.
 */
export function cover(addresses: Iterable<Address>, max: number): AddressRange[] {
  const single = [...addresses].map(({ family, value }) => ({ family, first: value, last: value })).sort(ascending);
  const joined: AddressRange[] = [];
  for (const range of single) {
    const last = joined.at(-1);
    if (last?.family === range.family && range.first <= last.last + 1n)
      joined[joined.length - 1] = { ...last, last: range.last };
    else joined.push(range);
  }
  return widen(joined, max);
}

function widen(ranges: readonly AddressRange[], max: number): AddressRange[] {
  if (ranges.length <= max) return [...ranges];
  const gaps = ranges.slice(1).flatMap((range, i) => {
    const before = ranges[i];
    return before?.family === range.family ? [{ i: i + 1, gap: range.first - before.last }] : [];
  });
  gaps.sort((a, b) => (a.gap < b.gap ? -1 : a.gap > b.gap ? 1 : a.i - b.i));
  const closed = new Set(gaps.slice(0, ranges.length - max).map(({ i }) => i));
  const wide: AddressRange[] = [];
  ranges.forEach((range, i) => {
    const before = wide.at(-1);
    if (before !== undefined && closed.has(i)) wide[wide.length - 1] = { ...before, last: range.last };
    else wide.push(range);
  });
  return wide;
}

/** Whether two lists have the same ranges in the same order. */
export function sameRanges(a: readonly AddressRange[], b: readonly AddressRange[]): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every(({ family, first, last }, i) => {
      const other = b[i];
      return family === other?.family && first === other.first && last === other.last;
    })
  );
}
