/**
 * The datagram by which replicas ask each other whether they are alive. Fixed length, question and answer alike, so that a forged
 * source address gains nothing from us.
 *
 * ```
 *  0               4       5       6       7       8                      16
 *  | "PLB?" / "PLB!" | version | flags | zero  | zero | nonce, 8 octets     |
 * ```
 */
export interface ProbeMessage {
  readonly kind: 'question' | 'answer';
  /** The answering replica is shutting down: its silence afterwards is no failure. */
  readonly leaving: boolean;
  /** The answering replica's view of the Kubernetes API is stale: fresh ones rank without it. */
  readonly stale: boolean;
  /** Every session of the answering replica is established: another one may leave its routes to it. */
  readonly announcing: boolean;
  /** Chosen by the asker, repeated by the answer. */
  readonly nonce: bigint;
}

const LENGTH = 16;
const VERSION = 1;
const LEAVING = 0x01;
const STALE = 0x02;
const ANNOUNCING = 0x04;
const MAGIC = { question: 0x504c423f, answer: 0x504c4221 } as const;

function flags({ leaving, stale, announcing }: ProbeMessage): number {
  return (leaving ? LEAVING : 0) | (stale ? STALE : 0) | (announcing ? ANNOUNCING : 0);
}

export function encodeProbe(message: ProbeMessage): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC[message.kind]);
  view.setUint8(4, VERSION);
  view.setUint8(5, flags(message));
  view.setBigUint64(8, message.nonce);
  return bytes;
}

/** Undefined for anything that is not one of our datagrams; later versions keep the layout and may use more flags. */
export function decodeProbe(bytes: Uint8Array): ProbeMessage | undefined {
  if (bytes.byteLength !== LENGTH) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  if ((magic !== MAGIC.question && magic !== MAGIC.answer) || view.getUint8(4) < VERSION) return undefined;
  return {
    kind: magic === MAGIC.question ? 'question' : 'answer',
    leaving: (view.getUint8(5) & LEAVING) !== 0,
    stale: (view.getUint8(5) & STALE) !== 0,
    announcing: (view.getUint8(5) & ANNOUNCING) !== 0,
    nonce: view.getBigUint64(8),
  };
}
