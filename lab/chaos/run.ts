import { setTimeout as sleep } from 'node:timers/promises';
import { Checker, type Worst } from './checker.ts';
import { describeFault, type Batch } from './faults.ts';
import { afterwards, batches, timeline } from './plan.ts';
import { stateOf } from './state.ts';
import { ChaosWorld, size } from './world.ts';

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
  readonly worst: Worst;
}

/** Something that must hold didn't: the message tells what, the plan so far, the state of all, and how to run it again. */
export class ChaosFailure extends Error {
  override readonly name = 'ChaosFailure';
}

/**
 * A lab, and batch after batch of faults in it, until `goesOn` says no. After each batch everything must be as the objects in the API
 * say, and what must hold at any time must have held.
 * @throws {ChaosFailure} at the first batch after which that isn't so
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
    const checker = await Checker.start(this.#world);
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
    }
    const faults = this.#done.reduce((sum, batch) => sum + batch.faults.length, 0);
    return { batches: this.#done.length, faults, worst: checker.worst };
  }

  async #batch(batch: Batch, checker: Checker): Promise<void> {
    this.#done.push(batch);
    for (const line of linesOf(batch)) this.#options.say(line);
    const from = performance.now();
    for (const { at, what, fault } of timeline(batch)) {
      await sleep(Math.max(0, from + at - performance.now()));
      await this.#world[what](fault);
    }
    await checker.settled();
    const broken = await checker.broken(batch, this.#services, { from, to: performance.now() });
    if (broken.length > 0) throw new Error(broken.join('\n'));
    this.#services = batch.faults.reduce((left, { fault }) => afterwards(left, fault), this.#services);
    this.#options.say(`  at rest and right ${((performance.now() - from) / 1000).toFixed(1)} s after its beginning`);
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
