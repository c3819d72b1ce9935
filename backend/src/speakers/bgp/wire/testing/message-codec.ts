import assert from 'node:assert/strict';
import type { CodecContext } from '../context.ts';
import type { AddressFamily } from '../family.ts';
import { FrameReader } from '../frame.ts';
import { decodeMessage, encodeMessage, type Message } from '../message.ts';
import type { Codec } from './assert-codec.ts';

export function context(fourOctetAs: boolean, ...addPath: AddressFamily[]): CodecContext {
  return { fourOctetAs, addPath: new Set(addPath) };
}

/** Whole messages, header included; an UPDATE must be free of problems. */
export function messageCodec(agreed: CodecContext): Codec<Message> {
  return {
    encode: (message) => encodeMessage(message, agreed),
    decode(octets) {
      const [frame, ...others] = [...new FrameReader().frames(octets)];
      assert.ok(frame);
      assert.equal(others.length, 0);
      const message = decodeMessage(frame, agreed);
      if (message.type !== 'update') return message;
      const { problems, ...update } = message;
      assert.deepEqual(problems, []);
      return update;
    },
  };
}
