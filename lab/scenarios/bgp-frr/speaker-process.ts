// A BGP speaker in a process of its own, so that a test can put it into a network namespace and kill it.
// One JSON command per line on stdin; one JSON line on stdout per change of a session, per session that is gone and per
// command that is done.
import { createInterface } from 'node:readline';
import { systemClock, systemRandom } from '../../../backend/src/platform/linux/clock.ts';
import { systemDialer } from '../../../backend/src/platform/linux/dialer.ts';
import { systemHopDatagrams } from '../../../backend/src/platform/linux/hop-datagrams.ts';
import { systemListeners } from '../../../backend/src/platform/linux/listeners.ts';
import type { LogFields, Logger } from '../../../backend/src/platform/ports.ts';
import { BfdSpeaker } from '../../../backend/src/speakers/bgp/bfd/speaker.ts';
import { BgpSpeaker, type PeerConfig, type Route, type StopMode } from '../../../backend/src/speakers/bgp/speaker.ts';

export type Command =
  | {
      readonly configure: readonly PeerConfig[];
      readonly listen?: { readonly port: number; readonly addresses: string[] };
    }
  | { readonly setRoutes: { readonly peer: string; readonly routes: readonly Route[] } }
  /** What the sessions are like now: not all of it is a change. */
  | { readonly report: 'sessions' }
  | { readonly stop: StopMode };

const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function log(level: string): (fields: LogFields, message: string) => void {
  return (fields, message) => void process.stderr.write(`${JSON.stringify({ level, ...fields, message })}\n`);
}
const logger: Logger = {
  debug: log('debug'),
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
  child: () => logger,
};

const bfd = new BfdSpeaker({
  clock: systemClock,
  random: systemRandom,
  datagrams: systemHopDatagrams,
  logger,
  onChange: (key, change) => {
    speaker.bfdChanged(key, change);
    tell(key);
  },
});

const speaker: BgpSpeaker = new BgpSpeaker(
  {
    clock: systemClock,
    random: systemRandom,
    dialer: systemDialer,
    listeners: systemListeners,
    logger,
    bfd,
    onSessionChange: ({ key }) => tell(key),
    onSessionGone: (gone) => write({ gone }),
  },
  { shutdownText: 'lab scenario ends' },
);

/** What the speaker says of a session, its BFD included. */
function tell(key: string): void {
  for (const status of speaker.sessions()) if (status.key === key) write({ status });
}

async function obey(command: Command): Promise<void> {
  if ('configure' in command) speaker.configure(command.configure, command.listen);
  else if ('setRoutes' in command) {
    const { peer, routes } = command.setRoutes;
    speaker.setRoutes(peer, new Map(routes.map((route) => [route.prefix, route])));
  } else if ('report' in command) for (const { key } of speaker.sessions()) tell(key);
  else await speaker.stop(command.stop);
  write({ done: true });
}

for await (const line of createInterface({ input: process.stdin })) await obey(JSON.parse(line) as Command);
