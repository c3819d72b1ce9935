import { reignsTold } from '../lan/claims.ts';
import { until } from '../state/until.ts';
import { AddressBook } from './addresses.ts';
import type { ServicePlan } from './faults.ts';
import {
  judgeDeath,
  judgeWithdrawals,
  ledTo,
  neededUntil,
  outagesOf,
  routedFrom,
  type Happened,
  type Leftover,
  type Span,
} from './judge.ts';
import { toBeKept } from './kept.ts';
import { judgeOwners, judgeOwnersDeath } from './lan.ts';
import { Leftovers } from './leftovers.ts';
import { Memory } from './memory.ts';
import { addressesOf, expectedRoutes, keyOf } from './model.ts';
import type { ApiObjects } from './model.ts';
import { differences } from './observe.ts';
import { judgeRest, leftoversOf, tellLeftover } from './rest.ts';
import type { Sights } from './sights.ts';
import { Tally } from './tally.ts';
import type { Death } from './world.ts';

/** The promise: no flow enters through a dead node after so many milliseconds, on a machine that has time for it. */
export const deadForMs = 3_000;
/** And a router has its routes so long after its first session. */
const backWithinMs = 1_000;
/**
 * However busy the machine: what replicas do here is little, and is late by far less than there is to do (2.1 s at seven times as much as two
 * processors can do).
 */
const mostFactor = 2;
/** A node that died again and again has to answer for up to a minute before it is trusted. */
const settleMs = 150_000;
const lookEveryMs = 1_000;

/** The worst that was seen, for the report. */
export interface Worst {
  /** For how long a route led to a dead node, in milliseconds, and what was allowed on a machine as busy as it was. */
  deadMs: number;
  allowedMs: number;
  settleMs: number;
}

/** What happened from one rest of the lab to the next. */
export interface Course {
  /** In order of their beginnings. */
  readonly happened: readonly Happened[];
  /** Those that were there at its beginning. */
  readonly services: readonly ServicePlan[];
  readonly span: Span;
}

interface Need {
  readonly ip: string;
  readonly need: Span;
  /** Its Service was created meanwhile. */
  readonly isNew: boolean;
}

/**
 * Looks at the lab from outside (kernels and tables of the routers, the API, processes) and says what is wrong. It asks the product
 * nothing and shares no code with it.
 */
export class Checker {
  readonly worst: Worst = { deadMs: 0, allowedMs: deadForMs, settleMs: 0 };
  readonly tally = new Tally();
  readonly memory = new Memory();
  readonly #sights: Sights;
  readonly #book = new AddressBook();
  readonly #leftovers = new Map<string, Leftovers>();
  /** What routers kept by themselves, in lines: the report names it, as nothing is said against replicas by it. */
  readonly #kept = new Set<string>();
  /** What was wrong between two comparisons. */
  readonly #seen = new Set<string>();
  #stopped = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(sights: Sights) {
    this.#sights = sights;
    for (const router of sights.routers) this.#leftovers.set(router, new Leftovers());
  }

  /** Looks once a second from now on, until `stop`. */
  start(): void {
    this.#looking = this.#lookAgainAndAgain();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  /** Waits until everything is as the objects in the API say: kernels, what every replica tells every router, what is kept. */
  async settled(): Promise<void> {
    const start = performance.now();
    let found: string[] = [];
    const compare = async (): Promise<boolean> => {
      found = await this.differences();
      if (found.length === 0) found = await this.misheard();
      return found.length === 0;
    };
    const due = { what: 'the lab to be as its objects say', timeoutMs: settleMs, intervalMs: 200 };
    await until(compare, { ...due, explain: () => found.join('\n') });
    this.worst.settleMs = Math.max(this.worst.settleMs, performance.now() - start);
    await this.look();
    const { judged, lines } = this.memory.rest();
    this.tally.add('memory', judged);
    for (const line of lines) this.#seen.add(line);
  }

  /** What is not as the objects in the API say, in lines. */
  async differences(): Promise<string[]> {
    const objects = await this.#sights.objects();
    const wanted = expectedRoutes(objects);
    const without = objects.services.filter((service) => addressesOf(service).length !== 2);
    const lines = without.map((service) => `${keyOf(service)} has ${addressesOf(service).join() || 'no address'}`);
    let compared = 0;
    for (const router of this.#sights.routers) {
      const replicas = this.#sights.nodes.map((node) => this.#sights.peerOf(router, node));
      const found = judgeRest(router, await this.#sights.router(router), replicas, wanted);
      lines.push(...found.lines);
      compared += found.paths;
    }
    lines.push(...(await this.#unsaved(objects)), ...(await this.#ownerless()));
    if (lines.length === 0) this.tally.add('rest', compared);
    return lines;
  }

  /** Where a router's kernel has other routes than it told of, in lines: what is said of the time between two rests goes by what it told. */
  async misheard(): Promise<string[]> {
    await this.#sights.caughtUp();
    const lines = this.#sights.routers.map(async (router) => {
      const { kernel } = await this.#sights.router(router);
      const told = new Map(this.#sights.events(router).map(({ destination, gateways }) => [destination, gateways]));
      return differences(`${router}, by what its kernel told,`, told, kernel);
    });
    return (await Promise.all(lines)).flat();
  }

  /** What was wrong while a course of faults went on, in lines, and since the last call. */
  async broken(course: Course): Promise<string[]> {
    await this.#sights.caughtUp();
    const found = [
      ...this.#throughDeadNodes(course),
      ...this.#withdrawn(course),
      ...(await this.#late(course)),
      ...this.#ownedTwice(course),
      ...this.#ownedByTheDead(course),
    ];
    const seen = [...this.#seen];
    this.#seen.clear();
    return [...seen, ...found];
  }

  /** What routers kept by themselves since the last call. */
  takeKept(): string[] {
    const kept = [...this.#kept].sort();
    this.#kept.clear();
    return kept;
  }

  /** How long routes may lead to a node that died then, on a machine as busy as it is. */
  allowedMs(death: number): number {
    return deadForMs * this.#factor(death);
  }

  #factor(from: number): number {
    return Math.min(mostFactor, this.#sights.contention(from, from + 2 * deadForMs));
  }

  #throughDeadNodes(course: Course): string[] {
    const deaths = this.#sights.deaths.filter(({ to }) => to > course.span.from);
    return deaths.flatMap((death) => this.#sights.routers.flatMap((router) => this.#deathAt(router, death, course)));
  }

  #deathAt(router: string, { node, from: begun, to: ended }: Death, course: Course): string[] {
    const { happened, span } = course;
    const kept = this.#leftovers.get(router)?.all() ?? [];
    const excuses = { outages: outagesOf(router, happened), leftovers: [...kept, ...this.#unserved(node, course)] };
    const death = { from: begun, to: Math.min(ended, span.to) };
    const parts = judgeDeath(this.#sights.events(router), this.#sights.gatewaysOf(node), death, excuses).map(
      (part) => ({ ...part, allowed: this.allowedMs(part.from) }),
    );
    const couldFail = parts.some(({ from, to, isRouted, allowed }) => isRouted && to - from > allowed);
    this.tally.add('dead nodes', couldFail ? 1 : 0, 1);
    for (const { routedMs, allowed } of parts) {
      if (routedMs > this.worst.deadMs) Object.assign(this.worst, { deadMs: routedMs, allowedMs: allowed });
    }
    return parts
      .filter(({ routedMs, allowed }) => routedMs > allowed)
      .map(({ from, routed, allowed }) => {
        const times = routed
          .map((one) => `${(one.from - from).toFixed(0)} to ${(one.to - from).toFixed(0)}`)
          .join(', ');
        const led = ledTo(this.#sights.events(router), this.#sights.gatewaysOf(node), from + allowed).join(', ');
        return `${router} led to ${node} ${times} ms after its death; allowed: ${allowed.toFixed(0)} ms; then still for ${led}`;
      });
  }

  /**
   * Addresses that nobody can serve any more, with the dead node that could: what its own replica told routers stays there until the hold time
   * and restart time are over, and there is nothing that others could tell instead.
   */
  #unserved(node: string, course: Course): Leftover[] {
    const ended = this.#needs(course).filter(({ need }) => need.to < course.span.to);
    return ended.flatMap(({ ip, need }) =>
      this.#sights.gatewaysOf(node).map((gateway) => ({ ip, gateway, from: need.to, to: Infinity })),
    );
  }

  #withdrawn(course: Course): string[] {
    const { happened, span } = course;
    const lines: string[] = [];
    for (const { ip, need, isNew } of this.#needs(course)) {
      for (const router of this.#sights.routers) {
        const events = this.#sights.events(router);
        // A new one needs a route from its first one on.
        const from = isNew ? routedFrom(events, ip, need.from) : need.from;
        const part = { from: Math.min(from, need.to), to: need.to };
        const { judgedMs, moments } = judgeWithdrawals(events, ip, part, outagesOf(router, happened));
        this.tally.add('withdrawals', judgedMs / 1000, (span.to - span.from) / 1000);
        lines.push(...moments.map((at) => `${router} had no route to ${ip} ${since(span, at)}`));
      }
    }
    return lines;
  }

  /** Routes that were not back soon after the first session of a router that was away. */
  async #late(course: Course): Promise<string[]> {
    const all = this.#sights.routers.flatMap((router) =>
      outagesOf(router, course.happened).map((outage) => this.#lateAfter(router, outage, course)),
    );
    return (await Promise.all(all)).flat();
  }

  async #lateAfter(router: string, outage: Span, course: Course): Promise<string[]> {
    const session = (await this.#sights.sessionSince(router, outage.from)) ?? Infinity;
    const due = session + backWithinMs * this.#factor(outage.from);
    const needs = this.#needs(course)
      .filter(({ isNew }) => !isNew)
      .map(({ ip, need }) => ({ ip, until: need.to, back: routedFrom(this.#sights.events(router), ip, session) }));
    // Without a session, or where a route is needed neither that long nor until it is back, there is nothing to say.
    const judged = needs.filter(({ until, back }) => until > due || back <= until);
    this.tally.add('returns', judged.length, needs.length);
    return judged
      .filter(({ back }) => back > due)
      .map(({ ip }) => `${router} had its first session ${since(course.span, session)}, and no route to ${ip} in time`);
  }

  /** From when to when within a course each address needs a route. */
  #needs({ happened, services, span }: Course): Need[] {
    const there = services.map((service) => ({ service, from: span.from, isNew: false }));
    const created = happened.flatMap(({ fault, from }) =>
      fault.kind === 'service-created' ? [{ service: fault.service, from, isNew: true }] : [],
    );
    return [...there, ...created].flatMap(({ service, from, isNew }) => {
      const later = happened.filter((one) => one.from >= from);
      const to = Math.min(span.to, neededUntil(service, later, this.#sights.nodes));
      return this.#book.of(`default/${service.name}`).map((ip) => ({ ip, need: { from, to }, isNew }));
    });
  }

  /** Addresses on the LAN that no node answers for. */
  async #ownerless(): Promise<string[]> {
    const { lan } = this.#sights;
    const owners = await Promise.all(lan.addresses.map(async (ip) => ({ ip, owner: await lan.ownerOf(ip) })));
    return owners.filter(({ owner }) => owner === undefined).map(({ ip }) => `no node answers for ${ip}`);
  }

  #ownedTwice({ happened, span }: Course): string[] {
    const { lan } = this.#sights;
    const factor = Math.min(mostFactor, this.#sights.contention(span.from, span.to));
    return lan.addresses.flatMap((ip) => {
      const { judgedMs, overlaps } = judgeOwners(lan.records, ip, { span, happened, factor });
      this.tally.add('owners', judgedMs / 1000, (span.to - span.from) / 1000);
      if (overlaps.length === 0) return [];
      const during = lan.records.filter(({ at }) => at >= span.from && at <= span.to);
      const epoch = during.map((record) => ({ ...record, at: record.at + performance.timeOrigin }));
      const told = reignsTold(epoch, ip, (mac) => lan.nameOf(mac));
      return overlaps.map((ms) => `two nodes spoke for ${ip} for ${ms.toFixed(0)} ms\n${told}`);
    });
  }

  #ownedByTheDead({ span }: Course): string[] {
    const { lan, deaths } = this.#sights;
    return deaths
      .filter(({ to }) => to > span.from)
      .flatMap(({ node, from, to }) =>
        lan.addresses.flatMap((ip) => {
          const about = {
            mac: lan.macOf(node),
            death: { from, to: Math.min(to, span.to) },
            factor: this.#factor(from),
          };
          const found = judgeOwnersDeath(lan.records, ip, about);
          if (found === undefined) return [];
          this.tally.add('dead nodes', found.couldFail ? 1 : 0, 1);
          const times = `for ${found.ms.toFixed(0)} ms after the death of ${node}; allowed: ${found.allowedMs.toFixed(0)} ms`;
          return found.ms <= found.allowedMs || !found.couldFail ? [] : [`nobody spoke for ${ip} ${times}`];
        }),
      );
  }

  /** Whether each replica has kept the objects for its next container: only so that a fault finds the lab at rest. */
  async #unsaved(objects: ApiObjects): Promise<string[]> {
    const wanted = toBeKept(objects);
    const found = await Promise.all(
      this.#sights.nodes.map(async (node) => ({ node, has: await this.#sights.kept(node) })),
    );
    return found.filter(({ has }) => has !== wanted).map(({ node, has }) => `${node} has kept ${has}, not ${wanted}`);
  }

  async #lookAgainAndAgain(): Promise<void> {
    while (!this.#stopped) {
      await this.look();
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  /** One look at what holds at any time. */
  async look(): Promise<void> {
    const isSeen = await this.#lookAtServices().then(
      () => true,
      // The API server is down at times, on purpose.
      () => false,
    );
    this.tally.add('addresses', isSeen ? 1 : 0, 1);
    for (const [node, { pid, rssMiB }] of await this.#sights.memory()) {
      for (const line of this.memory.look(node, pid, rssMiB)) this.#seen.add(line);
    }
    for (const router of this.#sights.routers) {
      const at = performance.now();
      // A router that doesn't answer keeps nothing.
      const sight = await this.#sights.router(router).catch(() => undefined);
      const leftovers = sight === undefined ? [] : leftoversOf(sight);
      this.#leftovers.get(router)?.look(at, leftovers);
      for (const leftover of leftovers) this.#kept.add(tellLeftover(router, leftover));
    }
  }

  async #lookAtServices(): Promise<void> {
    const { services } = await this.#sights.objects();
    for (const line of this.#book.look(services)) this.#seen.add(line);
  }
}

function since({ from }: Span, at: number): string {
  return `${((at - from) / 1000).toFixed(2)} s after the batch began`;
}
