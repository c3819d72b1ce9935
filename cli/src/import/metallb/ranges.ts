import {
  contains,
  formatEntry,
  overlap,
  parseAddress,
  parseEntry,
  type Address,
  type Entry,
  type Range,
} from './addresses.ts';
import type { Fields } from './fields.ts';
import type { Finding, Findings } from './finding.ts';

/** As many as an Eip takes. */
const MAX_ENTRIES = 64;

/** What the manager takes into no pool (RFC 6890, "Forwardable: False"). */
const UNUSABLE: readonly Range[] = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8'],
].flatMap((text) => parseEntry(text) ?? []);

export interface Ranges {
  readonly entries: readonly Entry[];
  /** As an Eip has them. */
  readonly texts: readonly string[];
}

function problemOf(entry: Entry, others: readonly Entry[]): string | undefined {
  if (UNUSABLE.some((range) => overlap(range, entry))) return 'includes addresses that no Service can have';
  if (others.some((other) => overlap(other, entry))) return 'overlaps another entry of the pool';
  return undefined;
}

function read(fields: Fields, findings: Findings): Entry[] {
  const entries: Entry[] = [];
  for (const path of fields.items('spec', 'addresses')) {
    const text = fields.text(...path);
    if (text === undefined) continue;
    const entry = parseEntry(text);
    const problem = entry === undefined ? 'is neither a prefix nor a range' : problemOf(entry, entries);
    if (entry !== undefined && problem === undefined) entries.push(entry);
    else
      findings.add(
        fields.finding('lost', path, `"${text}" ${problem ?? ''}`, 'Write into the Eip what of it is needed.'),
      );
  }
  return entries;
}

/** Those of a prefix that a Layer 2 pool keeps for itself, and the one of any that an IPv6 pool does, unless it is written as a range. */
function kept({ family, first, last, prefixLength }: Entry, layer2: boolean): Address[] {
  if (prefixLength === undefined || last - first < 3n) return [];
  if (family === 'ipv6') return [{ family, value: first }];
  return layer2 ? [first, last].map((value) => ({ family, value })) : [];
}

interface RangeOptions {
  readonly layer2: boolean;
  /** Addresses that Services have. */
  readonly held: readonly string[];
  readonly findings: Findings;
}

/** The addresses of a pool: a prefix is written as a range if a Service has an address of it that is given to nobody otherwise. */
export function rangesOf(fields: Fields, { layer2, held, findings }: RangeOptions): Ranges {
  const all = read(fields, findings);
  const addresses = held.flatMap((ip) => parseAddress(ip) ?? []);
  const entries = all.slice(0, MAX_ENTRIES).map((entry): Entry => {
    const isHeld = kept(entry, layer2).some((own) =>
      addresses.some((address) => contains({ ...own, first: own.value, last: own.value }, address)),
    );
    return isHeld ? { ...entry, prefixLength: undefined } : entry;
  });
  for (const entry of all.slice(MAX_ENTRIES)) findings.add(tooMany(fields, entry));
  findings.all.push(...tellKept(fields, entries, layer2));
  return { entries, texts: entries.map(formatEntry) };
}

function tooMany(fields: Fields, entry: Entry): Finding {
  const why = `an Eip has ${MAX_ENTRIES} entries at most: ${formatEntry(entry)} is left out`;
  return fields.finding('lost', ['spec', 'addresses'], why, 'Make another Eip of it, and name both in the Services.');
}

function tellKept(fields: Fields, entries: readonly Entry[], layer2: boolean): Finding[] {
  const concerned = entries.filter((entry) => kept(entry, layer2).length > 0).map(formatEntry);
  if (concerned.length === 0) return [];
  const which = layer2
    ? 'first and last address of an IPv4 prefix, and the first of an IPv6 one, are'
    : 'first address of an IPv6 prefix is';
  const why = `the ${which} given to nobody new: ${concerned.join(', ')}`;
  return [
    fields.finding(
      'changed',
      ['spec', 'addresses'],
      why,
      'Write first-last in place of the prefix to have them given.',
    ),
  ];
}
