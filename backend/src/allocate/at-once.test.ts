/** What histories look at when the leader has come to rest, looked at after each thing that it does: others may come in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Service } from '../domain/service.ts';
import { familyOf } from './assignments.ts';
import { Openings } from './openings.ts';
import { happen, type Step } from './testing/history.ts';
import { SmallCluster } from './testing/small-cluster.ts';
import { TWO_FAMILIES_SHARING, TWO_FAMILIES_TROUBLED } from './testing/two-families.ts';
import { Turns } from './turns.ts';

/** What of a Service its owner writes. */
function specOf({ families, familyPolicy, wantedPools, wantedIPs, sharing, isLoadBalancer }: Service): string {
  return JSON.stringify([families, familyPolicy, wantedPools, wantedIPs, sharing, isLoadBalancer]);
}

class Onlooker {
  readonly cluster = new SmallCluster({
    planned: (service) => this.#planned.set(service.key, specOf(service)),
    written: () => undefined,
    worked: () => this.look(),
  });
  /** As this leader has seen them; others are yet to be planned for the first time, or anew. */
  readonly #planned = new Map<string, string>();
  #leader = this.cluster.allocator;

  look(): void {
    const { allocator, services, forged, now } = this.cluster;
    if (allocator !== this.#leader) this.#planned.clear();
    this.#leader = allocator;
    for (const service of services.values()) {
      const isSeen = this.#planned.get(service.key) === specOf(service) && !forged.has(service.key);
      if (!isSeen || service.deleting || !service.hasCondition) continue;
      const planned = allocator.plan(service, now);
      const had = allocator.ledger.assignments(service.key).map(familyOf);
      const more = planned.served ? planned.assignments.filter((given) => !had.includes(familyOf(given))) : [];
      assert.deepEqual(more, [], `kept for nobody, though this one waits for it: ${JSON.stringify(service)}`);
    }
  }

  run(history: readonly Step[]): void {
    for (const { happenings, coins } of history) {
      for (const happening of happenings) {
        happen(this.cluster, happening);
        this.look();
      }
      this.cluster.settle(coins);
    }
  }
}

/** Of a step. Holds that push each other for ever would go beyond any bound; of the eight Services of tens of thousands of histories it took 19. */
const MOST_TURNS = 60;

test('whatever opens is kept at once for who waits for it, in few turns, though writes are under way', (t) => {
  let turns = 0;
  const { next } = Openings.prototype;
  const { effects } = Turns.prototype;
  t.mock.method(Openings.prototype, 'next', function (this: Openings) {
    assert.ok(++turns < MOST_TURNS, 'the turns come to an end');
    return next.call(this);
  });
  t.mock.method(Turns.prototype, 'effects', function (this: Turns, ...given: Parameters<Turns['effects']>) {
    turns = 0;
    return effects.apply(this, given);
  });
  for (const histories of [TWO_FAMILIES_SHARING, TWO_FAMILIES_TROUBLED]) {
    fc.assert(
      fc.property(histories, (history) => new Onlooker().run(history)),
      { numRuns: Number(process.env['HISTORIES'] ?? 400), seed: Number(process.env['HISTORY_SEED'] ?? 1) },
    );
  }
});
