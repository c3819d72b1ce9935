/**
 * The planner alone, without API or network: what taking office and what one change cost where there are many Services. Processor
 * time of the thread counts, as a busy machine doesn't change it; the time by the clock stands beside it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Pool, PoolRange } from '../../backend/src/domain/pool.ts';
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

function mebibytes(value: number): string {
  return `${value.toFixed(0)} MiB`;
}

function printOnce(what: string, { wallMs, cpuMs }: Taken, goalMs?: number): void {
  const goal = goalMs === undefined ? undefined : { text: `< ${goalMs / 1_000} s`, met: cpuMs < goalMs };
  printRow(what, `CPU ${seconds(cpuMs)} (by the clock ${seconds(wallMs)})`, goal);
}

/** Does `change` for 0, 1, ..., each time after `before`, which doesn't count. */
function repeat(what: string, change: (i: number) => void, before?: (i: number) => void): void {
  const all: Taken[] = [];
  for (let i = 0; i < samples; i++) {
    before?.(i);
    all.push(measure(() => change(i)).taken);
  }
  const clock = all.map(({ wallMs }) => wallMs);
  // The kernel counts processor time by the tick: of one change it says nothing, of all of them enough.
  const cpuMs = all.reduce((sum, taken) => sum + taken.cpuMs, 0) / samples;
  const [median, p95] = [percentile(clock, 50), percentile(clock, 95)].map((ms) => ms.toFixed(3));
  const met = Math.min(cpuMs, percentile(clock, 50)) < 1;
  printRow(what, `median ${median} ms, p95 ${p95}, CPU ${cpuMs.toFixed(2)}`, { text: '< 1 ms', met });
}

function newService(name: string, overrides: Partial<Service> = {}): Service {
  return aService(`${FREE_NAMESPACE}/${name}`, { createdAt: startOfTime, ...overrides });
}

function forFullPool(name: string): Service {
  return aService(`crowd/${name}`, { createdAt: startOfTime, wantedPools: [FULL_POOL] });
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
  repeat('  for the full pool', (i) => leader.changed(forFullPool(`late-${i}`)));
  repeat('a Service asks for another address', (i) => {
    const service = existing(world, `${FREE_NAMESPACE}/new-${i}`);
    leader.changed({ ...service, wantedIPs: [`10.1.200.${i}`] });
  });
  repeat('a Service is deleted, nobody waits for its address', (i) => leader.deleted(`${FREE_NAMESPACE}/new-${i}`));
  const waiting = leader.allocator.waiting.size;
  const anyHolder = (): string =>
    [...leader.allocator.ledger.heldOf(FULL_POOL).values()].flatMap((keys) => [...keys])[0] ?? '';
  let holder = '';
  repeat(
    `a Service is deleted, ${waiting} wait`,
    () => leader.deleted(holder),
    (i) => {
      leader.changed(forFullPool(`again-${i}`));
      holder = anyHolder();
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
  const [original] = pool(world, FULL_POOL).ranges;
  const longer = (i: number): PoolRange[] =>
    original === undefined ? [] : [{ ...original, last: original.last + BigInt(i + 1) }];
  repeat(`a pool grows by one address, ${leader.allocator.waiting.size} wait`, (i) =>
    edit(FULL_POOL, { ranges: longer(i) }),
  );
}

function changesOfNamespaces(leader: Leader, world: World): void {
  const relabel = (i: number): void => {
    leader.namespaceChanged(FREE_NAMESPACE, { ...world.namespaces.get(FREE_NAMESPACE), team: `team-${i % 5}` });
  };
  repeat('a namespace is relabelled', relabel);
}

/** Prints the figures for so many Services in 200 pools. */
export function benchPlanner(count: number): void {
  const empty = heapMiB();
  const world = buildWorld(count);
  print(`\nThe planner alone: ${count} Services in ${world.pools.size} pools`);
  const start = (): Leader => {
    const leader = new Leader(world);
    leader.start();
    return leader;
  };
  printOnce('cold start, all Services are new', measure(start).taken);
  const services = heapMiB();
  const { result: leader, taken } = measure(start);
  printOnce('cold start, all that can have an address hold it', taken, 1_000);
  const planner = heapMiB();
  printRow('heap: the Services, the planner', `${mebibytes(services - empty)}, ${mebibytes(planner - services)}`);
  printRow('Services that wait', String(leader.allocator.waiting.size));
  changesOfServices(leader, world);
  changesOfPools(leader, world);
  changesOfNamespaces(leader, world);
}
