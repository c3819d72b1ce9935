import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from 'node:net';
import { noAnswer } from '../no-answer.ts';
import type { Connection, ConnectionHandlers, Dialer, DialOptions } from '../ports.ts';
import { TcpConnection } from './tcp-connection.ts';
import { closeSocket, isSpecial, openSocket } from './tcp-options.ts';

/** TCP connections of the host. */
export const systemDialer: Dialer = { dial };

function dial(options: DialOptions, handlers: ConnectionHandlers): Connection {
  const { socket, problem } = makeSocket(options);
  const { host, port, localAddress, timeoutMs } = options;
  const timer = setTimeout(() => {
    socket.destroy(noAnswer(options));
  }, timeoutMs);
  socket.on('connect', () => clearTimeout(timer));
  socket.on('close', () => clearTimeout(timer));
  const connection = new TcpConnection(socket, handlers);
  if (problem !== undefined) socket.destroy(problem);
  else connect(socket, { host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  return connection;
}

function connect(socket: Socket, options: TcpSocketConnectOpts): void {
  try {
    socket.connect(options);
  } catch (error) {
    // What is refused at once, such as a malformed local address.
    socket.destroy(errorOf(error));
  }
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

interface MadeSocket {
  readonly socket: Socket;
  readonly problem?: Error;
}

/**
 * Node.js can set neither a TCP-MD5 key nor a TTL, but connects a socket that was made elsewhere: libuv takes a descriptor that is not
 * connected (uv_tcp_open, then uv_tcp_connect).
 */
function makeSocket(options: DialOptions): MadeSocket {
  if (!isSpecial(options)) return { socket: new Socket() };
  let fd: number | undefined;
  try {
    fd = openSocket(options.host, options);
    // `manualStart`, as Node.js has it for its own use: nothing is read before there is a connection.
    const adopted: SocketConstructorOpts & { manualStart: boolean } = {
      ...{ fd, readable: true, writable: true, manualStart: true },
    };
    // From here on Node.js closes it.
    return { socket: new Socket(adopted) };
  } catch (error) {
    if (fd !== undefined) closeSocket(fd);
    return { socket: new Socket(), problem: errorOf(error) };
  }
}
