import { apiTroubles, type ApiTrouble } from './api-trouble.ts';
import { Deck } from './deck.ts';
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
/** Longer than routes may lead to a dead node. */
const longEnough = 5_000;
/** Longer than the hold time of the lab's sessions. */
const away = [14_000, 18_000] as const;
/** A batch's faults begin within so many milliseconds. */
const beginWithin = 4_000;
const dayMs = 86_400_000;
const fewestFaults = 3;
const mostFaults = 5;
/** Places that are tried for one fault. */
const mostTries = 6;
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

/** A fault of one kind, at a place by chance; undefined: there is nothing now that it could be done to. */
type Thrower = (context: Throw) => Fault | undefined;
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
const troubledApi =
  (trouble: ApiTrouble): Thrower =>
  ({ dice, size }) => ({ kind: 'api-troubled', node: dice.pick(size.nodes), trouble });
const clockSet =
  (sign: 1 | -1): Thrower =>
  ({ dice, size }) => ({ kind: 'clock-set', node: dice.pick(size.nodes), byMs: sign * dice.between(1_000, dayMs) });
const invalidEdit =
  (of: InvalidEdit): Thrower =>
  () => ({ kind: 'invalid-edit', of });

const nodeOff = onNode('node-off');
const sessionsLost = ['router-restarted', 'router-crashed', 'router-away'] as const;
const routersLoseRoutes = sessionsLost.map(onRouter);

/** What is dealt out: each before any comes again. */
const cards: readonly Thrower[] = [
  ...(['replica-killed', 'replica-stopped', 'replica-suspended', 'replica-without-api'] as const).map(onNode),
  ...(['node-apart', 'node-excluded', 'node-cordoned', 'node-drained', 'packets-lost'] as const).map(onNode),
  ...(['session-reset', 'tcp-reset'] as const).map(onSession),
  ...[nodeOff, ...routersLoseRoutes],
  ...(['api-down', 'all-replicas-killed', 'pool-shrunk', 'crd-deleted'] as const).map((kind): Thrower => () => ({
    kind,
  })),
  ...apiTroubles.map(troubledApi),
  ...[clockSet(1), clockSet(-1)],
  ...(['pool', 'settings', 'peer'] as const).map(invalidEdit),
  ...[createService, deleteService, moveEndpoints, moveEndpoints],
];

/**
 * Of three batches one begins with a node that loses power for long enough to show something, and one with a router that loses its routes: so that
 * each run of two batches or more can judge everything that must hold. By the number of the batch, modulo 3.
 */
const first: Readonly<Partial<Record<number, readonly Thrower[]>>> = { 1: [nodeOff], 2: routersLoseRoutes };

/** After these a router hears one replica after the other again. */
const losesSessions: ReadonlySet<FaultKind> = new Set(sessionsLost);

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
  const deck = new Deck(dice, cards);
  let services = size.services;
  for (let number = 1; ; number++) {
    const faults = dealFaults({ dice, size, services }, deck, number);
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

function dealFaults(context: Throw, deck: Deck<Thrower>, number: number): PlannedFault[] {
  const { dice } = context;
  const wanted = dice.between(fewestFaults, mostFaults);
  const faults: PlannedFault[] = [];
  const firsts = first[number % 3] ?? [];
  const begin = (thrower: Thrower): PlannedFault | undefined => planned(thrower, context, faults, true);
  // The card as well, if it is still to come.
  const opening = deck.deal((card) => (firsts.includes(card) ? begin(card) : undefined));
  if (firsts.length > 0) faults.push(opening ?? begin(dice.pick(firsts)) ?? unplayable());
  while (faults.length < wanted) {
    const next = deck.deal((card) => planned(card, context, faults, false));
    if (next === undefined) break;
    faults.push(next);
  }
  return faults.sort((a, b) => a.from - b.from);
}

/** @throws {Error} always: to a batch that is empty anything can be done */
function unplayable(): never {
  throw new Error('the first fault of a batch does not fit');
}

/** At one of some places, if it fits beside the others there. */
function planned(
  thrower: Thrower,
  context: Throw,
  others: readonly PlannedFault[],
  isFirst: boolean,
): PlannedFault | undefined {
  const { dice, size } = context;
  for (let tries = 0; tries < mostTries; tries++) {
    const fault = thrower(context);
    if (fault === undefined || !fits(fault, others, size)) continue;
    const from = dice.between(0, beginWithin);
    return { fault, from, to: isInstant(fault) ? from : from + dice.between(...lengthsOf(fault, isFirst)) };
  }
  return undefined;
}

function lengthsOf({ kind }: Fault, isFirst: boolean): readonly [least: number, most: number] {
  if (kind === 'router-away') return away;
  return [isFirst ? longEnough : shortest, longest];
}

function createService({ dice, size, services }: Throw): Fault | undefined {
  if (services.length >= mostServices) return undefined;
  const name = `guest-${dice.between(1_000, 999_999)}`;
  return {
    kind: 'service-created',
    service: { name, policy: dice.pick(['Cluster', 'Local']), nodes: someNodes(dice, size) },
  };
}

/** Those of the start stay. */
function deleteService({ dice, size, services }: Throw): Fault | undefined {
  const guests = services.filter(({ name }) => size.services.every((own) => own.name !== name));
  return guests.length === 0 ? undefined : { kind: 'service-deleted', name: dice.pick(guests).name };
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
  // The only replica that a router hears yet may be the one that takes all other nodes for dead, and nobody tells it otherwise.
  if (kindsOf.has('node-apart') && all.some(({ kind }) => losesSessions.has(kind))) return false;
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
