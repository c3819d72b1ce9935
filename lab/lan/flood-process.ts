// Runs on a host: sends ARP requests for addresses of no interest to anybody, at a rate and for a time. One JSON command per line on
// stdin; one JSON line on stdout per command that is done.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Station } from './station.ts';

export interface FloodCommand {
  /** Asked for in turn. */
  readonly ips: readonly string[];
  /** At most 50,000. */
  readonly perSecond: number;
  /** At most 60. */
  readonly seconds: number;
}

export interface Flooded {
  readonly sent: number;
  /** Of those, what the kernel did not take. */
  readonly lost: number;
  /** What it took. */
  readonly seconds: number;
}

const most = { perSecond: 50_000, seconds: 60 } as const;
const tickMs = 2;
/** A process that was held up makes up for it bit by bit: a burst that fills the queue of whoever hears it is no steady flood. */
const mostAtOnce = 250;

const station = await Station.open(() => undefined);

async function obey(command: FloodCommand): Promise<Flooded> {
  const perSecond = Math.min(command.perSecond, most.perSecond);
  const durationMs = 1000 * Math.min(command.seconds, most.seconds);
  const frames = command.ips.map((ip) => station.question(ip));
  const lostBefore = station.lost;
  const start = performance.now();
  let sent = 0;
  let elapsed = 0;
  while (elapsed < durationMs) {
    const due = Math.min(mostAtOnce, Math.floor((elapsed * perSecond) / 1000) - sent);
    for (let i = 0; i < due; i++) station.send(frames[sent++ % frames.length] ?? new Uint8Array());
    await sleep(tickMs);
    elapsed = performance.now() - start;
  }
  return { sent, lost: station.lost - lostBefore, seconds: elapsed / 1000 };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as FloodCommand))}\n`);
}
process.exit();
