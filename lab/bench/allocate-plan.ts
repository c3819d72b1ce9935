/**
 * The planner alone, without API or network: what taking office and what one change cost where there are many Services. Processor
 * time of the thread counts, as a busy machine doesn't change it; the time by the clock stands beside it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Pool } from '../../backend/src/domain/pool.ts';
import type { Service } from '../../backend/src/domain/service.ts';
import { aService, range } from '../../backend/src/domain/testing/builders.ts';
import { Leader, startOfTime } from './allocate-leader.ts';
import { buildWorld, FREE_NAMESPACE, FULL_POOL, QUIET_POOL, type World } from './allocate-world.ts';
import { percentile, seconds } from './figures.ts';
import { print, printRow } from './report.ts';
import { measure, type Taken } from './stopwatch.ts';

const samples = 200;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapMiB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function printOnce(what: string, { wallMs, cpuMs }: Taken, goalMs?: number): void {
  const goal = goalMs === undefined ? undefined : { text: `< ${goalMs / 1_000} s`, met: cpuMs < goalMs };
  printRow(what, `${seconds(cpuMs)} (clock ${seconds(wallMs)})`, goal);
}

function medianAndP95(values: readonly number[]): string {
  return `${percentile(values, 50).toFixed(3)} ms, p95 ${percentile(values, 95).toFixed(3)}`;
}

/** Does `change` for 0, 1, ..., each time after `before`, which doesn't count. */
function repeat(what: string, change: (i: number) => void, before?: (i: number) => void): void {
  const all: Taken[] = [];
  for (let i = 0; i < samples; i++) {
    before?.(i);
    all.push(measure(() => change(i)));
  }
  const cpu = all.map(({ cpuMs }) => cpuMs);
  const clock = medianAndP95(all.map(({ wallMs }) => wallMs));
  printRow(what, `${medianAndP95(cpu)} (clock ${clock})`, { text: 'median < 1 ms', met: percentile(cpu, 50) < 1 });
}

function newService(name: string, overrides: Partial<Service> = {}): Service {
  return aService(`${FREE_NAMESPACE}/${name}`, { createdAt: startOfTime, ...overrides });
}

function existing(world: World, key: string): Service {
  const service = world.services.get(key);
  if (service === undefined) throw new Error(`no Service ${key}`);
  return service;
}

function pool(world: World, name: string): Pool {
  const found = world.pools.get(name);
  if (found === undefined) throw new Error(`no pool ${name}`);
  return found;
}

function changesOfServices(leader: Leader, world: World): void {
  const two = { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' } as const;
  repeat('a Service is created', (i) => leader.changed(newService(`new-${i}`)));
  repeat('  with both families', (i) => leader.changed(newService(`dual-${i}`, two)));
  repeat('  for the full pool', (i) => leader.changed(newService(`late-${i}`, { wantedPools: [FULL_POOL] })));
  repeat('a Service asks for another address', (i) => {
    const service = existing(world, `${FREE_NAMESPACE}/new-${i}`);
    leader.changed({ ...service, wantedIPs: [`10.1.200.${i}`] });
  });
  repeat('a Service is deleted, nobody waits for its address', (i) => leader.deleted(`${FREE_NAMESPACE}/new-${i}`));
  const waiting = leader.allocator.waiting;
  const holders = [...leader.allocator.ledger.heldOf(FULL_POOL).values()].flatMap((keys) => [...keys]);
  // Whoever waits gets the address: the one who got it last is deleted next.
  repeat(
    `a Service is deleted, ${waiting} wait`,
    () => leader.deleted(holders.pop() ?? ''),
    (i) => {
      if (holders.length === 0)
        holders.push(...[...leader.allocator.ledger.heldOf(FULL_POOL).values()].flatMap((k) => [...k]));
      leader.changed(newService(`again-${i}`, { wantedPools: [FULL_POOL] }));
    },
  );
}

function changesOfPools(leader: Leader, world: World): void {
  const edit = (name: string, change: Partial<Pool>): void => leader.poolChanged({ ...pool(world, name), ...change });
  const grown = (i: number): Partial<Pool> => ({
    ranges: [...pool(world, QUIET_POOL).ranges.slice(0, 1), { ...range(`10.50.${i}.0/24`), isPrefix: true }],
  });
  repeat('a pool grows, nobody waits for it', (i) => edit(QUIET_POOL, grown(i)));
  repeat('a pool is disabled, enabled', (i) => edit(QUIET_POOL, { disabled: i % 2 === 0 }));
  repeat('a pool changes its priority', (i) => edit(QUIET_POOL, { priority: i }));
  const one = (i: number): Partial<Pool> => ({
    ranges: [...pool(world, FULL_POOL).ranges, { ...range(`10.51.0.${i}`), isPrefix: false }],
  });
  repeat(`a pool grows by one address, ${leader.allocator.waiting} wait`, (i) => edit(FULL_POOL, one(i)));
}

function changesOfNamespaces(leader: Leader, world: World): void {
  const relabel = (i: number): void => {
    leader.namespaceChanged(FREE_NAMESPACE, { ...world.namespaces.get(FREE_NAMESPACE), team: `team-${i % 5}` });
  };
  repeat('a namespace is relabelled', relabel);
}

/** Prints the figures for so many Services in 200 pools. */
export function benchPlanner(count: number): void {
  const before = heapMiB();
  const world = buildWorld(count);
  const withServices = heapMiB();
  print(
    `\nThe planner alone: ${count} Services in ${world.pools.size} pools, processor time of the thread (time by the clock)`,
  );
  const first = new Leader(world);
  printOnce(
    `cold start, none of the Services has an address`,
    measure(() => first.start()),
  );
  const leader = new Leader(world);
  printOnce(
    'cold start, all that can have an address hold it',
    measure(() => leader.start()),
    1_000,
  );
  const again = new Leader(world);
  printOnce(
    'the same once more',
    measure(() => again.start()),
    1_000,
  );
  const held = heapMiB();
  const { waiting } = leader.allocator;
  printRow(
    'heap: Services themselves, three planners',
    `${(withServices - before).toFixed(0)} MiB, ${(held - withServices).toFixed(0)} MiB`,
  );
  printRow('Services that wait', String(waiting));
  changesOfServices(leader, world);
  changesOfPools(leader, world);
  changesOfNamespaces(leader, world);
}
