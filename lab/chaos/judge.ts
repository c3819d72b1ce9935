import { nodeOf, type Batch, type Fault, type ServicePlan } from './faults.ts';
import { afterwards } from './plan.ts';

/** A kernel's route became this. */
export interface RouteEvent {
  /** Milliseconds, on the same clock as all other times here. */
  readonly at: number;
  readonly destination: string;
  /** None: the route is gone. */
  readonly gateways: readonly string[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * For how many milliseconds of a node's death (`span`) some route led to it: until the last one left it, or the death's end. The events
 * are those of one router since its beginning, in order of time.
 */
export function routedWhileDead(events: readonly RouteEvent[], gateway: string, { from, to }: Span): number {
  const leading = new Set<string>();
  let last = 0;
  for (const { at, destination, gateways } of events) {
    if (at > to) break;
    // It led there until now.
    if (leading.size > 0 && at > from) last = at - from;
    if (gateways.includes(gateway)) leading.add(destination);
    else leading.delete(destination);
  }
  return leading.size > 0 ? to - from : last;
}

/** So long replicas take to meet all nodes at most, in milliseconds. */
const acquaintanceMs = 10_000;

/**
 * The part of a node's death for which the promise holds: until all replicas begin at once, or one goes on after it was suspended. Where
 * nobody has met a node, nobody can tell that it is dead, and Kubernetes has the word, which notices after 40 s and more; none, if that had
 * just been so.
 */
export function judgedDeath(death: Span, beginnings: readonly number[]): Span | undefined {
  const near = beginnings.filter((at) => at > death.from - acquaintanceMs && at < death.to);
  if (near.some((at) => at <= death.from)) return undefined;
  return { from: death.from, to: Math.min(death.to, ...near) };
}

/** The moments within a span in which an address had no route; its beginning, if it had none then. */
export function momentsWithout(events: readonly RouteEvent[], destination: string, { from, to }: Span): number[] {
  const own = events.filter((event) => event.destination === destination && event.at <= to);
  const before = own.findLast(({ at }) => at <= from);
  const gone = own.filter(({ at, gateways }) => at > from && gateways.length === 0).map(({ at }) => at);
  return before === undefined || before.gateways.length === 0 ? [from, ...gone] : gone;
}

/** Nodes that take no traffic for a while because of these faults, rightly. */
function nodesLost(faults: readonly Fault[]): Set<string> {
  const kinds: ReadonlySet<string> = new Set(['node-off', 'node-apart', 'node-excluded']);
  return new Set(faults.filter(({ kind }) => kinds.has(kind)).flatMap((fault) => nodeOf(fault) ?? []));
}

/**
 * The Services, by name, that must have a route all the time while a batch goes on: those that are there before and after it, and keep a
 * node that can take their traffic.
 */
export function steadyServices(
  services: readonly ServicePlan[],
  { faults }: Batch,
  nodes: readonly string[],
): string[] {
  const all = faults.map(({ fault }) => fault);
  const lost = nodesLost(all);
  const later = all.reduce(afterwards, services);
  const keepsNode = (before: ServicePlan): boolean => {
    const after = later.find(({ name }) => name === before.name);
    if (after === undefined) return false;
    const usable = before.policy === 'Cluster' ? nodes : before.nodes.filter((node) => after.nodes.includes(node));
    return usable.some((node) => !lost.has(node));
  };
  return services.filter(keepsNode).map(({ name }) => name);
}

/** The routers that don't lose their routes by themselves during a batch. */
export function steadyRouters(routers: readonly string[], { faults }: Batch): string[] {
  const restarted = faults.flatMap(({ fault }) =>
    fault.kind === 'router-restarted' || fault.kind === 'router-crashed' ? [fault.router] : [],
  );
  return routers.filter((name) => !restarted.includes(name));
}
