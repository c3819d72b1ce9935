/** What the property test of histories looks at while the leader works. */
import assert from 'node:assert/strict';
import type { Service } from '../../domain/service.ts';
import type { Allocator } from '../allocator.ts';
import { copyOf, familiesOf, familyOf, isOurs, mayGive, mayHaveGot, mayShare, type Freed } from './rules.ts';
import { SmallCluster } from './small-cluster.ts';

export function addressesOf(service: Service | undefined): readonly string[] {
  return service?.claims === true ? service.recorded.map(({ ip }) => ip) : [];
}

export function show(service: Service | undefined): string {
  return service === undefined ? 'gone' : JSON.stringify(service);
}

/** Whether a Service's ports and policies, since they changed, don't go with those of others that have its address or are to get it. */
function hasBrokenTerms(service: Service, ip: string, { allocator, services }: SmallCluster): boolean {
  const others = [...allocator.ledger.holders(ip)].filter((key) => key !== service.key);
  return others.some((key) => {
    const other = services.get(key);
    return other !== undefined && !mayShare(service, other);
  });
}

/** It was forged, and stayed only because no pool was there to say so. */
export function isUnjudged({ key }: Service, ip: string, { unjudged }: SmallCluster): boolean {
  return unjudged.get(key)?.has(ip) === true;
}

/** Whether a new leader may take what stands in a status, forged or not, for a write of the last one. */
function isBelievable(service: Service, ip: string, cluster: SmallCluster): boolean {
  if (!cluster.isAdopting || !addressesOf(service).includes(ip)) return false;
  return cluster.mayOmit || mayHaveGot(service, ip, cluster);
}

/** Looks at all that the leader does, as it does it. */
export class Inspector {
  cluster: SmallCluster;
  /** Services, each with an address that it couldn't share any more when it was planned last. */
  readonly #broken = new Set<string>();

  constructor() {
    this.cluster = new SmallCluster(this);
  }

  /** Each new address comes from a pool that allows it now. */
  planned(service: Service, planned: ReturnType<Allocator['plan']>): void {
    const { cluster } = this;
    const { ledger } = cluster.allocator;
    // What was written once is its own, though its status be overwritten, or emptied by a change of type and back.
    const own = ledger.written(service.key).map(({ ip }) => ip);
    if (cluster.isAdopting && !cluster.forged.has(service.key)) own.push(...addressesOf(service));
    // An address that was kept for it, and that somebody wrote there, can't be told from a write whose answer was lost.
    const kept = cluster.forged.has(service.key) ? ledger.assignments(service.key) : [];
    own.push(...kept.map(({ ip }) => ip));
    this.#note(service);
    for (const given of planned.served ? planned.assignments : []) {
      if (own.includes(given.ip)) continue;
      if (isBelievable(service, given.ip, cluster)) continue;
      const world = copyOf(cluster);
      // What is kept for another one rests no more for those who share with it, though it be written there later.
      const others = [...ledger.holders(given.ip)].flatMap((key) => cluster.services.get(key) ?? []);
      const freed = others.some((other) => mayShare(service, other)) ? new Map<string, Freed>() : world.freed;
      const isGiven = mayGive(service, given, { ...world, freed });
      assert.ok(isGiven, `the rules don't give ${JSON.stringify(given)} to ${show(service)}`);
    }
  }

  #note(service: Service): void {
    for (const ip of addressesOf(service))
      this.#broken[hasBrokenTerms(service, ip, this.cluster) ? 'add' : 'delete'](`${service.key} ${ip}`);
  }

  /** The new one before the old one goes. */
  written(before: Service, after: Service): void {
    if (!isOurs(after) || this.cluster.forged.has(after.key)) return;
    const [had, has] = [addressesOf(before), addressesOf(after)];
    for (const family of familiesOf(after)) {
      const lost = had.filter((ip) => familyOf(ip) === family && !isUnjudged(after, ip, this.cluster));
      if (lost.length === 0 || has.some((ip) => familyOf(ip) === family)) continue;
      assert.ok(
        lost.every((ip) => this.#broken.has(`${after.key} ${ip}`) || hasBrokenTerms(after, ip, this.cluster)),
        `without an address: ${show(after)}`,
      );
    }
  }
}
