/**
 * What the failure of a TCP connection says:
 * `refused`: a host answers and nobody listens there; `reset`: somebody was there; `silent`: nobody answers (the attempt timed out,
 * neighbour resolution failed, a router says that the host can't be reached); `here`: this host couldn't even ask.
 */
export type NetFailure = 'refused' | 'reset' | 'silent' | 'here';

/** Names of errno(3), as they stand in the messages of Node.js. */
const BY_NAME: Readonly<Record<string, NetFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'silent',
  EHOSTUNREACH: 'silent',
  EHOSTDOWN: 'silent',
};

/** @param error of `ConnectionHandlers.onClose`; undefined: the other side closed in order */
export function netFailure(error: Error | undefined): NetFailure {
  if (error === undefined) return 'reset';
  if (error.message.startsWith('no answer')) return 'silent';
  const name = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0] ?? '';
  // Out of descriptors, no route, no address to ask from: the other side is not to blame.
  return BY_NAME[name] ?? 'here';
}
