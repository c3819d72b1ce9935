import assert from 'node:assert/strict';
import { FrameReader, type Frame } from '../frame.ts';

/** All messages in a byte stream; what is left over at its end is an error. @param extended longer ones are agreed on */
export function framesOf(stream: Uint8Array, extended = false): Frame[] {
  const reader = new FrameReader();
  if (extended) reader.extend();
  const frames = [...reader.frames(stream)];
  const consumed = frames.reduce((sum, { body }) => sum + 19 + body.length, 0);
  assert.equal(consumed, stream.length, 'a message is incomplete');
  return frames;
}

export function frameOf(octets: Uint8Array): Frame {
  const [frame, ...others] = framesOf(octets);
  assert.ok(frame);
  assert.equal(others.length, 0);
  return frame;
}
