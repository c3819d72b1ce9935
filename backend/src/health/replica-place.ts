import { NO_PLACE, type ReplicaLink, type ReplicaPlace, type Silence, type Silences } from '../domain/replica.ts';

/** Octets of an encoded place; UDP carries it in fragments where it exceeds the MTU. */
export const MAX_PLACE_OCTETS = 16_384;
const MAX_LINKS = 128;
const MAX_PREFIXES = 32;
const MAX_TOWARDS = 64;
/** Versions before this one tell, and take, 64 of them one by one: to those more are `many`. */
const MAX_SILENT = 256;
/** The longest text in it is a CIDR prefix of an IPv6 address. */
const MAX_TEXT = 64;

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/**
 * As much of a place as others can be told, whatever the replica is silent about: the first links in the order given. A replica judges
 * itself by that as well, or it would own addresses that all others take for nobody's.
 */
export function boundedPlace({ links, towards }: ReplicaPlace): ReplicaPlace {
  const reached = Object.fromEntries(Object.entries(towards).filter(isPairOfTexts).slice(0, MAX_TOWARDS));
  const kept: ReplicaLink[] = [];
  let room = MAX_PLACE_OCTETS - octetsOf({ links: kept, towards: reached, silent: 'many' }).byteLength;
  for (const one of links.slice(0, MAX_LINKS)) {
    const link = { ...one, prefixes: one.prefixes.slice(0, MAX_PREFIXES) };
    room -= octetsOf(link).byteLength + ','.length;
    if (room < 0) break;
    kept.push(link);
  }
  return { links: kept, towards: reached };
}

/**
 * JSON, as engines of other versions must read it and may say more. What exceeds the bounds is left out; what the replica is silent about
 * is told one by one only as far as there is room beside its links.
 */
export function encodePlace(place: ReplicaPlace): Uint8Array {
  const bounded = boundedPlace(place);
  const { silent } = place;
  if (silent === undefined) return octetsOf(bounded);
  const whole = octetsOf({ ...bounded, silent });
  const isFew = silent === 'many' || Object.keys(silent).length <= MAX_SILENT;
  return isFew && whole.byteLength <= MAX_PLACE_OCTETS ? whole : octetsOf({ ...bounded, silent: 'many' });
}

function octetsOf(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** What another replica says of its place; undefined for what doesn't read. Entries that make no sense are left out. */
export function decodePlace(bytes: Uint8Array): ReplicaPlace | undefined {
  if (bytes.byteLength === 0) return NO_PLACE;
  if (bytes.byteLength > MAX_PLACE_OCTETS) return undefined;
  const said = parse(bytes);
  if (!isRecord(said)) return undefined;
  const links = Array.isArray(said['links']) ? said['links'].slice(0, MAX_LINKS).flatMap(toLink) : [];
  const towards = isRecord(said['towards']) ? Object.entries(said['towards']).slice(0, MAX_TOWARDS) : [];
  const silent = toSilences(said['silent']);
  return { links, towards: Object.fromEntries(towards.filter(isPairOfTexts)), ...(silent && { silent }) };
}

/** What a later version may say of an address is that it is silent, whatever the reason. */
function toSilences(said: unknown): Silences | undefined {
  if (said === 'many') return said;
  if (!isRecord(said)) return undefined;
  const all = Object.entries(said).filter(isPairOfTexts);
  if (all.length > MAX_SILENT) return 'many';
  return Object.fromEntries(all.map(([ip, why]): [string, Silence] => [ip, isSilence(why) ? why : 'asking']));
}

function isSilence(why: string): why is Silence {
  return why === 'asking' || why === 'unmet' || why === 'no-link';
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function toLink(said: unknown): ReplicaLink[] {
  if (!isRecord(said)) return [];
  const { name, mac, prefixes, isLeftAlone } = said;
  if (!isText(name) || !isText(mac) || !MAC.test(mac) || !Array.isArray(prefixes)) return [];
  const link = { name, mac, prefixes: prefixes.slice(0, MAX_PREFIXES).filter(isText) };
  return [isLeftAlone === true ? { ...link, isLeftAlone } : link];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isPairOfTexts(pair: [string, unknown]): pair is [string, string] {
  return pair.every(isText);
}
