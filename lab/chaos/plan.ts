import { Dice } from './dice.ts';
import { isInstant, nodeOf, type Batch, type Fault, type FaultKind, type PlannedFault } from './faults.ts';
import type { InvalidEdit, ServicePlan } from './faults.ts';

export interface ChaosSize {
  readonly nodes: readonly string[];
  readonly routers: readonly string[];
  /** Those that are there at the start; they are never deleted. */
  readonly services: readonly ServicePlan[];
}

/** How long a fault lasts, in milliseconds. */
const shortest = 1_000;
const longest = 9_000;
/** A batch's faults begin within so many milliseconds. */
const beginWithin = 4_000;
const mostFaults = 4;
const mostServices = 8;

/** What can't happen in one batch with another fault that needs the same. */
type Need =
  | `${'node' | 'label' | 'router' | 'service'} ${string}`
  | 'partition'
  | 'all replicas'
  | 'API server'
  | 'pool'
  | 'settings'
  | 'peer';

const kinds: readonly FaultKind[] = [
  ...(['replica-killed', 'replica-killed', 'replica-stopped', 'replica-suspended', 'replica-without-api'] as const),
  ...(['node-off', 'node-off', 'node-apart', 'node-excluded', 'node-cordoned'] as const),
  ...(['session-reset', 'tcp-reset', 'router-restarted', 'router-crashed'] as const),
  ...(['api-down', 'all-replicas-killed', 'pool-shrunk', 'invalid-edit'] as const),
  ...(['service-created', 'service-created', 'service-deleted', 'endpoints-moved', 'endpoints-moved'] as const),
];

/** Faults that are changes by the API, which nobody can make while it is down. */
const byApi: ReadonlySet<FaultKind> = new Set([
  ...(['node-excluded', 'node-cordoned', 'pool-shrunk', 'invalid-edit'] as const),
  ...(['service-created', 'service-deleted', 'endpoints-moved'] as const),
]);

/**
 * Batch after batch of faults, without end, by chance that the seed decides: the same seed and size, the same batches. In each batch
 * at least one node is hit by nothing, and neither are its replica and its sessions; every lasting fault has an end.
 */
export function* batches(seed: number, size: ChaosSize): Generator<Batch, never> {
  const dice = new Dice(seed);
  let services = size.services;
  for (let number = 1; ; number++) {
    const faults = throwFaults(dice, size, services);
    services = faults.reduce((left, { fault }) => afterwards(left, fault), services);
    yield { number, faults };
  }
}

/** The Services that are there after a fault. */
export function afterwards(services: readonly ServicePlan[], fault: Fault): readonly ServicePlan[] {
  if (fault.kind === 'service-deleted') return services.filter(({ name }) => name !== fault.name);
  if (fault.kind === 'service-created') return [...services, fault.service];
  if (fault.kind !== 'endpoints-moved') return services;
  return services.map((service) => (service.name === fault.service.name ? fault.service : service));
}

function throwFaults(dice: Dice, size: ChaosSize, services: readonly ServicePlan[]): PlannedFault[] {
  const wanted = dice.between(1, mostFaults);
  const faults: PlannedFault[] = [];
  for (let tries = 0; tries < 4 * mostFaults && faults.length < wanted; tries++) {
    const fault = throwFault(dice, size, services);
    const from = dice.between(0, beginWithin);
    const to = from + dice.between(shortest, longest);
    const planned = { fault, from, to: isInstant(fault) ? from : to };
    if (fits(fault, faults, size)) faults.push(planned);
  }
  return faults.sort((a, b) => a.from - b.from);
}

function throwFault(dice: Dice, size: ChaosSize, services: readonly ServicePlan[]): Fault {
  const kind = dice.pick(kinds);
  switch (kind) {
    case 'session-reset':
    case 'tcp-reset':
      return { kind, router: dice.pick(size.routers), node: dice.pick(size.nodes) };
    case 'router-restarted':
    case 'router-crashed':
      return { kind, router: dice.pick(size.routers) };
    case 'api-down':
    case 'all-replicas-killed':
    case 'pool-shrunk':
      return { kind };
    case 'invalid-edit':
      return { kind, of: dice.pick(['pool', 'settings', 'peer']) };
    case 'service-created':
    case 'service-deleted':
    case 'endpoints-moved':
      return throwServiceFault(kind, dice, size, services);
    default:
      return { kind, node: dice.pick(size.nodes) };
  }
}

type ServiceFault = Extract<Fault, { kind: 'service-created' | 'service-deleted' | 'endpoints-moved' }>;

/** Where there is no room for another Service, or none that may be deleted, endpoints move. */
function throwServiceFault(
  kind: ServiceFault['kind'],
  dice: Dice,
  size: ChaosSize,
  services: readonly ServicePlan[],
): ServiceFault {
  const guests = services.filter(({ name }) => size.services.every((own) => own.name !== name));
  const nodes = dice.some(size.nodes, dice.between(1, size.nodes.length));
  if (kind === 'service-created' && services.length < mostServices) {
    const name = `guest-${dice.between(1_000, 999_999)}`;
    const policy = dice.pick(['Cluster', 'Local'] as const);
    return { kind, service: { name, policy, nodes } };
  }
  if (kind === 'service-deleted' && guests.length > 0) return { kind, name: dice.pick(guests).name };
  return { kind: 'endpoints-moved', service: { ...dice.pick(services), nodes } };
}

function fits(fault: Fault, others: readonly PlannedFault[], { nodes }: ChaosSize): boolean {
  const taken = new Set(others.flatMap((other) => needsOf(other.fault)));
  if (needsOf(fault).some((need) => taken.has(need))) return false;
  const all = [...others.map((other) => other.fault), fault];
  const kindsOf = new Set(all.map(({ kind }) => kind));
  if (kindsOf.has('api-down') && all.some(({ kind }) => byApi.has(kind))) return false;
  // It hits every replica at once, and is a batch of its own but for what happens in the API.
  if (kindsOf.has('all-replicas-killed') && all.some((one) => nodeOf(one) !== undefined)) return false;
  return new Set(all.map(nodeOf).filter((node) => node !== undefined)).size < nodes.length;
}

function needsOf(fault: Fault): Need[] {
  switch (fault.kind) {
    case 'node-excluded':
    case 'node-cordoned':
      return [`label ${fault.node}`];
    case 'session-reset':
    case 'tcp-reset':
      return [`node ${fault.node}`, `router ${fault.router}`];
    case 'router-restarted':
    case 'router-crashed':
      return [`router ${fault.router}`];
    case 'service-created':
    case 'endpoints-moved':
      return [`service ${fault.service.name}`];
    case 'service-deleted':
      return [`service ${fault.name}`];
    case 'node-apart':
      return [`node ${fault.node}`, 'partition'];
    default:
      return needsOfPlace(fault);
  }
}

type PlaceFault = Extract<Fault, { of: InvalidEdit } | { kind: 'all-replicas-killed' } | { kind: 'replica-killed' }>;

function needsOfPlace(fault: PlaceFault): Need[] {
  switch (fault.kind) {
    case 'all-replicas-killed':
      return ['all replicas'];
    case 'api-down':
      return ['API server'];
    case 'pool-shrunk':
      return ['pool'];
    case 'invalid-edit':
      return [fault.of];
    default:
      return [`node ${fault.node}`];
  }
}

/** What is to be done, in order of time: each fault's beginning and, of those that last, its end. */
export function timeline({ faults }: Batch): Moment[] {
  const moments = faults.flatMap(({ fault, from, to }): Moment[] => {
    const begin: Moment = { at: from, what: 'begin', fault };
    return isInstant(fault) ? [begin] : [begin, { at: to, what: 'heal', fault }];
  });
  return moments.sort((a, b) => a.at - b.at);
}

export interface Moment {
  /** Milliseconds since the batch began. */
  readonly at: number;
  readonly what: 'begin' | 'heal';
  readonly fault: Fault;
}
