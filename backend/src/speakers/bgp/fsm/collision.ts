import { identifierBytes } from '../wire/address.ts';

export interface Speaker {
  /** Dotted BGP Identifier. */
  readonly identifier: string;
  readonly as: number;
}

/**
 * Which of two connections between the same speakers survives (RFC 4271 section 6.8): the one opened by the speaker with
 * the higher BGP Identifier; if they are equal, by the one with the higher AS number (RFC 6286 section 2.3).
 *
 * The rule alone; who asks it is `peer-sessions`, when an OPEN suits.
 *
 * @returns whose connection to keep: the one that the local speaker opened, or the one that the remote speaker opened.
 */
export function survivingConnection(local: Speaker, remote: Speaker): 'local' | 'remote' {
  const difference = identifierNumber(local) - identifierNumber(remote) || local.as - remote.as;
  return difference > 0 ? 'local' : 'remote';
}

function identifierNumber({ identifier }: Speaker): number {
  return identifierBytes(identifier).reduce((number, octet) => number * 256 + octet, 0);
}
