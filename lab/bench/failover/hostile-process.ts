// Runs on a host: a router that is hostile to whoever calls it, and noise for all that listens on nodes and on the link. One JSON command per
// line on stdin; one JSON line on stdout per command that is done.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameReader } from '../../../backend/src/speakers/bgp/wire/frame.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../backend/src/speakers/bgp/wire/message.ts';
import { hex, marker } from '../../../backend/src/speakers/bgp/wire/testing/hex.ts';
import { Station } from '../../lan/station.ts';

export interface HostileCommand {
  /** Of the router. */
  readonly as: number;
  /** IPv4 addresses. */
  readonly nodes: readonly string[];
  readonly probePort: number;
  readonly httpPort: number;
  /** ARP requests are for these. */
  readonly ips: readonly string[];
  /** It is over when so many sessions have been ended by whoever called, and not before three seconds are. */
  readonly sessions: number;
  /** Or then, at most. */
  readonly seconds: number;
}

/** How much there was of each. */
export interface Hostilities {
  readonly sessions: number;
  readonly frames: number;
  readonly datagrams: number;
  readonly connections: number;
}

const tickMs = 10;
/** To each node in each tick. */
const datagramsAtOnce = 5;
const framesAtOnce = 20;
/** A connection to each node in so many ticks. */
const connectEvery = 10;
const largest = 1_400;
const leastMs = 3_000;
const context = { fourOctetAs: true, addPath: new Set<never>() };

const route = '18 0a4f00';
const asPath = '40 02 06 02 01 0000fdf1';
/** Bodies of UPDATEs: what RFC 7606 tolerates, and then a prefix of 33 bits, which it doesn't. */
const updates = [
  update(`40 01 01 07 ${asPath} 40 03 04 0a320009`, route),
  update(`40 01 01 00 ${asPath}`, route),
  update(`40 01 01 00 40 02 06 02 09 0000fdf1 40 03 04 0a320009`, route),
  update(`40 01 01 00 ${asPath} 40 03 04 0a320009`, '21 0a4f000000'),
];

function update(attributes: string, nlri: string): string {
  const { length } = hex(attributes);
  return `0000 ${length.toString(16).padStart(4, '0')} ${attributes} ${nlri}`;
}

function framed(body: string): Uint8Array {
  const length = 19 + hex(body).length;
  return hex(`${marker} ${length.toString(16).padStart(4, '0')} 02 ${body}`);
}

const station = await Station.open(() => undefined);
const datagrams = createSocket('udp4');
datagrams.on('error', () => undefined);
let sessions = 0;

function host(socket: Socket, as: number): void {
  const reader = new FrameReader();
  const say = (message: Message): void => void socket.write(encodeMessage(message, context));
  let isOpen = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (isOpen) sessions += 1;
  });
  socket.on('data', (chunk) => {
    for (const frame of reader.frames(chunk)) {
      const { type } = decodeMessage(frame, context);
      if (type === 'open') {
        const capabilities = [
          { type: 'multiprotocol', family: 'ipv4-unicast' },
          { type: 'four-octet-as', as },
        ] as const;
        say({ type: 'open', as, holdTimeSeconds: 90, identifier: '10.211.0.9', capabilities });
        say({ type: 'keepalive' });
      }
      if (type === 'keepalive' && !isOpen) {
        isOpen = true;
        for (const body of updates) socket.write(framed(body));
        socket.write(randomBytes(largest));
      }
    }
  });
}

function knock(node: string, port: number): void {
  const socket = connect({ host: node, port });
  socket.on('error', () => undefined);
  socket.on('connect', () => {
    socket.write(randomBytes(largest));
    setTimeout(() => socket.destroy(), 1_000).unref();
  });
}

/** An ARP frame as it must not be: what it says is left to chance. */
function garbled(): Uint8Array {
  const frame = randomBytes(60);
  frame.set(hex('ffffffffffff'), 0);
  frame.set(station.mac, 6);
  frame.set(hex('0806'), 12);
  return frame;
}

async function obey(command: HostileCommand): Promise<Hostilities> {
  sessions = 0;
  const server = createServer((socket) => host(socket, command.as)).listen(179);
  const questions = command.ips.map((ip) => station.question(ip));
  const done = { frames: 0, datagrams: 0, connections: 0 };
  const start = performance.now();
  const since = (): number => performance.now() - start;
  const goesOn = (): boolean => sessions < command.sessions || since() < leastMs;
  for (let tick = 0; goesOn() && since() < command.seconds * 1_000; tick++) {
    for (let i = 0; i < framesAtOnce; i++) {
      station.send(questions[done.frames % (questions.length * 2)] ?? garbled());
      done.frames += 1;
    }
    for (const node of command.nodes) {
      for (let i = 0; i < datagramsAtOnce; i++) {
        datagrams.send(randomBytes(1 + ((tick * datagramsAtOnce + i) % largest)), command.probePort, node);
        done.datagrams += 1;
      }
      if (tick % connectEvery > 0) continue;
      knock(node, command.httpPort);
      done.connections += 1;
    }
    await sleep(tickMs);
  }
  server.close();
  return { sessions, ...done };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as HostileCommand))}\n`);
}
process.exit();
