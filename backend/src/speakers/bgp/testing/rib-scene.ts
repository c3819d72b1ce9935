import { AdjRibOut, type Batch, type RibSession } from '../adj-rib-out.ts';
import type { AddressFamily, Route } from '../model.ts';
import { PeerTable } from './peer-table.ts';

export interface SessionOptions {
  readonly sendMax?: number;
  readonly addPath?: readonly AddressFamily[];
  readonly families?: readonly AddressFamily[];
  readonly localAs?: number;
  readonly fourOctetAs?: boolean;
  readonly extendedMessages?: boolean;
}

export function session(options: SessionOptions = {}): RibSession {
  const families = options.families ?? ['ipv4-unicast', 'ipv6-unicast'];
  return {
    peer: { localAs: options.localAs ?? 65000, peerAs: 65001 },
    families: families.map((family) => ({ family, addPathSendMax: options.sendMax ?? 16 })),
    sending: {
      fourOctetAs: options.fourOctetAs ?? true,
      addPath: new Set(options.addPath ?? families),
      extendedMessages: options.extendedMessages ?? false,
    },
  };
}

export function route(prefix: string, ids: readonly number[], more: Partial<Route> = {}): Route {
  const base = prefix.includes(':') ? 'fd00::' : '192.0.2.';
  return { prefix, paths: ids.map((id) => ({ id, nextHop: `${base}${id}` })), ...more };
}
export const table = (...routes: readonly Route[]): Map<string, Route> =>
  new Map(routes.map((one) => [one.prefix, one]));

/** The routes of a peer, and what a peer makes of all that is sent. */
export class Scene {
  readonly invalid: string[] = [];
  readonly rib = new AdjRibOut({
    onInvalid: (count, prefix, reason) => void this.invalid.push(`${count} ${prefix}: ${reason}`),
  });
  readonly session: RibSession;
  peer: PeerTable;

  constructor(options: SessionOptions = {}) {
    this.session = session(options);
    this.peer = new PeerTable(this.session.sending);
  }

  start(): void {
    this.peer = new PeerTable(this.session.sending);
    this.rib.start(this.session);
  }

  /** The next messages, however many steps are taken before there are any. */
  take(maxBytes = 65_536): Batch | undefined {
    let batch = this.rib.take(maxBytes);
    while (batch?.messages === 0) batch = this.rib.take(maxBytes);
    return batch;
  }

  /** Sends all that is due; returns what the peer saw. */
  flush(maxBytes = 65_536): string[] {
    this.peer.log.length = 0;
    for (let batch = this.rib.take(maxBytes); batch !== undefined; batch = this.rib.take(maxBytes)) {
      this.peer.receive(batch.bytes);
    }
    return [...this.peer.log];
  }
}
