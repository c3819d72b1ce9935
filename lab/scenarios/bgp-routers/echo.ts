// Traffic through a router, in a process of its own so that it can be put into a network namespace. `serve ADDRESS...`: answers every datagram there.
// `ask MS ADDRESS...`: sends one to each address every so many milliseconds, each as a flow of its own, and gives each ten seconds for its answer; on a line on stdin one JSON line tells what
// became of those so far, and the end of stdin ends it.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

export interface EchoTally {
  readonly sent: number;
  readonly answered: number;
  /** Not answered in time. */
  readonly lost: number;
}

const port = 7_777;
const patienceMs = 10_000;
const [mode, ...args] = process.argv.slice(2);

function family(address: string): 'udp4' | 'udp6' {
  return address.includes(':') ? 'udp6' : 'udp4';
}

function serve(addresses: readonly string[]): void {
  for (const address of addresses) {
    const socket = createSocket(family(address));
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    socket.bind(port, address, () => process.stdout.write(`${address}\n`));
  }
}

function ask(everyMs: number, addresses: readonly string[]): void {
  let [sent, answered, lost] = [0, 0, 0];
  const askOne = (address: string): void => {
    const socket = createSocket(family(address));
    let isOver = false;
    const end = (isAnswered: boolean): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      if (isAnswered) answered += 1;
      else lost += 1;
    };
    const timer = setTimeout(() => end(false), patienceMs);
    socket.once('message', () => end(true));
    // No route: the kernel says so at once.
    socket.on('error', () => end(false));
    sent += 1;
    socket.send('?', port, address);
  };
  setInterval(() => addresses.forEach(askOne), everyMs);
  const tally = (): EchoTally => ({ sent, answered, lost });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', () => process.stdout.write(`${JSON.stringify(tally())}\n`));
  lines.on('close', () => process.exit(0));
}

if (mode === 'serve') serve(args);
else ask(Number(args[0]), args.slice(1));
