import { stringify } from 'yaml';
import { EXIT, UsageFailure } from '../failure.ts';
import { openApiServer } from '../reach/api-server.ts';
import { serverAddresses } from '../reach/server-addresses.ts';
import type { LocalAnswer, LocalDeps, LocalInput } from '../commands/command.ts';
import { keyOf, type Cluster } from './cluster.ts';
import { execute } from './execute.ts';
import { holdingsOf } from './holdings.ts';
import { takeoverPlan } from './plan.ts';
import { readCluster } from './read.ts';
import { rollbackPlan } from './rollback.ts';
import { planText } from './show.ts';
import type { TakeoverPlan } from './step.ts';

type Planner = (cluster: Cluster) => TakeoverPlan;

/** @throws {UsageFailure} */
export function checkModes({ dryRun, apply, rollback, output, words }: LocalInput): void {
  if (words.length > 0) throw new UsageFailure(`nothing can be named here, and there is "${words.join(' ')}"`);
  if (apply && (rollback || dryRun)) throw new UsageFailure('--apply goes with neither --rollback nor --dry-run');
  if (!apply && !rollback && !dryRun) {
    throw new UsageFailure(
      'one of --dry-run, --apply and --rollback must be given',
      'Begin with --dry-run: it changes nothing.',
    );
  }
  if (output !== 'table' && !dryRun) throw new UsageFailure('--output json and yaml go with --dry-run only');
}

/** Moves a cluster from OpenELB to PorterLB, or back; or says what that would be. @throws {Failure} */
export async function takeover(input: LocalInput, deps: LocalDeps): Promise<LocalAnswer> {
  checkModes(input);
  const plan: Planner = (cluster) => (input.rollback ? rollbackPlan(cluster) : takeoverPlan(cluster, now(deps)));
  const reachedBy = await serverAddresses(deps.kubectl);
  const api = await openApiServer(deps.kubectl, input.timeoutMs);
  let places: readonly string[] = [];
  const read = async (): Promise<Cluster> => {
    const cluster = { ...(await readCluster(api, places)), reachedBy };
    places = [...new Set(cluster.workloads.flatMap(({ object }) => object.metadata.namespace ?? []))];
    return cluster;
  };
  try {
    if (input.dryRun) return planned(plan(await read()));
    const before = await read();
    await execute({ ...deps, api, read, plan });
    return compared(before, await read());
  } finally {
    api.close();
  }
}

/** Kubernetes has times without fractions. */
function now(deps: LocalDeps): string {
  return `${deps.now().toISOString().slice(0, 19)}Z`;
}

function planned(plan: TakeoverPlan): LocalAnswer {
  const isObstructed = plan.findings.some(({ kind }) => kind === 'obstacle');
  return {
    table: (view) => planText(plan, view),
    yaml: () => stringify(plan),
    data: plan,
    exitCode: isObstructed ? EXIT.problems : EXIT.fine,
  };
}

/** Every address, before and after. */
function compared(before: Cluster, after: Cluster): LocalAnswer {
  const now = new Map(after.services.map((service) => [keyOf(service), addressesOf(after, keyOf(service))]));
  const had = holdingsOf(before).filter(({ key }) => now.has(key));
  const changed = had.filter(({ key, ips }) => ips.join() !== now.get(key));
  const lines = changed.map(({ key, ips }) => `  ${key}: ${ips.join()} -> ${now.get(key) ?? ''}\n`);
  const text = `Done. ${had.length - changed.length} of ${had.length} Services have the address that they had.\n${lines.join('')}`;
  const exitCode = changed.length === 0 ? EXIT.fine : EXIT.problems;
  // It goes with the table alone.
  return { table: () => text, yaml: () => text, data: text, exitCode };
}

function addressesOf({ services }: Cluster, key: string): string {
  const service = services.find((each) => keyOf(each) === key);
  return (service?.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []).join();
}
