/** What was wrong while faults went on, from what happened and what a router's kernel told: pure, and told for how much it could be said. */
import type { Fault, ServicePlan } from './faults.ts';

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

/** A fault with its times as they were, not as they were planned. */
export interface Happened extends Span {
  readonly fault: Fault;
}

/** A gateway of an address that is the router's own affair, and for how long (`leftoversOf`). */
export interface Leftover extends Span {
  readonly ip: string;
  readonly gateway: string;
}

/**
 * For how many milliseconds of a span some route led to a gateway: until the last one left it, or the span's end. The events are those of
 * one router since its beginning, in order of time.
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

/** The addresses whose routes led to any of these gateways at a moment. */
export function ledTo(events: readonly RouteEvent[], gateways: readonly string[], moment: number): string[] {
  const then = new Map(events.filter(({ at }) => at <= moment).map((event) => [event.destination, event.gateways]));
  return [...then].flatMap(([ip, now]) => (now.some((one) => gateways.includes(one)) ? [ip] : [])).sort();
}

/** The events as they would be if this address had not led to this gateway for that time. */
export function withoutLeftover(events: readonly RouteEvent[], leftover: Leftover): RouteEvent[] {
  const { ip, gateway, from, to } = leftover;
  const before = (at: number): RouteEvent | undefined =>
    events.findLast((event) => event.destination === ip && event.at <= at);
  const less = (event: RouteEvent): RouteEvent => ({
    ...event,
    gateways: event.gateways.filter((one) => one !== gateway),
  });
  const isDuring = ({ at, destination }: RouteEvent): boolean => destination === ip && at > from && at < to;
  const [atFirst, atLast] = [before(from), before(to)];
  const changed = [
    ...events.map((event) => (isDuring(event) ? less(event) : event)),
    ...(atFirst === undefined ? [] : [{ ...less(atFirst), at: from }]),
    ...(atLast === undefined || to === Infinity ? [] : [{ ...atLast, at: to }]),
  ];
  return changed.sort((a, b) => a.at - b.at);
}

/** The parts of a span that lie in none of the others. */
export function partsOutside(span: Span, others: readonly Span[]): Span[] {
  const parts: Span[] = [];
  let { from } = span;
  for (const other of [...others].sort((a, b) => a.from - b.from)) {
    if (other.to <= from || other.from >= span.to) continue;
    if (other.from > from) parts.push({ from, to: other.from });
    from = other.to;
  }
  return from < span.to ? [...parts, { from, to: span.to }] : parts;
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The moments within a span in which an address had no route; its beginning, if it had none then. */
export function momentsWithout(events: readonly RouteEvent[], destination: string, { from, to }: Span): number[] {
  const own = events.filter((event) => event.destination === destination && event.at <= to);
  const before = own.findLast(({ at }) => at <= from);
  const gone = own.filter(({ at, gateways }) => at > from && gateways.length === 0).map(({ at }) => at);
  return before === undefined || before.gateways.length === 0 ? [from, ...gone] : gone;
}

/** When an address has a route again, from a moment on; infinite, if it never has. */
export function routedFrom(events: readonly RouteEvent[], destination: string, moment: number): number {
  const own = events.filter((event) => event.destination === destination);
  const then = own.findLast(({ at }) => at <= moment);
  if (then !== undefined && then.gateways.length > 0) return moment;
  return own.find(({ at, gateways }) => at > moment && gateways.length > 0)?.at ?? Infinity;
}

export interface Withdrawals {
  /** For how long of the span a withdrawal would have been wrong. */
  readonly judgedMs: number;
  readonly moments: readonly number[];
}

/**
 * The moments within a span in which a router had no route to an address that needs one, except where the router itself was away (`outages`):
 * from then until it has one again.
 */
export function judgeWithdrawals(
  events: readonly RouteEvent[],
  ip: string,
  span: Span,
  outages: readonly Span[],
): Withdrawals {
  const excused = outages.map((outage) => ({ from: outage.from, to: routedFrom(events, ip, outage.to) }));
  const parts = partsOutside(span, excused);
  const moments = parts.flatMap((part) => momentsWithout(events, ip, part));
  return { judgedMs: lengthOf(parts), moments };
}

/** Nodes that take no traffic because of a fault, rightly. */
const takesNodeOut: ReadonlySet<string> = new Set(['node-off', 'node-apart', 'node-excluded']);

/**
 * Until when a Service needs a route: until the last node that can take its traffic all the while is lost by a fault, its endpoints have
 * left it, or the Service is deleted. A node that was lost counts as lost until the batch is over, as it comes back when it has been watched
 * for a while; and endpoints that come count for nothing until then, as it takes a moment to announce them. Infinite, if it needs one to
 * the end.
 * @param happened in order of their beginnings
 */
export function neededUntil(service: ServicePlan, happened: readonly Happened[], nodes: readonly string[]): number {
  let usable = service.policy === 'Cluster' ? nodes : service.nodes;
  for (const { fault, from } of happened) {
    if (fault.kind === 'service-deleted' && fault.name === service.name) return from;
    usable = usable.filter((node) => !isLost(node, service, fault));
    if (usable.length === 0) return from;
  }
  return Infinity;
}

/** Whether a node can't take a Service's traffic any more because of a fault. */
function isLost(node: string, { name, policy }: ServicePlan, fault: Fault): boolean {
  if (fault.kind !== 'endpoints-moved') return takesNodeOut.has(fault.kind) && 'node' in fault && fault.node === node;
  return policy === 'Local' && fault.service.name === name && !fault.service.nodes.includes(node);
}

const takesRouterOut: ReadonlySet<string> = new Set(['router-restarted', 'router-crashed', 'router-away']);

/** When a router lost its routes by itself, and was not there to hear of others. */
export function outagesOf(router: string, happened: readonly Happened[]): Span[] {
  return happened.filter(({ fault }) => takesRouterOut.has(fault.kind) && 'router' in fault && fault.router === router);
}

/** One part of a node's death at a router that was there to hear of it. */
export interface DeathPart extends Span {
  /** From when to when routes led to the node. */
  readonly routed: readonly Span[];
  /** For how long some route led to the node. */
  readonly routedMs: number;
  /** Some route led there at first: without one nothing is shown. */
  readonly isRouted: boolean;
}

/** What a router made of a node's death: in one part, or in several where the router itself was away meanwhile. */
export function judgeDeath(
  events: readonly RouteEvent[],
  gateways: readonly string[],
  death: Span,
  excuses: { readonly outages: readonly Span[]; readonly leftovers: readonly Leftover[] },
): DeathPart[] {
  const own = excuses.leftovers.reduce<readonly RouteEvent[]>(withoutLeftover, events);
  const most = (span: Span): number => Math.max(...gateways.map((gateway) => routedWhileDead(own, gateway, span)));
  return partsOutside(death, excuses.outages).map((part) => ({
    ...part,
    routedMs: most(part),
    routed: routedSpans(own, gateways, part),
    isRouted: leadsAt(own, gateways, part.from),
  }));
}

/** When some route led to one of these gateways, within a span. */
function routedSpans(events: readonly RouteEvent[], gateways: readonly string[], span: Span): Span[] {
  const moments = events.map(({ at }) => at).filter((at) => at > span.from && at < span.to);
  const edges = [span.from, ...new Set(moments), span.to];
  const spans: Span[] = [];
  for (const [i, from] of edges.slice(0, -1).entries()) {
    if (!leadsAt(events, gateways, from)) continue;
    const to = edges[i + 1] ?? span.to;
    const last = spans.at(-1);
    if (last?.to === from) spans[spans.length - 1] = { from: last.from, to };
    else spans.push({ from, to });
  }
  return spans;
}

function leadsAt(events: readonly RouteEvent[], gateways: readonly string[], moment: number): boolean {
  const last = new Map(events.filter(({ at }) => at <= moment).map((event) => [event.destination, event.gateways]));
  return [...last.values()].some((routes) => routes.some((gateway) => gateways.includes(gateway)));
}
