/**
 * For `node --import`, before a replica's own program: its datagrams to other replicas (`backend/src/health/probe-message.ts`) are then those
 * of a version that knows of the flags only the first three (leaving, stale, announcing), and of no MED offsets. It neither says nor hears that there is news,
 * and each of its answers has its place, as none could be left out; an answer of another replica without one means "nowhere" to it.
 */
import dgram, { type Socket } from 'node:dgram';
import { syncBuiltinESMExports } from 'node:module';

const firstFlags = 0x07;
const placeOmitted = 0x10;
const magics = new Set(['PLB?', 'PLB!']);
/** Offsets in a datagram. */
const at = { magicEnd: 4, flags: 5, offsets: 6, nonce: 8, place: 16 } as const;

/** The end of the last answer that had a place: what is said to be left out. */
let lastPlace = new Uint8Array();

function isProbe(bytes: Uint8Array): boolean {
  return bytes.byteLength >= at.place && magics.has(Buffer.from(bytes.subarray(0, at.magicEnd)).toString('latin1'));
}

function asOlder(bytes: Uint8Array): Uint8Array {
  if (!isProbe(bytes)) return bytes;
  const flags = bytes[at.flags] ?? 0;
  if (bytes.byteLength > at.place) lastPlace = bytes.slice(at.place);
  const place = (flags & placeOmitted) === 0 ? bytes.subarray(at.place) : lastPlace;
  return withFirstOnly(Buffer.concat([bytes.subarray(0, at.place), place]));
}

function withFirstOnly(bytes: Buffer): Buffer {
  return bytes.fill((bytes[at.flags] ?? 0) & firstFlags, at.flags, at.flags + 1).fill(0, at.offsets, at.nonce);
}

function makeOlder(socket: Socket): Socket {
  const send = socket.send.bind(socket) as (message: Uint8Array, ...rest: readonly unknown[]) => void;
  const sendOlder = (message: Uint8Array, ...rest: readonly unknown[]): void => send(asOlder(message), ...rest);
  // The first listener: those of the replica are given the same octets.
  const hearOlder = (message: Buffer): void => {
    if (isProbe(message)) withFirstOnly(message);
  };
  return Object.assign(socket, { send: sendOlder }).on('message', hearOlder);
}

const createSocket = dgram.createSocket as (...args: readonly unknown[]) => Socket;
Object.assign(dgram, { createSocket: (...args: readonly unknown[]) => makeOlder(createSocket(...args)) });
syncBuiltinESMExports();
