// The service proxies of all nodes, each at an address of its own. One JSON command per line on stdin; one JSON line on stdout per command that
// is done: `nodes-process.ts NAMESPACE`, which is there for people who look at the list of processes.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { HEALTH_PORT } from '../../../backend/src/health/nodes.ts';

export interface NodesCommand {
  /** From now on; without it all of them hang, as if the network between were broken, while the kernel answers the second witness. */
  readonly answers: boolean;
}

/** So many there were since the start. */
export interface NodesTold {
  readonly requests: number;
  readonly connections: number;
}

const told = { requests: 0, connections: 0 };
const body = '{"lastUpdated": "2026-01-01 00:00:00","currentTime": "2026-01-01 00:00:00", "nodeEligible": true}';
const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
let answers = true;

const server = createServer((socket) => {
  told.connections += 1;
  socket.setNoDelay(true);
  socket.on('data', () => {
    told.requests += 1;
    if (answers) socket.write(answer);
  });
  socket.on('error', () => socket.destroy());
});
await once(server.listen({ port: HEALTH_PORT, host: '0.0.0.0', backlog: 4_096 }), 'listening');

for await (const line of createInterface({ input: process.stdin })) {
  ({ answers } = JSON.parse(line) as NodesCommand);
  process.stdout.write(`${JSON.stringify(told satisfies NodesTold)}\n`);
}
process.exit();
