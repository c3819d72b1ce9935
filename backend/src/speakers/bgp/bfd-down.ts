import type { BfdPeer, BfdStatus } from './bfd/speaker.ts';
import { configProblem } from './config-problem.ts';
import type { PeerConfig } from './model.ts';
import { CeaseSubcode, ErrorCode, notification } from './wire/notification.ts';
import { ProtocolError } from './wire/protocol-error.ts';

/** What BFD has to know of the peers that have it, by their keys. */
export function bfdPeers(peers: readonly PeerConfig[]): Map<string, BfdPeer> {
  const possible = peers.filter((config) => configProblem(config) === undefined);
  const wanted = possible.flatMap(({ key, address, localAddress, bfd }): [string, BfdPeer][] =>
    bfd === undefined ? [] : [[key, { address, localAddress, bfd }]],
  );
  return new Map(wanted);
}

/** RFC 9384: the session of BGP ends because that of BFD went down. */
export function bfdDown(status: BfdStatus | undefined): ProtocolError {
  const { diagnostic = 'the peer is gone', remoteDiagnostic } = status ?? {};
  const theirs = remoteDiagnostic === undefined ? '' : `; the peer says ${remoteDiagnostic}`;
  return new ProtocolError(`${diagnostic}${theirs}`, notification(ErrorCode.cease, CeaseSubcode.bfdDown));
}
