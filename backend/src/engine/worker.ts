/** Entry of the engine's thread: real ports, the speaker, the probers and the engine, wired together. */
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { NodeProber } from '../health/nodes.ts';
import { ReplicaProber } from '../health/replicas.ts';
import { systemClock, systemRandom } from '../platform/linux/clock.ts';
import { systemDatagrams } from '../platform/linux/datagrams.ts';
import { systemDialer } from '../platform/linux/dialer.ts';
import { systemHopDatagrams } from '../platform/linux/hop-datagrams.ts';
import { openLinkLayer } from '../platform/linux/link-layer.ts';
import { systemListeners } from '../platform/linux/listeners.ts';
import { systemLinks } from '../platform/linux/links.ts';
import { jsonLogger } from '../platform/linux/logger.ts';
import { LogLevelFile } from '../platform/log-level-file.ts';
import { LogThreshold } from '../platform/log-level.ts';
import { SystemNeighbourTable } from '../platform/linux/neighbour-table.ts';
import type { LinkLayer } from '../platform/ports.ts';
import { watchUsage } from '../platform/linux/usage.ts';
import { UsableLinks } from '../platform/usable-links.ts';
import { BfdSpeaker } from '../speakers/bgp/bfd/speaker.ts';
import { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { Layer2Speaker } from '../speakers/layer2/speaker.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';
import { Engine } from './engine.ts';
import type { EngineFacts, LinkFacts } from './facts.ts';
import { HeardSubnets } from './heard-subnets.ts';
import { engineMeasures } from './measures.ts';
import { BEAT_MS } from './heartbeat.ts';
import { Layer2 } from './layer2.ts';
import type { Layer2Host } from './layer2-deps.ts';
import type { ConflictReport, EngineOptions, FromEngine, ToEngine } from './messages.ts';
import { Paced } from './paced.ts';
import { sessionFacts, sessionReport } from './session-report.ts';
import { ViewFreshness } from './view-freshness.ts';

const port = parentPort;
if (port === null) throw new Error('engine/worker.ts runs as a worker thread only');

const options = workerData as EngineOptions;
const threshold = new LogThreshold(options.logLevel);
const logger = jsonLogger(threshold, { component: 'engine', replica: options.replica });
const usage = watchUsage();
const post = (message: FromEngine): void => port.postMessage(message);

/** A router may change what its BFD says with each packet, and a hundred sessions come up in one moment. */
const REPORT_PACE_MS = 50;
const reports = new Paced(systemClock, REPORT_PACE_MS, () => {
  const sessions = speaker.sessions().map((status) => ({
    ...sessionReport(status),
    offSubnetNextHop: engine.offSubnetNextHop(status.key),
  }));
  post({ type: 'sessions', sessions });
});

function sessionsChanged(): void {
  engine.sessionsChanged(speaker.sessions());
  reports.request();
}

const bfd = new BfdSpeaker({
  clock: systemClock,
  random: systemRandom,
  datagrams: systemHopDatagrams,
  logger: logger.child({ component: 'bfd' }),
  onChange: (peer, change) => {
    speaker.bfdChanged(peer, change);
    reports.request();
  },
});

const speaker: BgpSpeaker = new BgpSpeaker(
  {
    clock: systemClock,
    random: systemRandom,
    dialer: systemDialer,
    listeners: systemListeners,
    bfd,
    logger: logger.child({ component: 'bgp' }),
    onSessionChange: sessionsChanged,
    onSessionGone: sessionsChanged,
  },
  { shutdownText: `${options.replica} on ${options.node} leaves` },
);

const replicas = new ReplicaProber(
  {
    clock: systemClock,
    random: systemRandom,
    datagrams: systemDatagrams,
    logger: logger.child({ component: 'replicas' }),
    onChange: () => {
      engine.replicasChanged();
      subnets.request();
    },
    beforeAnswer: () => view.check(),
  },
  { self: options.replica, host: options.address, port: options.probePort },
);

/** Many replicas start at once, and each is news several times. */
const SUBNETS_PACE_MS = 200;
const heardSubnets = new HeardSubnets({ clock: systemClock, replicas, post }, options);
const subnets = new Paced(systemClock, SUBNETS_PACE_MS, () => heardSubnets.update());

const nodes = new NodeProber(
  {
    clock: systemClock,
    random: systemRandom,
    dialer: systemDialer,
    neighbours: new SystemNeighbourTable(),
    links: systemLinks,
    logger: logger.child({ component: 'nodes' }),
    onChange: () => engine.healthChanged(),
  },
  { self: options.node, host: options.address },
);

/** Other replicas go on without this one, and so does BGP, while it may or can not use its links. */
async function openLinks(): Promise<LinkLayer> {
  const linkLogger = logger.child({ component: 'links' });
  const connect = (): Promise<LinkLayer> => openLinkLayer({ logger: linkLogger });
  const links = new UsableLinks({ clock: systemClock, logger: linkLogger, connect });
  await links.start();
  return links;
}

const links = options.layer2 ? await openLinks() : undefined;
let linkSpeaker: Layer2Speaker | undefined;

function makeLayer2(layer: LinkLayer, host: Layer2Host): Layer2 {
  const ports = { clock: systemClock, random: systemRandom, links: layer, datagrams: systemDatagrams };
  const linkLogger = logger.child({ component: 'layer2' });
  const speaker: Layer2Speaker = new Layer2Speaker(
    {
      ...{ ...ports, logger: linkLogger },
      onObservation: (observation) => layer2.observe(observation),
      peerOf: (mac) => layer2.nodeOf(mac),
    },
    { steadyMs: options.layer2SteadyMs },
  );
  const onConflicts = (conflicts: readonly ConflictReport[]): void => post({ type: 'conflicts', conflicts });
  linkSpeaker = speaker;
  const deps = { ...ports, ...host, logger: linkLogger, speaker, replicas, onConflicts };
  const layer2: Layer2 = new Layer2(deps, options);
  return layer2;
}

const engine = new Engine(
  {
    ...{ clock: systemClock, links: systemLinks, logger, speaker, replicas, nodes, post },
    ...(links === undefined ? {} : { layer2: (host) => makeLayer2(links, host) }),
  },
  options,
);

const view = new ViewFreshness({ clock: systemClock, onChange: (stale) => engine.setStale(stale) });

function linkFacts(): LinkFacts[] {
  const up = (links?.links() ?? []).filter((link) => link.up);
  return up.map(({ name, mac, prefixes, isLeftAlone }) => {
    return { name, mac: macText(mac), prefixes: [...prefixes], ...(isLeftAlone && { isLeftAlone }) };
  });
}

function facts(ips: readonly string[]): EngineFacts {
  const sessions = speaker.sessions().map(sessionFacts);
  const portProblems = speaker.listenProblems().map(({ port, message }) => ({ port, problem: message }));
  const own = { sessions, nodes: nodes.verdicts(), links: linkFacts(), portProblems };
  return { ...engine.facts(ips), ...own };
}

/** Whatever is wrong with a question, or with its answer, announcing goes on. */
function answer({ id, about, ips }: Extract<ToEngine, { readonly type: 'ask' }>): void {
  try {
    if (about === 'facts') post({ type: about, id, facts: facts(ips) });
    else post({ type: about, id, addresses: engine.facts(ips).addresses });
  } catch (error) {
    logger.error({ err: error }, 'a question can not be answered');
    if (about === 'facts') post({ type: about, id, facts: undefined });
    else post({ type: about, id, addresses: undefined });
  }
}

function handle(message: ToEngine): void {
  switch (message.type) {
    case 'start':
      engine.start(message.inputs);
      break;
    case 'change':
      engine.change(message.inputs);
      // Their addresses are what routers get as next hops.
      if (message.inputs.nodes !== undefined) reports.request();
      break;
    case 'staleness':
      view.say(message.stale);
      break;
    case 'proof':
      view.proven(message.at);
      break;
    case 'measure':
      post({
        type: 'measures',
        measures: engineMeasures({
          engine: engine.facts([]),
          speaker,
          bfd,
          nodes,
          replicas,
          layer2: linkSpeaker,
          usage,
        }),
      });
      break;
    case 'ask':
      answer(message);
      break;
    case 'hand-over':
      void engine.handOver().then(() => post({ type: 'handed-over' }));
      break;
    case 'stop':
      void engine.stop(message.successors);
      break;
  }
}

function beat(): void {
  post({ type: 'alive' });
  systemClock.setTimer(BEAT_MS, beat);
}

const { logLevelFile } = options;
if (logLevelFile !== undefined) {
  const read = async (): Promise<string> => await readFile(logLevelFile, 'utf8');
  void new LogLevelFile({ clock: systemClock, logger, threshold, read }).follow();
}
port.on('message', handle);
beat();
