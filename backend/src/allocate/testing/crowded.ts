/** Histories of a few pools that many plain Services wait for: crowds, of which most are not planned anew. */
import fc from 'fast-check';
import type { Service } from '../../domain/service.ts';
import type { Happening, Step } from './history.ts';

const NAMES = ['p', 'q', 'r'] as const;
const NAMED: readonly (readonly string[])[] = [[], ['p', 'q'], ['q', 'p'], ['r']];
const SERVICES = Array.from({ length: 9 }, (_, i) => `a/${i}`);
const RANGES: readonly (readonly string[])[] = [
  ['192.0.2.0-192.0.2.1'],
  ['192.0.2.2'],
  ['192.0.2.3-192.0.2.5'],
  ['2001:db8::1'],
];

type Create = Extract<Happening, { what: 'create' }>;

function creation(key: string, wantedPools: Service['wantedPools'], wantedIPs: Service['wantedIPs'] = []): Create {
  return { what: 'create', key, families: ['ipv4'], spec: { wantedPools, wantedIPs }, terms: {}, restored: undefined };
}

const CREATE: fc.Arbitrary<Happening> = fc
  .tuple(
    fc.constantFrom(...SERVICES),
    fc.constantFrom(...NAMED),
    fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.constant(['192.0.2.3']) }),
  )
  .map((given) => creation(...given));

const NAME = fc.constantFrom(...NAMES);
const ADDRESS = fc.constantFrom(...Array.from({ length: 6 }, (_, i) => `192.0.2.${i}`));
const HAPPENING: fc.Arbitrary<Happening> = fc.oneof(
  CREATE,
  fc.constantFrom(...SERVICES).map((key): Happening => ({ what: 'delete', key })),
  fc
    .tuple(fc.constantFrom(...SERVICES), fc.constantFrom(...NAMED))
    .map(([key, wantedPools]): Happening => ({ what: 'edit', key, spec: { wantedPools }, terms: {} })),
  fc
    .tuple(
      NAME,
      fc.oneof(
        fc.nat(2).map((priority) => ({ priority })),
        fc.boolean().map((disabled) => ({ disabled })),
        fc.constantFrom(0, 30).map((reuseAfterSeconds) => ({ reuseAfterSeconds })),
      ),
    )
    .map(([name, spec]): Happening => ({ what: 'editPool', name, spec })),
  fc.tuple(NAME, fc.constantFrom(...RANGES)).map(([name, ranges]): Happening => ({ what: 'resizePool', name, ranges })),
  fc.constantFrom(1, 40).map((seconds): Happening => ({ what: 'pass', seconds })),
  fc
    .tuple(NAME, ADDRESS, fc.boolean())
    .map(([name, ip, announced]): Happening => ({ what: 'conflict', name, ip, node: undefined, announced })),
  NAME.map((name): Happening => ({ what: 'endConflicts', name })),
  fc.subarray(['192.0.2.1', '192.0.2.4'], { maxLength: 1 }).map((ips): Happening => ({ what: 'nodes', ips })),
);

function stepOf(happening: Happening, coins: readonly boolean[] = [true]): Step {
  return { happenings: [happening], coins };
}

/** They begin with their pools, and with more Services than these have addresses. */
export const CROWDED: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(fc.constantFrom(...RANGES), { minLength: NAMES.length, maxLength: NAMES.length }),
    fc.array(fc.constantFrom(...NAMED), { minLength: 6, maxLength: SERVICES.length }),
    fc.array(fc.tuple(HAPPENING, fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })), { maxLength: 20 }),
  )
  .map(([ranges, named, happenings]) => [
    ...NAMES.map((name, i) => stepOf({ what: 'createPool', name, ranges: ranges[i] ?? [], spec: {} })),
    // Their age is told in seconds.
    ...named.flatMap((pools, i) => [stepOf({ what: 'pass', seconds: 1 }), stepOf(creation(SERVICES[i] ?? '', pools))]),
    ...happenings.map((given) => stepOf(...given)),
  ]);
