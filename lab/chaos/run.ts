import { setTimeout as sleep } from 'node:timers/promises';
import { Checker, deadForMs, type Worst } from './checker.ts';
import { describeFault, nameOf, type Batch, type Fault } from './faults.ts';
import type { Happened } from './judge.ts';
import { afterwards, batches, timeline } from './plan.ts';
import { LabSights } from './lab-sights.ts';
import { stateOf } from './state.ts';
import { meaningOf, type Invariant } from './tally.ts';
import { ChaosWorld, size } from './world.ts';

/** Longer than it takes to see it. */
const marginMs = 500;

export interface ChaosOptions {
  readonly seed: number;
  /** Whether to go on with this batch: asked before each. */
  readonly goesOn: (batch: Batch) => boolean;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface ChaosReport {
  readonly batches: number;
  readonly faults: number;
  /** How many of them are unlike all others, whatever they were done to. */
  readonly kinds: number;
  readonly worst: Worst & { readonly worstMiB: number; readonly worstGrowthMiB: number };
}

/** Something that must hold didn't: the message tells what, the plan so far, the state of all, and how to run it again. */
export class ChaosFailure extends Error {
  override readonly name = 'ChaosFailure';
}

/**
 * A lab, and batch after batch of faults in it, until `goesOn` says no. After each batch everything must be as the objects in the API
 * say, and what must hold at any time must have held.
 * @throws {ChaosFailure} at the first batch after which that isn't so, or at the end, if the run has shown nothing about something that must hold
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const world = await ChaosWorld.up();
  try {
    return await new Run(world, options).all();
  } finally {
    await world.down();
  }
}

class Run {
  readonly #world: ChaosWorld;
  readonly #options: ChaosOptions;
  readonly #done: Batch[] = [];
  #services = size.services;

  constructor(world: ChaosWorld, options: ChaosOptions) {
    this.#world = world;
    this.#options = options;
  }

  async all(): Promise<ChaosReport> {
    const sights = await LabSights.open(this.#world);
    const checker = new Checker(sights);
    checker.start();
    try {
      for (const service of size.services) await this.#world.createService(service);
      await this.#explained(() => checker.settled());
      for (const batch of batches(this.#options.seed, size)) {
        this.#options.signal?.throwIfAborted();
        if (!this.#options.goesOn(batch)) break;
        await this.#explained(() => this.#batch(batch, checker));
      }
    } finally {
      await checker.stop();
      await sights.close();
    }
    for (const line of checker.tally.lines()) this.#options.say(line);
    const never = checker.tally.never();
    if (never.length > 0) throw new ChaosFailure(nothingSaid(never));
    const names = this.#done.flatMap((batch) => batch.faults.map(({ fault }) => nameOf(fault)));
    const counts = { batches: this.#done.length, faults: names.length, kinds: new Set(names).size };
    const { worstMiB, worstGrowthMiB } = checker.memory;
    return { ...counts, worst: { ...checker.worst, worstMiB, worstGrowthMiB } };
  }

  async #batch(batch: Batch, checker: Checker): Promise<void> {
    this.#done.push(batch);
    for (const line of linesOf(batch)) this.#options.say(line);
    const from = performance.now();
    const happened = new Map<Fault, Happened>();
    for (const { at, what, fault } of timeline(batch)) {
      await sleep(Math.max(0, from + at - performance.now()));
      if (what === 'heal' && fault.kind === 'node-off') await this.#longEnough(batch, fault, checker);
      const begun = performance.now();
      await this.#world[what](fault);
      happened.set(fault, { fault, from: happened.get(fault)?.from ?? begun, to: performance.now() });
    }
    const rest = this.#world.heard().then(() => checker.settled());
    const unsettled = await rest.then(
      () => [],
      (error: unknown) => [String(error)],
    );
    const span = { from, to: performance.now() };
    const broken = await checker.broken({ happened: [...happened.values()], services: this.#services, span });
    for (const line of checker.takeKept()) this.#options.say(`  ${line}`);
    if (unsettled.length + broken.length > 0) throw new Error([...unsettled, ...broken].join('\n'));
    this.#services = batch.faults.reduce((left, { fault }) => afterwards(left, fault), this.#services);
    this.#options.say(`  at rest and right ${((performance.now() - from) / 1000).toFixed(1)} s after its beginning`);
  }

  /**
   * A node that was to be without power for longer than is promised stays so for longer than is allowed, or its death would show nothing
   * on a machine that is busy.
   */
  async #longEnough({ faults }: Batch, fault: Extract<Fault, { node: string }>, checker: Checker): Promise<void> {
    const planned = faults.find((one) => one.fault === fault);
    const death = this.#world.deaths.findLast(({ node }) => node === fault.node);
    if (planned === undefined || death === undefined || planned.to - planned.from <= deadForMs) return;
    while (performance.now() - death.from < checker.allowedMs(death.from) + marginMs) await sleep(100);
  }

  async #explained(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      const seed = this.#options.seed;
      const parts = [
        `chaos with seed ${seed}, batch ${this.#done.length}: ${what}`,
        ['The plan so far:', ...this.#done.flatMap(linesOf)].join('\n'),
        `What there is:\n${await stateOf(this.#world)}`,
        `Again: npm run test:chaos -- --seed ${seed} --batches ${this.#done.length}`,
      ];
      throw new ChaosFailure(parts.join('\n\n'), { cause: error });
    }
  }
}

function linesOf(batch: Batch): string[] {
  return [`batch ${batch.number}`, ...batch.faults.map((planned) => `  ${describeFault(planned)}`)];
}

function nothingSaid(never: readonly Invariant[]): string {
  const lines = never.map((name) => `never judged: ${meaningOf(name)}`);
  return [...lines, 'Run it for longer, or with another seed: this one had no fault that could have shown it.'].join(
    '\n',
  );
}
