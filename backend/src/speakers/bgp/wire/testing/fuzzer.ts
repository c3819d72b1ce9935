import assert from 'node:assert/strict';
import type { CodecContext } from '../context.ts';
import { FrameReader, maxMessageBytes, type Frame } from '../frame.ts';
import { decodeMessage, encodeMessage, type ReceivedMessage } from '../message.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { CorpusEntry } from './corpus.ts';
import { frameOf } from './frames.ts';
import { toHex } from './hex.ts';
import { context } from './message-codec.ts';

const contexts: readonly CodecContext[] = [
  context(true),
  context(false),
  context(true, 'ipv4-unicast', 'ipv6-unicast'),
  { ...context(false, 'ipv6-unicast'), extendedMessages: true },
];

/** Values at which lengths and counts go wrong. */
const interesting = [0, 1, 2, 3, 4, 5, 0x10, 0x20, 0x21, 0x7f, 0x80, 0x81, 0xfe, 0xff];

/** Pseudo-random numbers that a seed repeats (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An integer from 0 to `sides` - 1. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }

  of<T>(list: readonly T[]): T {
    return list[this.roll(list.length)] as T;
  }
}

export interface FuzzOptions {
  readonly seed: number;
  readonly messages: number;
  readonly corpus: readonly CorpusEntry[];
}

export interface FuzzTally {
  decoded: number;
  refused: number;
}

type Mutation = (body: number[], dice: Dice, corpus: readonly CorpusEntry[]) => void;

const mutations: readonly Mutation[] = [
  (body, dice) => {
    const at = dice.roll(body.length);
    body[at] = (body[at] ?? 0) ^ (1 << dice.roll(8));
  },
  (body, dice) => (body[dice.roll(body.length)] = dice.of(interesting)),
  (body, dice) => (body[dice.roll(body.length)] = dice.roll(256)),
  (body, dice) => void body.splice(dice.roll(body.length), 1 + dice.roll(4)),
  (body, dice) => void body.splice(dice.roll(body.length + 1), 0, dice.roll(256)),
  // A part twice, and a part of another message in the midst of this one.
  (body, dice) => insert(body, body, dice),
  (body, dice, corpus) => insert(body, dice.of(corpus).body, dice),
  // From here on it is missing.
  (body, dice) => (body.length = dice.roll(body.length + 1)),
];

function insert(body: number[], from: ArrayLike<number>, dice: Dice): void {
  const start = dice.roll(from.length + 1);
  const part = Array.from(from).slice(start, start + dice.roll(40));
  body.splice(dice.roll(body.length + 1), 0, ...part);
}

/** A message of the corpus with a few things changed, under a header that is mostly right. */
export function mutated(dice: Dice, corpus: readonly CorpusEntry[]): Uint8Array {
  const { type, body: original } = dice.of(corpus);
  const body = [...original];
  for (let left = dice.roll(5); left > 0; left--) {
    if (body.length > 0) dice.of(mutations)(body, dice, corpus);
  }
  const length = Math.min(19 + body.length, maxMessageBytes);
  const header = [...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, type];
  if (dice.roll(16) === 0) header[dice.roll(19)] = dice.roll(256);
  return Uint8Array.from([...header, ...body.slice(0, length - 19)]);
}

/** Decodes a stream as a session does: until it ends or breaks the protocol. */
export function decodeStream(stream: Uint8Array, agreed: CodecContext, tally: FuzzTally): void {
  const reader = new FrameReader();
  if (agreed.extendedMessages === true) reader.extend();
  try {
    for (const frame of reader.frames(stream)) decodeFrame(frame, agreed, tally);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    tally.refused++;
  }
}

/** What decodes also encodes, to something that decodes to the same. */
function decodeFrame(frame: Frame, agreed: CodecContext, tally: FuzzTally): void {
  const message = decodeMessage(frame, agreed);
  tally.decoded++;
  let again: Uint8Array;
  try {
    again = encodeMessage(message, { ...agreed, extendedMessages: false });
  } catch (error) {
    // Our spelling is longer in places (MP attributes have a 16-bit length): a full message may not fit any more.
    if (error instanceof RangeError && frame.body.length > 4000) return;
    throw error;
  }
  assert.deepEqual(withoutProblems(decodeMessage(frameOf(again), agreed)), withoutProblems(message));
}

export function withoutProblems(message: ReceivedMessage): object {
  const { problems: _, ...rest } = { problems: [], ...message };
  return rest;
}

/** @throws {Error} that names the message, for one that is neither decoded, stably, nor refused with a ProtocolError */
export function fuzz({ seed, messages, corpus }: FuzzOptions): FuzzTally {
  const dice = new Dice(seed);
  const tally: FuzzTally = { decoded: 0, refused: 0 };
  for (let number = 0; number < messages; number++) {
    const stream = mutated(dice, corpus);
    const agreed = dice.of(contexts);
    try {
      decodeStream(stream, agreed, tally);
    } catch (error) {
      const how = `AS numbers of ${agreed.fourOctetAs ? 4 : 2} octets, ADD-PATH for ${[...agreed.addPath].join() || 'none'}`;
      throw new Error(`message ${number} of seed ${seed} (${how}): ${toHex(stream)}`, { cause: error });
    }
  }
  return tally;
}
