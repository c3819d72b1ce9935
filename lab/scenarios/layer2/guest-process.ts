// Runs in a kernel in user mode: a real Layer 2 speaker on real links of that kernel, and whatever programs the test names. One JSON
// command per line on stdin; one JSON line on stdout per command that is done.
import { createInterface } from 'node:readline';
import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { openLinkLayer } from '../../../backend/src/platform/linux/link-layer.ts';
import type { LogFields, Logger } from '../../../backend/src/platform/ports.ts';
import { Layer2Speaker } from '../../../backend/src/speakers/layer2/speaker.ts';
import { macText } from '../../../backend/src/speakers/layer2/wire/mac.ts';
import { CommandFailed, run } from '../../toolchain/run.ts';

export type GuestCommand =
  | { readonly run: readonly string[]; readonly stdin?: string }
  /** The links that may be spoken on, as they are now. */
  | { readonly links: true }
  /** The addresses that shall be answered for, in place of the ones before, and on the interface that their subnet says. */
  | { readonly answerFor: readonly string[] }
  /** What the speaker last said of each address. */
  | { readonly states: true };

export interface GuestLink {
  readonly name: string;
  readonly mac: string;
  readonly up: boolean;
  readonly prefixes: readonly string[];
}

export interface GuestAnswer {
  /** Of a program that ended well. */
  readonly stdout?: string;
  /** Why it did not. */
  readonly failure?: string;
  readonly links?: readonly GuestLink[];
  /** By address: `announcing on bond0`. */
  readonly states?: Readonly<Record<string, string>>;
}

function log(level: string): (fields: LogFields, message: string) => void {
  return (fields, message) => void process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
}
const silent = (): void => undefined;
const logger: Logger = { debug: silent, info: silent, warn: log('warn'), error: log('error'), child: () => logger };

const layer = await openLinkLayer({ logger });
const states: Record<string, string> = {};
const speaker = new Layer2Speaker({
  ...{ links: layer, clock: systemClock, random: systemRandom, logger, peerOf: () => undefined },
  onObservation: ({ ip, state, link = 'no link' }) => void (states[ip] = `${state} on ${link}`),
});

/** The speaker goes on meanwhile. */
async function runProgram([program = '', ...args]: readonly string[], stdin: string): Promise<GuestAnswer> {
  try {
    return { stdout: await run(program, args, { stdin }) };
  } catch (error) {
    if (error instanceof CommandFailed) return { failure: error.message };
    throw error;
  }
}

async function obey(command: GuestCommand): Promise<GuestAnswer> {
  if ('run' in command) return runProgram(command.run, command.stdin ?? '');
  if ('answerFor' in command) {
    speaker.set(new Map(command.answerFor.map((ip) => [ip, { interface: '', probe: true }])));
    return {};
  }
  if ('states' in command) return { states };
  return { links: layer.links().map(({ name, mac, up, prefixes }) => ({ name, mac: macText(mac), up, prefixes })) };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await obey(JSON.parse(line) as GuestCommand))}\n`);
}
process.exit();
