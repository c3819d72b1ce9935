/**
 * porter-manager: one program, N identical replicas.
 *
 *  Kubernetes objects                                                             network
 *  Services EndpointSlices Nodes   ┌─────────────────── every replica ──────────────────┐
 *  Eips BgpConf BgpPeers ────────► │ main thread           │ worker thread: engine      │
 *  Namespaces                      │  cluster/watch ─deltas┼─► announce ──► speakers/ ──┼──► routers
 *        ▲                         │     │                 │     ▲                   ──┼──► LAN
 *        │                         │     ▼                 │   health ◄─────────────────┼──► replicas
 *        └─ Service, Eip, BgpPeer ◄┤  allocate (leader)    │     │ sessions, addresses  │
 *           status: cluster/write  │  report ◄─────────────┼─────┘                      │
 *                                  └───────────── api: /healthz, /readyz, /metrics ─────┘
 *
 * This file only wires: ports in, `Manager` out, signals and exits.
 */
import { readFile } from 'node:fs/promises';
import { HttpKube } from './cluster/http/http-kube.ts';
import { inClusterConfig } from './cluster/http/in-cluster.ts';
import { readKubeconfig } from './cluster/http/kubeconfig.ts';
import type { ClusterConfig } from './cluster/http/credential.ts';
import { upgradeCustomResources } from './hooks/custom-resources.ts';
import { releaseAll } from './hooks/removal.ts';
import { Manager } from './manager.ts';
import { HOOKS, readOptions, USAGE, UsageError, type Hook, type ManagerOptions } from './options.ts';
import { systemClock, systemRandom } from './platform/linux/clock.ts';
import { AsyncFaultZone, handleFaults } from './platform/linux/fault-zone.ts';
import { systemLinks } from './platform/linux/links.ts';
import { jsonLogger } from './platform/linux/logger.ts';
import { LogLevelFile } from './platform/log-level-file.ts';
import { LogThreshold } from './platform/log-level.ts';
import { boundAccepted } from './platform/linux/tcp-options.ts';
import { watchUsage } from './platform/linux/usage.ts';
import { DiskStateFile } from './platform/linux/state-file.ts';
import { MAX_BYTES } from './saved/codec.ts';

/**
 * Leaving takes about a second; with an API server and a router that hang, twenty. Less than the 30 s that a Pod of the chart has; a replica
 * that hangs on the way must not hold up a rolling update.
 */
const STOP_DEADLINE_MS = 25_000;

async function namedConfig(file: string, context: string | undefined): Promise<ClusterConfig> {
  try {
    return await readKubeconfig(file, systemClock, context);
  } catch (error) {
    throw new Error(`the kubeconfig can't be used: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function clusterConfig(options: ManagerOptions): Promise<ClusterConfig> {
  if (options.kubeconfig !== undefined) return await namedConfig(options.kubeconfig, options.context);
  const config = inClusterConfig(systemClock);
  if (config !== undefined) return config;
  throw new UsageError(
    'there is no cluster to serve: this is no Pod, and neither --kubeconfig nor KUBECONFIG names one',
  );
}

async function run(options: ManagerOptions): Promise<void> {
  const threshold = new LogThreshold(options.logLevel);
  const logger = jsonLogger(threshold, { component: 'manager', replica: options.replica });
  const die = (error: unknown): void => {
    logger.error({ err: error }, 'cannot go on, exiting');
    process.exit(1);
  };
  const apiFaults = new AsyncFaultZone();
  handleFaults(apiFaults, die);

  const { logLevelFile } = options;
  if (logLevelFile !== undefined) {
    const read = async (): Promise<string> => await readFile(logLevelFile, 'utf8');
    await new LogLevelFile({ clock: systemClock, logger, threshold, read }).follow();
  }

  const api = new HttpKube({ clock: systemClock }, { config: await clusterConfig(options) });
  const ports = { api, clock: systemClock, random: systemRandom, links: systemLinks, usage: watchUsage(), logger };
  const stateFile =
    options.stateDir === undefined ? undefined : new DiskStateFile(options.stateDir, { maxBytes: MAX_BYTES });
  const manager = new Manager(
    { ...ports, stateFile, apiFaults, boundSockets: boundAccepted, onEngineDeath: die },
    options,
  );

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    systemClock.setTimer(STOP_DEADLINE_MS, () => die(new Error(`not stopped within ${STOP_DEADLINE_MS} ms`)));
    void manager.stop().then(() => {
      logger.info({}, 'stopped');
      process.exit(0);
    }, die);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await manager.start();
}

/** What Helm has done around an installation, by a Job of the same image. */
async function runHook(hook: Hook, options: ManagerOptions): Promise<void> {
  const logger = jsonLogger(new LogThreshold(options.logLevel), { component: hook, replica: options.replica });
  const api = new HttpKube({ clock: systemClock }, { config: await clusterConfig(options) });
  const deps = { api, clock: systemClock, logger };
  if (hook === 'upgrade-crds') await upgradeCustomResources(deps);
  else await releaseAll(deps, options);
  // The pool of connections would keep the process.
  process.exit(0);
}

try {
  const [first, ...others] = process.argv.slice(2);
  const hook = HOOKS.find((name) => name === first);
  const options = readOptions(hook === undefined ? process.argv.slice(2) : others, process.env);
  if (options === undefined) process.stdout.write(USAGE);
  else if (hook === undefined) await run(options);
  else await runHook(hook, options);
} catch (error) {
  process.stderr.write(`porter-manager: ${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
  process.exit(error instanceof UsageError ? 2 : 1);
}
