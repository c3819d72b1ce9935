import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import { decodePlace, MAX_PLACE_OCTETS } from './replica-place.ts';

/**
 * The datagram by which replicas ask each other whether they are alive. A question has the header alone; so has an answer to anybody who
 * is no replica, so that a forged source address gains nothing from us. An answer to a replica says where we can speak on links as well, but
 * not each time to one that asks very often, as the address of a replica can be forged too.
 *
 * ```
 *  0               4       5       6       7       8                      16
 *  | "PLB?" / "PLB!" | version | flags | MED offsets   | nonce, 8 octets     | place of the replica, JSON ...
 * ```
 *
 * The ten lower bits of the MED offsets are `med` and the six upper ones `retained`, each plus 1: 0 is none, as older versions have it.
 */
export interface ProbeHeader {
  readonly kind: 'question' | 'answer';
  /** The replica is shutting down: its silence afterwards is no failure. */
  readonly leaving: boolean;
  /** Its view of the Kubernetes API is stale: fresh ones rank without it. */
  readonly stale: boolean;
  /** It has not met all nodes yet: those that have rank before it. */
  readonly newcomer: boolean;
  /**
   * Its view has been stale for a while in which that of others was not, by its own account; undefined where it doesn't say, as when it
   * is not stale, and in versions that don't judge themselves.
   */
  readonly behind: boolean | undefined;
  /** Every session of it is established: another one may leave its routes to it. */
  readonly announcing: boolean;
  /** Of a question: what the asker would answer has changed, so ask back at once. Only an answer is believed, as it repeats a nonce. */
  readonly news: boolean;
  /** Of an answer: its place is left out, what was said of it last still holds. */
  readonly placeOmitted: boolean;
  /**
   * Of an answer with a place: the replica takes the asker for one that speaks on links, so that it is not silent about what it leaves to
   * the asker. Older versions never say so.
   */
  readonly countsAsker: boolean;
  /** What the replica adds to the MED of its routes; undefined where it doesn't say. */
  readonly med: number | undefined;
  /**
   * The best offset, up to 62, that routers may retain of replicas that this one has lost, the asker not among them: whoever is first has
   * to go below.
   */
  readonly retained: number | undefined;
  /** Chosen by the asker, repeated by the answer. */
  readonly nonce: bigint;
}

export interface ProbeMessage extends ProbeHeader {
  /** Decoded each time it is read: of who is not believed nothing but the header is. */
  readonly place: ReplicaPlace;
}

const HEADER = 16;
const VERSION = 1;
const LEAVING = 0x01;
const STALE = 0x02;
const ANNOUNCING = 0x04;
/** The same bit: one kind asks, the other one answers. */
const NEWS = 0x08;
const COUNTS_ASKER = 0x08;
const PLACE_OMITTED = 0x10;
const BEHIND = 0x20;
const NOT_BEHIND = 0x40;
const NEWCOMER = 0x80;
const MAGIC = { question: 0x504c423f, answer: 0x504c4221 } as const;

function viewFlags({ stale, behind, newcomer }: ProbeHeader): number {
  const judged = behind === undefined ? 0 : behind ? BEHIND : NOT_BEHIND;
  return (stale ? STALE : 0) | judged | (newcomer ? NEWCOMER : 0);
}

function flags(header: ProbeHeader): number {
  const { kind, leaving, announcing, news, placeOmitted, countsAsker } = header;
  const state = (leaving ? LEAVING : 0) | viewFlags(header) | (announcing ? ANNOUNCING : 0);
  const ofKind = kind === 'question' ? (news ? NEWS : 0) : countsAsker ? COUNTS_ASKER : 0;
  return state | ofKind | (placeOmitted ? PLACE_OMITTED : 0);
}

const MED_BITS = 10;
const MED_MASK = 2 ** MED_BITS - 1;
const MAX_RETAINED = 62;

function medOctets({ med, retained }: ProbeHeader): number {
  const own = med === undefined ? 0 : Math.min(MED_MASK, med + 1);
  const others = retained === undefined ? 0 : Math.min(MAX_RETAINED, retained) + 1;
  return own | (others << MED_BITS);
}

function offsetOf(bits: number): number | undefined {
  return bits === 0 ? undefined : bits - 1;
}

/** @param place from `encodePlace`, empty for none */
export function encodeProbe(header: ProbeHeader, place: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(HEADER + place.byteLength);
  bytes.set(place, HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC[header.kind]);
  view.setUint8(4, VERSION);
  view.setUint8(5, flags(header));
  view.setUint16(6, medOctets(header));
  view.setBigUint64(8, header.nonce);
  return bytes;
}

/**
 * Undefined for anything that is not one of our datagrams; later versions keep the layout and may use more flags. A place that doesn't read
 * is none: the replica is alive all the same.
 */
export function decodeProbe(bytes: Uint8Array): ProbeMessage | undefined {
  if (bytes.byteLength < HEADER || bytes.byteLength > HEADER + MAX_PLACE_OCTETS) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if ((magic !== MAGIC.question && magic !== MAGIC.answer) || view.getUint8(4) < VERSION) return undefined;
  const kind = magic === MAGIC.question ? 'question' : 'answer';
  return {
    kind,
    leaving: (view.getUint8(5) & LEAVING) !== 0,
    stale: (view.getUint8(5) & STALE) !== 0,
    newcomer: (view.getUint8(5) & NEWCOMER) !== 0,
    behind: behindOf(view.getUint8(5)),
    announcing: (view.getUint8(5) & ANNOUNCING) !== 0,
    news: kind === 'question' && (view.getUint8(5) & NEWS) !== 0,
    placeOmitted: (view.getUint8(5) & PLACE_OMITTED) !== 0,
    countsAsker: kind === 'answer' && (view.getUint8(5) & COUNTS_ASKER) !== 0,
    med: offsetOf(view.getUint16(6) & MED_MASK),
    retained: offsetOf(view.getUint16(6) >> MED_BITS),
    nonce: view.getBigUint64(8),
    get place() {
      return decodePlace(bytes.subarray(HEADER)) ?? NO_PLACE;
    },
  };
}

function behindOf(flags: number): boolean | undefined {
  if ((flags & BEHIND) !== 0) return true;
  return (flags & NOT_BEHIND) === 0 ? undefined : false;
}
