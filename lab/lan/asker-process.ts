// Runs on a host: asks for addresses by ARP and neighbour solicitations of its own and takes the time until the answer. One JSON
// command per line on stdin; one JSON line on stdout per command that is done.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Packet } from '../../backend/src/speakers/layer2/wire/frame.ts';
import { answeredFor } from './answer.ts';
import { Station } from './station.ts';

export interface AskCommand {
  /** Asked for in turn, one at a time. */
  readonly ips: readonly string[];
  /** How often each is asked for. */
  readonly rounds: number;
  /** From one answer to the next question. */
  readonly pauseMs: number;
  /** Patience with each. */
  readonly timeoutMs: number;
  /** Ends as soon as one was answered. */
  readonly untilAnswered?: boolean;
}

export interface Asked {
  /** By address, in order of time: milliseconds until the answer, null if there was none. */
  readonly latencies: Readonly<Record<string, readonly (number | null)[]>>;
  /** When the last answer came, in milliseconds since the epoch; null if none did. */
  readonly answeredAt: number | null;
}

let awaited: { readonly ip: string; readonly onAnswer: (at: number) => void } | undefined;

function hear(packet: Packet): void {
  const at = performance.now();
  if (awaited !== undefined && answeredFor(packet, station.mac) === awaited.ip) awaited.onAnswer(at);
}

const station = await Station.open(hear);

/** `performance.now()` of the answer. */
async function ask(frame: Uint8Array, ip: string, timeoutMs: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  awaited = { ip, onAnswer: resolve };
  station.send(frame);
  const at = await promise;
  clearTimeout(timer);
  awaited = undefined;
  return at;
}

async function obey({ ips, rounds, pauseMs, timeoutMs, untilAnswered = false }: AskCommand): Promise<Asked> {
  const questions = ips.map((ip) => ({ ip, frame: station.question(ip), latencies: [] as (number | null)[] }));
  let answeredAt: number | null = null;
  for (let round = 0; round < rounds && !(untilAnswered && answeredAt !== null); round++) {
    for (const { ip, frame, latencies } of questions) {
      const start = performance.now();
      const at = await ask(frame, ip, timeoutMs);
      latencies.push(at === undefined ? null : at - start);
      if (at !== undefined) answeredAt = performance.timeOrigin + at;
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }
  return { latencies: Object.fromEntries(questions.map(({ ip, latencies }) => [ip, latencies])), answeredAt };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as AskCommand))}\n`);
}
process.exit();
