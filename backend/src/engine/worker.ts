/** Entry of the engine's thread: real ports, the speaker, the replica prober and the engine, wired together. */
import { parentPort, workerData } from 'node:worker_threads';
import { ReplicaProber } from '../health/replicas.ts';
import { systemClock, systemRandom } from '../platform/linux/clock.ts';
import { systemDatagrams } from '../platform/linux/datagrams.ts';
import { systemDialer } from '../platform/linux/dialer.ts';
import { systemLinks } from '../platform/linux/links.ts';
import { jsonLogger } from '../platform/linux/logger.ts';
import { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { Engine } from './engine.ts';
import { BEAT_MS } from './heartbeat.ts';
import type { EngineOptions, FromEngine, ToEngine } from './messages.ts';
import { sessionReport } from './session-report.ts';

const port = parentPort;
if (port === null) throw new Error('engine/worker.ts runs as a worker thread only');

const options = workerData as EngineOptions;
const logger = jsonLogger(options.logLevel, 'engine').child({ replica: options.replica });
const post = (message: FromEngine): void => port.postMessage(message);

function reportSessions(): void {
  const sessions = speaker.sessions();
  engine.sessionsChanged(sessions);
  post({ type: 'sessions', sessions: sessions.map(sessionReport) });
}

const speaker = new BgpSpeaker(
  {
    clock: systemClock,
    random: systemRandom,
    dialer: systemDialer,
    logger: logger.child({ component: 'bgp' }),
    onSessionChange: reportSessions,
    onSessionGone: reportSessions,
  },
  {},
);

const replicas = new ReplicaProber(
  {
    clock: systemClock,
    random: systemRandom,
    datagrams: systemDatagrams,
    logger: logger.child({ component: 'replicas' }),
    onChange: () => engine.replicasChanged(),
  },
  { self: options.replica, host: options.address, port: options.probePort },
);

const engine = new Engine({ clock: systemClock, links: systemLinks, logger, speaker, replicas, post }, options);

function handle(message: ToEngine): void {
  switch (message.type) {
    case 'start':
      engine.start(message.inputs);
      break;
    case 'change':
      engine.change(message.inputs);
      break;
    case 'staleness':
      engine.setStale(message.stale);
      break;
    case 'stop':
      void engine.stop();
      break;
  }
}

function beat(): void {
  post({ type: 'alive' });
  systemClock.setTimer(BEAT_MS, beat);
}

port.on('message', handle);
beat();
