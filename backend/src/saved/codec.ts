import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { prettifyError, ZodError, type z } from 'zod';
import type { Parsed } from '../domain/address.ts';
import type { Changes, InputDelta } from '../engine/messages.ts';
import type { Clock, SinceBoot } from '../platform/ports.ts';
import * as record from './record.ts';

/** Whose inputs these are, and from when. */
export interface SavedHeader {
  /** Only who goes by this name may use them: the volume of a Pod is no other Pod's. */
  readonly owner: string;
  /** When they were known to be current, in milliseconds since the epoch by the wall clock. */
  readonly freshAt: number;
  /** The same by a clock that nobody sets; null: not known. */
  readonly freshSinceBoot: SinceBoot | null;
}

export interface Saved extends SavedHeader {
  readonly inputs: Required<InputDelta>;
}

/**
 * Changed with each change of the domain values that the engine gets: a container of another version may start in the same Pod, and
 * must not use what it can't understand.
 */
export const FORMAT = 8;

/*
 * The file: `porterlb`, the format (4 octets, big endian), SHA-256 of all that follows, the header's length (4 octets) and the header
 * (JSON), then blocks: length (4 octets), and a JSON array of records under raw DEFLATE (RFC 1951). A record is [kind, key, value].
 */
const MAGIC = new TextEncoder().encode('porterlb');
const FORMAT_AT = MAGIC.length;
const DIGEST_AT = FORMAT_AT + 4;
const DIGEST_LENGTH = 32;
const CONTENT_AT = DIGEST_AT + DIGEST_LENGTH;

/** Most bytes of a file: a volume in memory holds two of them while one takes the other's place. */
export const MAX_BYTES = 24 * 1024 * 1024;
/** Characters of JSON from which on a block is closed: 2 to 5 ms of work. */
const BLOCK_CHARACTERS = 128 * 1024;
/** Far above what one record of the largest cluster adds to a block. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
/** Names and figures that repeat from record to record: the fastest level takes nine tenths away. */
const LEVEL = 1;

type Kind = keyof InputDelta;
type JsonRecord = readonly [Kind, string, unknown];

function* entries<T>(
  kind: Kind,
  changes: Changes<T> | undefined,
  toJson: (value: T) => unknown,
): Generator<JsonRecord> {
  for (const [key, value] of changes ?? []) if (value !== null) yield [kind, key, toJson(value)];
}

function same<T>(value: T): T {
  return value;
}

function* recordsOf(inputs: InputDelta): Generator<JsonRecord> {
  yield ['settings', '', inputs.settings ?? null];
  yield ['replicas', '', inputs.replicas ?? []];
  yield* entries('peers', inputs.peers, same);
  yield* entries('passwords', inputs.passwords, same);
  yield* entries('pools', inputs.pools, record.poolToJson);
  yield* entries('nodes', inputs.nodes, record.nodeToJson);
  yield* entries('endpoints', inputs.endpoints, same);
  yield* entries('services', inputs.services, same);
}

function undefinedAsNull(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}

function* blocksOf(inputs: InputDelta): Generator<Uint8Array> {
  let texts: string[] = [];
  let characters = 0;
  for (const each of recordsOf(inputs)) {
    const text = JSON.stringify(each, undefinedAsNull);
    texts.push(text);
    characters += text.length;
    if (characters < BLOCK_CHARACTERS) continue;
    yield deflateRawSync(`[${texts.join(',')}]`, { level: LEVEL });
    texts = [];
    characters = 0;
  }
  if (texts.length > 0) yield deflateRawSync(`[${texts.join(',')}]`, { level: LEVEL });
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/**
 * The whole set of inputs as a file, in steps of a few milliseconds: the caller does other things in between. What the maps of
 * `inputs` hold must not change meanwhile.
 *
 * @throws RangeError for more than a volume takes
 */
export function* encode(
  { owner, freshAt, freshSinceBoot }: SavedHeader,
  inputs: InputDelta,
): Generator<undefined, Uint8Array> {
  const header = new TextEncoder().encode(JSON.stringify({ owner, freshAt, freshSinceBoot }));
  const content: Uint8Array[] = [];
  const digest = createHash('sha256');
  let length = CONTENT_AT;
  const add = (part: Uint8Array): void => {
    for (const bytes of [uint32(part.length), part]) {
      digest.update(bytes);
      content.push(bytes);
      length += bytes.length;
    }
    if (length > MAX_BYTES) throw new RangeError(`the inputs take more than ${MAX_BYTES} bytes`);
  };
  add(header);
  for (const block of blocksOf(inputs)) {
    add(block);
    yield;
  }
  return Buffer.concat([MAGIC, uint32(FORMAT), digest.digest(), ...content]);
}

/** Why a file is of no use, in words. */
class Refused extends Error {}

function refuse(why: string): never {
  throw new Refused(why);
}

/** The parts after the checksum; each is preceded by its length. */
function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = CONTENT_AT; at < bytes.length;) {
    if (at + 4 > bytes.length) refuse('it is cut off');
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) refuse('it is cut off');
    yield bytes.subarray(at + 4, end);
    at = end;
  }
}

function verify(bytes: Uint8Array): void {
  if (bytes.length < CONTENT_AT || MAGIC.some((octet, i) => bytes[i] !== octet)) refuse('it is no file of ours');
  const format = new DataView(bytes.buffer, bytes.byteOffset).getUint32(FORMAT_AT);
  if (format !== FORMAT) refuse(`it is of format ${format}, this is format ${FORMAT}`);
  const digest = createHash('sha256').update(bytes.subarray(CONTENT_AT)).digest();
  if (!digest.equals(bytes.subarray(DIGEST_AT, CONTENT_AT))) refuse('its checksum is wrong');
}

interface Inputs {
  readonly services: Map<string, z.output<typeof record.service>>;
  readonly endpoints: Map<string, z.output<typeof record.endpoints>>;
  readonly nodes: Map<string, z.output<typeof record.node>>;
  readonly pools: Map<string, z.output<typeof record.pool>>;
  readonly peers: Map<string, z.output<typeof record.peer>>;
  readonly passwords: Map<string, z.output<typeof record.password>>;
  settings: Required<InputDelta>['settings'];
  replicas: Required<InputDelta>['replicas'];
}

type Take = (inputs: Inputs, key: string, value: unknown) => void;

const TAKE: Readonly<Record<Kind, Take>> = {
  services: ({ services }, key, value) => void services.set(key, record.service.parse(value)),
  endpoints: ({ endpoints }, key, value) => void endpoints.set(key, record.endpoints.parse(value)),
  nodes: ({ nodes }, key, value) => void nodes.set(key, record.node.parse(value)),
  pools: ({ pools }, key, value) => void pools.set(key, record.pool.parse(value)),
  peers: ({ peers }, key, value) => void peers.set(key, record.peer.parse(value)),
  passwords: ({ passwords }, key, value) => void passwords.set(key, record.password.parse(value)),
  settings: (inputs, _key, value) => {
    inputs.settings = record.settings.nullable().parse(value);
  },
  replicas: (inputs, _key, value) => {
    inputs.replicas = record.replica.array().parse(value);
  },
};

function take(inputs: Inputs, block: Uint8Array): void {
  const text = new TextDecoder().decode(inflateRawSync(block, { maxOutputLength: MAX_BLOCK_BYTES }));
  for (const each of record.records.parse(JSON.parse(text))) {
    const [kind, key, value] = each;
    TAKE[kind](inputs, key, value);
  }
}

function parse(bytes: Uint8Array): Saved {
  verify(bytes);
  const [header = refuse('it has no header'), ...blocks] = partsOf(bytes);
  const { owner, freshAt, freshSinceBoot } = record.header.parse(JSON.parse(new TextDecoder().decode(header)));
  const inputs: Inputs = {
    ...{ services: new Map(), endpoints: new Map(), nodes: new Map(), pools: new Map() },
    ...{ peers: new Map(), passwords: new Map() },
    ...{ settings: null, replicas: [] },
  };
  for (const block of blocks) take(inputs, block);
  return { owner, freshAt, freshSinceBoot, inputs };
}

/** Reads what `encode` wrote; anything else is refused as a whole, with the reason. Never throws. */
export function decode(bytes: Uint8Array): Parsed<Saved> {
  try {
    return { ok: true, value: parse(bytes) };
  } catch (error) {
    return { ok: false, message: error instanceof Refused ? error.message : `it can't be read: ${textOf(error)}` };
  }
}

function textOf(error: unknown): string {
  if (error instanceof ZodError) return prettifyError(error).replaceAll(/\s+/g, ' ');
  return error instanceof Error ? error.message : String(error);
}

/** How old inputs may be: what was true yesterday is better than nothing, older is not. */
export const MAX_AGE_MS = 24 * 3_600_000;
/** How far the wall clocks before and after a boot may differ. */
const MAX_AHEAD_MS = 300_000;

/** By the wall clock only where the machine was booted since: it may have been set meanwhile. */
function ageMs({ freshAt, freshSinceBoot }: SavedHeader, clock: Pick<Clock, 'wallTime' | 'sinceBoot'>): number {
  const now = clock.sinceBoot();
  if (freshSinceBoot !== null && now?.boot === freshSinceBoot.boot) return now.ms - freshSinceBoot.ms;
  return clock.wallTime().getTime() - freshAt;
}

/** Why this replica must not use saved inputs now, in words; undefined: it may. */
export function objection(
  saved: SavedHeader,
  owner: string,
  clock: Pick<Clock, 'wallTime' | 'sinceBoot'>,
): string | undefined {
  if (saved.owner !== owner) return `it is of ${saved.owner}`;
  const age = ageMs(saved, clock);
  if (age > MAX_AGE_MS) return `it is ${Math.round(age / 3_600_000)} hours old`;
  if (age < -MAX_AHEAD_MS) return 'it is from the future, as this clock has it';
  return undefined;
}
