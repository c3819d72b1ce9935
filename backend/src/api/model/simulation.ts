import { notServed } from '../../allocate/served.ts';
import { byServiceAge } from '../../allocate/waiting.ts';
import type { HoldingService } from '../../announce/snapshot.ts';
import { parseAddress } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Reason } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { Simulation, SimulationRequest } from '../schemas/simulation.ts';
import { Allocation } from './allocation.ts';
import { visible, type Audience } from './audience.ts';
import type { ClusterPicture } from './picture.ts';
import { replicasAnswer } from './replicas.ts';
import {
  changedWorld,
  isRefusal,
  presentWorld,
  type Refusal,
  type SimulationView,
  type World,
} from './simulated-world.ts';
import { effectOf, standingsOf, type Standings } from './standing.ts';

type Change = Simulation['changes'][number];

/** The changes that are listed; all are counted. */
const MAX_CHANGES = 1_000;

/** IPv4 before IPv6, and by number. */
function sortKey(ip: string): string {
  const address = parseAddress(ip);
  return address === undefined ? ip : `${address.family} ${address.value.toString(16).padStart(32, '0')}`;
}

/** Each replica has heard of Services in an order of its own, and all of them answer alike. */
function* inOrder(ips: Iterable<string>): Generator<void, string[]> {
  const keyed: { readonly ip: string; readonly key: string }[] = [];
  for (const ip of ips) {
    yield;
    keyed.push({ ip, key: sortKey(ip) });
  }
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ ip }) => ip);
}

/** One address after the other: with many Services it takes a second and more, which others need not wait for. */
function* addressChanges(before: World, after: World): Generator<void, { changes: Change[]; keeps: number }> {
  const holders = new Map<string, HoldingService[]>();
  for (const service of before.snapshot.services.values()) {
    yield;
    for (const { ip } of service.assignments) holders.set(ip, [...(holders.get(ip) ?? []), service]);
  }
  const changes: Change[] = [];
  let keeps = 0;
  for (const ip of yield* inOrder(holders.keys())) {
    yield;
    const group = holders.get(ip) ?? [];
    const found = changesOf(ip, standingsOf(ip, group, before), standingsOf(ip, group, after));
    changes.push(...found);
    if (found.length === 0) keeps += 1;
  }
  return { changes, keeps };
}

/** Services that share an address mostly fare alike. */
function changesOf(ip: string, before: Standings, after: Standings): Change[] {
  const byKey = [...before].sort(([a], [b]) => (a < b ? -1 : 1));
  const changes = byKey.flatMap(([key, was]): Change[] => {
    const is = after.get(key) ?? was;
    const effect = effectOf(was, is);
    return effect === undefined ? [] : [{ effect, ip, services: [key], before: was.shown, after: is.shown }];
  });
  const alike = Map.groupBy(changes, ({ effect, before: was, after: is }) => JSON.stringify([effect, was, is]));
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    return { ...first, services: [first, ...others].flatMap(({ services }) => services) };
  });
}

/** Services that wait for an address, and would get one, each by itself. */
function* newlyServed(
  picture: ClusterPicture,
  pools: ReadonlyMap<string, Pool>,
  now: number,
): Generator<void, Change[]> {
  const edited = picture.poolSetWith(pools);
  // With the first default pool, those without a class are served as well.
  const isServed = (service: Service): boolean =>
    notServed({ service, defaultPoolExists: edited.hasDefault }) === undefined;
  const waiting = [...picture.index.entries.values()]
    .filter((entry) => !entry.service.claims && (entry.notServed === undefined || isServed(entry.service)))
    .map(({ service }) => service)
    .sort(byServiceAge);
  if (waiting.length === 0) return [];
  const before = yield* given(waiting, yield* Allocation.made(picture, now));
  const after = yield* given(waiting, yield* Allocation.made(picture, now, edited));
  return waiting.flatMap(({ key }): Change[] => {
    const [was, is] = [before.get(key) ?? null, after.get(key) ?? null];
    if (was === 'Allocated' || is !== 'Allocated') return [];
    const nobody = { announced: false, nodes: [], peers: [] };
    return [
      {
        effect: 'gains',
        ip: null,
        services: [key],
        before: { ...nobody, reason: was },
        after: { ...nobody, reason: is },
      },
    ];
  });
}

/** As the leader gives addresses: the oldest first, and what one gets no other one does. */
function* given(waiting: readonly Service[], allocation: Allocation): Generator<void, ReadonlyMap<string, Reason>> {
  const reasons = new Map<string, Reason>();
  for (const service of waiting) {
    yield;
    reasons.set(service.key, allocation.give(service).reason);
  }
  return reasons;
}

const WORST_FIRST = ['loses', 'unknown', 'moves', 'gains'] as const;

/** What would change for whom; nothing is done. It yields now and then, so that it can be made in slices. */
export function* simulate(request: SimulationRequest, view: SimulationView): Generator<void, Simulation | Refusal> {
  const { picture, words, now, texts } = view;
  const before = yield* presentWorld(picture, words);
  const after = yield* changedWorld(before, request, view);
  if (isRefusal(after)) return after;
  yield;
  const { changes, keeps } = yield* addressChanges(before, after);
  const gained = request.pools.length === 0 ? [] : yield* newlyServed(picture, after.snapshot.pools, now);
  const all = [...changes, ...gained];
  const count = (effect: Change['effect']): number => all.filter((each) => each.effect === effect).length;
  const sorted = WORST_FIRST.flatMap((effect) => all.filter((each) => each.effect === effect));
  return {
    ...{ loses: count('loses'), unknown: count('unknown'), moves: count('moves'), gains: count('gains'), keeps },
    changes: sorted.slice(0, MAX_CHANGES),
    replicas: replicasAnswer(words, texts),
  };
}

/** The same without the names of Services that the caller may not know. */
export function simulationFor(answer: Simulation, audience: Audience): Simulation {
  const named = (key: string | null): string | null => (key === null ? null : visible(key, audience));
  return { ...answer, changes: answer.changes.map((change) => ({ ...change, services: change.services.map(named) })) };
}
