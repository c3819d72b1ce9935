import type { Connection, ConnectionHandlers, Dialer, DialOptions } from '../../../backend/src/platform/ports.ts';
import { encodeMessage } from '../../../backend/src/speakers/bgp/wire/message.ts';

const context = { fourOctetAs: true, addPath: new Set<never>() };

/** Routers that take every session and read everything at once: what is left is our own time. */
export class MuteNetwork implements Dialer {
  bytes = 0;
  writes = 0;
  readonly #peerAs: number;

  constructor(peerAs: number) {
    this.#peerAs = peerAs;
  }

  dial({ host }: DialOptions, handlers: ConnectionHandlers): Connection {
    const greeting = this.#greeting();
    let open = true;
    const close = (): void => {
      if (open) setImmediate(() => handlers.onClose());
      open = false;
    };
    const connection = {
      localAddress: '10.211.0.2',
      remoteAddress: host,
      sentBytes: 0,
      delivery: undefined,
      write: (bytes: Uint8Array): number => {
        this.bytes += bytes.length;
        this.writes += 1;
        return 0;
      },
      setPassword: (): void => {},
      end: close,
      destroy: close,
    };
    setImmediate(() => {
      handlers.onConnect();
      handlers.onData(greeting);
    });
    return connection;
  }

  /** OPEN and KEEPALIVE. */
  #greeting(): Uint8Array {
    const open = encodeMessage(
      {
        type: 'open',
        as: this.#peerAs,
        holdTimeSeconds: 0,
        identifier: '10.211.0.1',
        capabilities: [
          { type: 'multiprotocol', family: 'ipv4-unicast' },
          { type: 'four-octet-as', as: this.#peerAs },
          { type: 'add-path', families: [{ family: 'ipv4-unicast', mode: 1 }] },
        ],
      },
      context,
    );
    return Buffer.concat([open, encodeMessage({ type: 'keepalive' }, context)]);
  }
}
