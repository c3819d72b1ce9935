import { createSocket } from 'node:dgram';
import type { DatagramHandlers, Datagrams, DatagramSocket } from '../ports.ts';

export const systemDatagrams: Datagrams = {
  bind(host: string, port: number, handlers: DatagramHandlers): DatagramSocket {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    let closed = false;
    socket.on('message', (bytes, from) => handlers.onMessage(bytes, { host: from.address, port: from.port }));
    socket.on('listening', () => {
      if (!closed) handlers.onBound?.();
    });
    socket.on('error', (error) => {
      if (!closed) handlers.onError(error);
    });
    socket.bind(port, host);
    return {
      // Errors of a single datagram (no route, refused) mean a lost datagram, which the caller has to live with anyway.
      send: (bytes, toPort, toHost) => {
        // Port 0 may stand in a forged question (RFC 768); Node throws for it, and nobody could be reached there.
        if (closed || toPort === 0) return;
        socket.send(bytes, toPort, toHost, (error) => {
          if (error !== null && !closed) handlers.onLost?.(error, { host: toHost, port: toPort });
        });
      },
      close: () => {
        if (closed) return;
        closed = true;
        socket.close();
      },
    };
  },
};
