/** Histories of a few addresses of both families that Services wait for, some of them for one of each. */
import fc from 'fast-check';
import type { Service } from '../../domain/service.ts';
import type { Happening, Step } from './history.ts';

type Create = Extract<Happening, { what: 'create' }>;

const NAMES = ['p', 'q', 'r'] as const;
const SERVICES = Array.from({ length: 8 }, (_, i) => `a/${i}`);
const RANGES: readonly (readonly string[])[] = [
  ['192.0.2.0-192.0.2.1'],
  ['192.0.2.2'],
  ['2001:db8::1'],
  ['2001:db8::2-2001:db8::3'],
  ['192.0.2.4', '2001:db8::4'],
];

type Wish = Pick<Service, 'familyPolicy' | 'families' | 'wantedPools' | 'wantedIPs'> & Pick<Create, 'terms'>;

const OWN = {
  familyPolicy: fc.constantFrom<Service['familyPolicy']>(
    'RequireDualStack',
    'RequireDualStack',
    'RequireDualStack',
    'PreferDualStack',
    'SingleStack',
    'SingleStack',
  ),
  families: fc.constantFrom<Service['families']>(['ipv4', 'ipv6'], ['ipv6', 'ipv4']),
  wantedPools: fc.constantFrom<readonly string[]>([], [], ['p', 'q'], ['r', 'p']),
  wantedIPs: fc.oneof(
    { weight: 5, arbitrary: fc.constant<readonly string[]>([]) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<readonly string[]>(
        ['192.0.2.0'],
        ['192.0.2.1'],
        ['2001:db8::2'],
        ['192.0.2.4', '2001:db8::4'],
      ),
    },
  ),
};
const ALONE: fc.Arbitrary<Wish> = fc.record({ ...OWN, terms: fc.constant({}) });
const SHARING: fc.Arbitrary<Wish> = fc.record({
  ...OWN,
  terms: fc.record({
    key: fc.constantFrom(undefined, 'k', 'k', 'l'),
    ports: fc.subarray(['TCP/80', 'TCP/443', 'UDP/53'], { minLength: 1, maxLength: 2 }),
  }),
});

function creation(key: string, { families, terms, ...spec }: Wish): Happening {
  return { what: 'create', key, families, spec, terms, restored: undefined };
}

const KEY = fc.constantFrom(...SERVICES);
const NAME = fc.constantFrom(...NAMES);
/** Of pools and time, and of Services that are gone. */
const OTHERS: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: KEY.map((key): Happening => ({ what: 'delete', key })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(NAME, fc.boolean())
      .map(([name, disabled]): Happening => ({ what: 'editPool', name, spec: { disabled } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(NAME, fc.constantFrom(0, 30))
      .map(([name, reuseAfterSeconds]): Happening => ({ what: 'editPool', name, spec: { reuseAfterSeconds } })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(NAME, fc.constantFrom(...RANGES))
      .map(([name, ranges]): Happening => ({ what: 'resizePool', name, ranges })),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, 40).map((seconds): Happening => ({ what: 'pass', seconds })) },
  { weight: 1, arbitrary: fc.constant<Happening>({ what: 'restart' }) },
);

const ADDRESS = fc.constantFrom(
  ...['192.0.2.0', '192.0.2.1', '192.0.2.2', '192.0.2.4'],
  ...['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'],
);
/** Of hosts that use addresses, nodes that have them, writes that fail, and leaders that gave, or seem to have given, what others have. */
const TROUBLE: fc.Arbitrary<Happening> = fc.oneof(
  OTHERS,
  fc
    .tuple(NAME, ADDRESS, fc.boolean())
    .map(([name, ip, announced]): Happening => ({ what: 'conflict', name, ip, node: undefined, announced })),
  NAME.map((name): Happening => ({ what: 'endConflicts', name })),
  fc.subarray(['192.0.2.1', '2001:db8::2'], { maxLength: 1 }).map((ips): Happening => ({ what: 'nodes', ips })),
  KEY.map((key): Happening => ({ what: 'refuse', key })),
  KEY.map((key): Happening => ({ what: 'recreate', key })),
  fc
    .tuple(KEY, ADDRESS, NAME, KEY, fc.constantFrom(0, 3_000))
    .map(([key, ip, pool, rival, older]): Happening => ({ what: 'late', key, ip, pool, rival, older })),
  fc
    .tuple(KEY, fc.uniqueArray(ADDRESS, { minLength: 1, maxLength: 2 }), NAME, fc.boolean())
    .map(([key, ips, pool, isLate]): Happening => {
      return { what: 'usurp', key, ips, pool, when: isLate ? 'after a change' : 'without a leader' };
    }),
);

function stepOf(happening: Happening, coins: readonly boolean[] = [true]): Step {
  return { happenings: [happening], coins };
}

/** They begin with their pools, and with more Services than these have addresses. */
function histories(wish: fc.Arbitrary<Wish>, others = OTHERS): fc.Arbitrary<Step[]> {
  const happening = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(KEY, wish).map((given) => creation(...given)) },
    {
      weight: 1,
      arbitrary: fc.tuple(KEY, wish).map(([key, { families: _, terms, ...spec }]): Happening => {
        return { what: 'edit', key, spec, terms };
      }),
    },
    { weight: 10, arbitrary: others },
  );
  return fc
    .tuple(
      fc.array(fc.constantFrom(...RANGES), { minLength: NAMES.length, maxLength: NAMES.length }),
      fc.array(wish, { minLength: 5, maxLength: SERVICES.length }),
      fc.array(fc.tuple(happening, fc.array(fc.boolean(), { minLength: 1, maxLength: 4 })), {
        maxLength: 25,
        size: 'max',
      }),
    )
    .map(([ranges, wishes, happenings]) => [
      ...NAMES.map((name, i) => stepOf({ what: 'createPool', name, ranges: ranges[i] ?? [], spec: {} })),
      // Their age is told in seconds.
      ...wishes.flatMap((given, i) => [
        stepOf({ what: 'pass', seconds: 1 }),
        stepOf(creation(SERVICES[i] ?? '', given)),
      ]),
      ...happenings.map((given) => stepOf(...given)),
    ]);
}

export const TWO_FAMILIES = histories(ALONE);
/** The same, and some of the Services share addresses. */
export const TWO_FAMILIES_SHARING = histories(SHARING);
/** The same, and things go wrong. */
export const TWO_FAMILIES_TROUBLED = histories(SHARING, TROUBLE);
