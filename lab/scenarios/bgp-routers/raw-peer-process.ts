// A peer that says whatever a test wants, in a process of its own so that it can be put into a network namespace: it connects, opens a session as any router does,
// and keeps it. One JSON command per line on stdin; on stdout one JSON line per message that comes, and one when the connection is closed.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { FrameReader } from '../../../backend/src/speakers/bgp/wire/frame.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../backend/src/speakers/bgp/wire/message.ts';
import { describeNotification } from '../../../backend/src/speakers/bgp/wire/notification.ts';

export type RawCommand =
  | { readonly connect: { readonly from: string; readonly to: string; readonly as: number } }
  /** Octets, in hexadecimal. */
  | { readonly send: string };

/** `notification`: in words. */
export interface RawEvent {
  readonly event: 'open' | 'keepalive' | 'update' | 'route-refresh' | 'notification' | 'closed';
  readonly text?: string;
}

const context = { fourOctetAs: true, addPath: new Set<never>() };
const identifier = '10.211.0.9';
const keepaliveMs = 1_000;
let socket: Socket | undefined;

function tell(event: RawEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function open(from: string, to: string, as: number): void {
  const reader = new FrameReader();
  const made = connect({ host: to, port: 179, localAddress: from });
  const say = (message: Message): void => void made.write(encodeMessage(message, context));
  const keepalives = setInterval(() => say({ type: 'keepalive' }), keepaliveMs);
  made.on('data', (chunk) => {
    for (const frame of reader.frames(chunk)) {
      const message = decodeMessage(frame, context);
      tell({
        event: message.type,
        ...(message.type === 'notification' ? { text: describeNotification(message) } : {}),
      });
      if (message.type === 'open') say({ type: 'keepalive' });
    }
  });
  made.on('connect', () => {
    const capabilities = [
      { type: 'multiprotocol', family: 'ipv4-unicast' },
      { type: 'multiprotocol', family: 'ipv6-unicast' },
      { type: 'route-refresh' },
      { type: 'four-octet-as', as },
    ] as const;
    say({ type: 'open', as, holdTimeSeconds: 90, identifier, capabilities });
  });
  made.on('error', () => undefined);
  made.on('close', () => {
    clearInterval(keepalives);
    tell({ event: 'closed' });
  });
  socket = made;
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as RawCommand;
  if ('connect' in command) open(command.connect.from, command.connect.to, command.connect.as);
  else socket?.write(Buffer.from(command.send, 'hex'));
}
process.exit(0);
