import { join } from 'node:path';
import { until } from '../state/until.ts';
import { LightLab } from '../light-lab.ts';
import type { NetworkSize } from '../network/plan.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { Replicas } from './replicas.ts';
import { configuration } from './services.ts';

/** Rejects when `signal` is aborted, so that what waits for the network doesn't keep the lab up. */
export function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return promise;
}

const kubeProxy = join(import.meta.dirname, '../scenarios/manager/service-proxy.ts');
const threeNodes: NetworkSize = { nodes: 3, routers: 1, clients: 0 };

/** Does the work in a light lab, by default of three nodes and a router; returns the exit status: 0, 1 on an error, 130 when interrupted. */
export async function inLab(
  work: (lab: LightLab, signal: AbortSignal) => Promise<void>,
  network: NetworkSize = threeNodes,
): Promise<number> {
  const interruption = new AbortController();
  const { signal } = interruption;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  }
  let lab: LightLab | undefined;
  try {
    lab = await LightLab.up({ network, progress: progressToStderr, signal });
    await work(lab, signal);
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${signal.aborted ? (signal.reason as Error).message : String(error)}\n`);
    return signal.aborted ? 130 : 1;
  } finally {
    await lab?.down();
  }
}

/**
 * The kinds, a pool and a peer; nodes whose health port answers; two replicas that wait to be started.
 * @param environment options of the manager
 */
export async function prepare(lab: LightLab, environment: Readonly<Record<string, string>> = {}): Promise<Replicas> {
  await lab.kubectl(['apply', '-f', 'charts/backend/crds']);
  await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  const router = lab.router('r1');
  // Without it each probe of a node is a connection refused: that costs more than an answer, and is no usual cluster.
  for (const node of lab.nodes) await node.spawn('kube-proxy', [process.execPath, kubeProxy, '{"/livez": 200}']);
  for (const object of configuration({ asn: router.asn, address: router.addresses.ipv4 })) await lab.apply(object);
  return Replicas.prepare(lab, ['n1', 'n2'], environment);
}

export async function established(lab: LightLab): Promise<void> {
  const both = async (): Promise<boolean> => (await lab.router('r1').establishedPeers()).length === 2;
  await until(both, { what: 'both replicas to have their session', explain: () => lab.log('n1.porter-manager') });
}
