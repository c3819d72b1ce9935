import { refusals, silentKinds, type ApiTrouble } from './api-trouble.ts';
import { Dice } from './dice.ts';
import { isInstant, nodeOf, type Batch, type Fault, type FaultKind, type PlannedFault } from './faults.ts';
import type { ServicePlan } from './faults.ts';

export interface ChaosSize {
  readonly nodes: readonly string[];
  readonly routers: readonly string[];
  /** Those that are there at the start; they are never deleted. */
  readonly services: readonly ServicePlan[];
}

/** How long a fault lasts, in milliseconds. */
const shortest = 1_000;
const longest = 9_000;
/** Longer than routes may lead to a dead node. */
const longEnough = 5_000;
/** Longer than the hold time of the lab's sessions. */
const away = [14_000, 18_000] as const;
/** A batch's faults begin within so many milliseconds. */
const beginWithin = 4_000;
const dayMs = 86_400_000;
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

interface Throw {
  readonly dice: Dice;
  readonly size: ChaosSize;
  /** Those that are there when the batch begins. */
  readonly services: readonly ServicePlan[];
}

type Thrower = (context: Throw) => Fault;
type KindWith<Field extends string> = Extract<Fault, Readonly<Record<Field, unknown>>>['kind'];

const onSession =
  (kind: KindWith<'router'> & KindWith<'node'>): Thrower =>
  ({ dice, size }) => ({ kind, router: dice.pick(size.routers), node: dice.pick(size.nodes) });
const onNode =
  (kind: Exclude<KindWith<'node'>, KindWith<'router'> | KindWith<'trouble'> | KindWith<'byMs'>>): Thrower =>
  ({ dice, size }) => ({ kind, node: dice.pick(size.nodes) });
const onRouter =
  (kind: Exclude<KindWith<'router'>, KindWith<'node'>>): Thrower =>
  ({ dice, size }) => ({ kind, router: dice.pick(size.routers) });

const apiTroubles: readonly ApiTrouble[] = [
  ...refusals.map(({ name }) => name),
  'slow',
  ...silentKinds.map((kind) => `silent ${kind}` as const),
];

/** Each as likely as the others; those that are named twice twice as much. */
const allThrowers: readonly Thrower[] = [
  ...(['replica-killed', 'replica-killed', 'replica-stopped', 'replica-suspended'] as const).map(onNode),
  ...(['replica-without-api', 'node-off', 'node-apart', 'node-excluded', 'node-cordoned'] as const).map(onNode),
  ...(['session-reset', 'tcp-reset'] as const).map(onSession),
  ...(['router-restarted', 'router-crashed'] as const).map(onRouter),
  ...(['api-down', 'all-replicas-killed', 'pool-shrunk'] as const).map((kind): Thrower => () => ({ kind })),
  ...(['node-drained', 'packets-lost'] as const).map(onNode),
  onRouter('router-away'),
  () => ({ kind: 'crd-deleted' }),
  ...[troubleApi, troubleApi, setClock],
  ({ dice }) => ({ kind: 'invalid-edit', of: dice.pick(['pool', 'settings', 'peer']) }),
  ...[createService, createService, deleteService, moveEndpoints, moveEndpoints],
];

/**
 * Of three batches one begins with a node that loses power for long enough to show something, and one with a router that loses its routes: so that
 * each run of two batches or more can judge everything that must hold. By the number of the batch, modulo 3.
 */
const firstThrowers: Readonly<Partial<Record<number, readonly Thrower[]>>> = {
  1: [onNode('node-off')],
  2: (['router-restarted', 'router-crashed', 'router-away'] as const).map(onRouter),
};

/** Faults that are changes by the API, which nobody can make while it is down. */
const byApi: ReadonlySet<FaultKind> = new Set([
  ...(['node-excluded', 'node-cordoned', 'node-drained', 'pool-shrunk', 'crd-deleted', 'invalid-edit'] as const),
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
    const faults = throwFaults(dice, size, services, number);
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

function throwFaults(dice: Dice, size: ChaosSize, services: readonly ServicePlan[], number: number): PlannedFault[] {
  const wanted = dice.between(1, mostFaults);
  const faults: PlannedFault[] = [];
  for (let tries = 0; tries < 4 * mostFaults && faults.length < wanted; tries++) {
    const throwers = faults.length === 0 ? (firstThrowers[number % 3] ?? allThrowers) : allThrowers;
    const fault = dice.pick(throwers)({ dice, size, services });
    const from = dice.between(0, beginWithin);
    const to = from + dice.between(...lengthsOf(fault, faults.length === 0 && throwers !== allThrowers));
    const planned = { fault, from, to: isInstant(fault) ? from : to };
    if (fits(fault, faults, size)) faults.push(planned);
  }
  return faults.sort((a, b) => a.from - b.from);
}

function lengthsOf({ kind }: Fault, isFirst: boolean): readonly [least: number, most: number] {
  if (kind === 'router-away') return away;
  return [isFirst ? longEnough : shortest, longest];
}

function troubleApi({ dice, size }: Throw): Fault {
  return { kind: 'api-troubled', node: dice.pick(size.nodes), trouble: dice.pick(apiTroubles) };
}

function setClock({ dice, size }: Throw): Fault {
  return { kind: 'clock-set', node: dice.pick(size.nodes), byMs: dice.pick([-1, 1]) * dice.between(1_000, dayMs) };
}

/** Where there is no room for another one, endpoints move. */
function createService(context: Throw): Fault {
  const { dice, size, services } = context;
  if (services.length >= mostServices) return moveEndpoints(context);
  const name = `guest-${dice.between(1_000, 999_999)}`;
  return {
    kind: 'service-created',
    service: { name, policy: dice.pick(['Cluster', 'Local']), nodes: someNodes(dice, size) },
  };
}

/** Where there is none that may be deleted, endpoints move. */
function deleteService(context: Throw): Fault {
  const { dice, size, services } = context;
  const guests = services.filter(({ name }) => size.services.every((own) => own.name !== name));
  return guests.length === 0 ? moveEndpoints(context) : { kind: 'service-deleted', name: dice.pick(guests).name };
}

function moveEndpoints({ dice, size, services }: Throw): Fault {
  return { kind: 'endpoints-moved', service: { ...dice.pick(services), nodes: someNodes(dice, size) } };
}

function someNodes(dice: Dice, { nodes }: ChaosSize): string[] {
  return dice.some(nodes, dice.between(1, nodes.length));
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
  if ('router' in fault) {
    return 'node' in fault ? [`node ${fault.node}`, `router ${fault.router}`] : [`router ${fault.router}`];
  }
  if ('node' in fault) return needsOnNode(fault);
  if ('service' in fault) return [`service ${fault.service.name}`];
  if ('name' in fault) return [`service ${fault.name}`];
  if ('of' in fault) return [fault.of];
  return [wholes[fault.kind]];
}

const wholes = {
  'all-replicas-killed': 'all replicas',
  'api-down': 'API server',
  'pool-shrunk': 'pool',
  'crd-deleted': 'peer',
} as const;
const marks: ReadonlySet<FaultKind> = new Set(['node-excluded', 'node-cordoned', 'node-drained']);

function needsOnNode({ kind, node }: { readonly kind: FaultKind; readonly node: string }): Need[] {
  if (marks.has(kind)) return [`label ${node}`];
  return kind === 'node-apart' ? [`node ${node}`, 'partition'] : [`node ${node}`];
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
