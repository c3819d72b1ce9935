/** The indexes of those who share say what going through all of them would, however many come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sharingProblem, type SharingTerms } from '../domain/sharing.ts';
import { sharingTerms } from '../domain/testing/builders.ts';
import { Holders, type Holding } from './holders.ts';
import { MANY } from './multimap.ts';

const IPS = ['192.0.2.10', '192.0.2.9', '2001:db8::1'];
/** So many that most addresses are of few, and of many, in turn. */
const SERVICES = Array.from({ length: 3 * MANY }, (_, i) => `a/${i}`);

const PORT = fc.oneof(
  { weight: 30, arbitrary: fc.nat(2_000).map((port) => `TCP/${port}`) },
  { weight: 1, arbitrary: fc.constantFrom('TCP/80', 'UDP/53') },
);

/** Terms that go together but for the ports, and, if any are odd, others whose texts try to be taken for these. */
function termsOf(isAnyOdd: boolean): fc.Arbitrary<SharingTerms> {
  const odd = isAnyOdd ? 1 : 0;
  const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
    fc.oneof(
      { weight: 30, arbitrary: fc.constant(usual) },
      { weight: odd, arbitrary: fc.constantFrom(usual, ...others) },
    );
  return fc
    .record({
      key: mostly<string | undefined>('k', undefined, 'l', 'k Local app=web', 'k","Local","app=web'),
      namespace: mostly('a', 'b'),
      trafficPolicy: mostly<SharingTerms['trafficPolicy']>('Cluster', 'Local'),
      selector: mostly<string | undefined>('app=web', 'app=db', undefined),
      ports: fc.array(PORT, { minLength: 1, maxLength: 2 }),
    })
    .map(sharingTerms);
}

interface Step {
  readonly key: string;
  readonly holding: Holding;
}

function holdingOf(isAnyOdd: boolean): fc.Arbitrary<Holding> {
  return fc.record({
    sharing: termsOf(isAnyOdd),
    // One address of two pools, as in the middle of an edit, is one.
    assignments: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...IPS).map((ip) => [{ pool: 'p', ip }]) },
      { weight: 2, arbitrary: fc.constant([]) },
      { weight: 2, arbitrary: fc.subarray(IPS, { minLength: 2 }).map((ips) => ips.map((ip) => ({ pool: 'p', ip }))) },
      { weight: 1, arbitrary: fc.constantFrom(...IPS).map((ip) => ['p', 'q'].map((pool) => ({ pool, ip }))) },
    ),
  });
}

interface History {
  readonly steps: readonly Step[];
  readonly askers: readonly Step[];
}

const HISTORY: fc.Arbitrary<History> = fc.boolean().chain((isAnyOdd) => {
  const step = fc.record({ key: fc.constantFrom(...SERVICES), holding: holdingOf(isAnyOdd) });
  return fc.record({
    steps: fc.array(step, { minLength: 4 * MANY, maxLength: 8 * MANY, size: 'max' }),
    askers: fc.array(step, { minLength: 10, maxLength: 20 }),
  });
});

/** By looking at all of them. */
class Plain {
  readonly holdings: ReadonlyMap<string, Holding>;

  constructor(holdings: ReadonlyMap<string, Holding>) {
    this.holdings = holdings;
  }

  of(ip: string): string[] {
    return [...this.holdings].flatMap(([key, holding]) => (ipsOf(holding).includes(ip) ? [key] : [])).sort();
  }

  rivals(ip: string, key: string, sharing: SharingTerms): string[] {
    return this.of(ip).filter((other) => {
      const theirs = this.holdings.get(other)?.sharing;
      return other !== key && theirs !== undefined && sharingProblem(sharing, theirs) !== undefined;
    });
  }

  isAlone(ip: string): boolean {
    return this.of(ip).some((key) => this.holdings.get(key)?.sharing.key === undefined);
  }

  /** Where others of its group are, and it fits beside all; in the order of the addresses. */
  shared(key: string, sharing: SharingTerms): string[] {
    const isOfGroup = (theirs: SharingTerms | undefined): boolean =>
      theirs?.key === sharing.key && theirs?.namespace === sharing.namespace && sharing.key !== undefined;
    return ['192.0.2.9', '192.0.2.10', '2001:db8::1'].filter(
      (ip) =>
        this.of(ip).some((other) => other !== key && isOfGroup(this.holdings.get(other)?.sharing)) &&
        this.rivals(ip, key, sharing).length === 0,
    );
  }
}

function ipsOf({ assignments }: Holding): string[] {
  return assignments.map(({ ip }) => ip);
}

function sameAnswers(holders: Holders, plain: Plain, { key, holding: { sharing } }: Step): void {
  for (const ip of IPS) {
    assert.deepEqual([...holders.of(ip)].sort(), plain.of(ip));
    assert.equal(holders.has(ip), plain.of(ip).length > 0);
    const rivals = plain.rivals(ip, key, sharing);
    assert.equal(holders.fit(ip, { key, sharing }), rivals.length === 0, `${key} at ${ip}`);
    assert.deepEqual(holders.rivals(ip, { key, sharing }).sort(), rivals);
    assert.equal(holders.isAlone(ip), plain.isAlone(ip));
  }
  const shared = [...holders.shared({ key, sharing })].filter((ip) => holders.fit(ip, { key, sharing }));
  assert.deepEqual(shared, plain.shared(key, sharing));
}

/** All of these have what they are said to have, one after the other, with an answer looked at now and then. */
function replay(steps: readonly Step[], holders: Holders, holdings: Map<string, Holding>): void {
  const plain = new Plain(holdings);
  for (const [i, step] of steps.entries()) {
    const { key, holding } = step;
    const before = holdings.get(key);
    const had = before === undefined ? [] : [...new Set(ipsOf(before))];
    holdings.delete(key);
    const freed = before === undefined ? [] : holders.remove(key, before);
    assert.deepEqual(
      freed,
      had.filter((ip) => plain.of(ip).length === 0),
    );
    if (holding.assignments.length > 0) {
      holdings.set(key, holding);
      holders.add(key, holding);
    }
    if (i % 8 === 0) sameAnswers(holders, plain, step);
  }
}

test('those who share an address are known as one by one, be they few or many', () => {
  let joinedMany = 0;
  let refusedByMany = 0;
  fc.assert(
    fc.property(HISTORY, ({ steps, askers }) => {
      const holdings = new Map<string, Holding>();
      const holders = new Holders(holdings);
      const plain = new Plain(holdings);
      replay(steps, holders, holdings);
      for (const asker of askers) {
        sameAnswers(holders, plain, asker);
        const joinable = plain.shared(asker.key, asker.holding.sharing);
        const many = IPS.filter((ip) => plain.of(ip).length > MANY);
        joinedMany += many.filter((ip) => joinable.includes(ip)).length;
        refusedByMany += many.filter((ip) => !joinable.includes(ip)).length;
      }
      // All go: the last of them are few again.
      replay(
        [...holdings].map(([key, { sharing }]) => ({ key, holding: { sharing, assignments: [] } })),
        holders,
        holdings,
      );
      assert.ok(IPS.every((ip) => !holders.has(ip)));
    }),
    { numRuns: 40, seed: Number(process.env['HISTORY_SEED'] ?? 1) },
  );
  assert.ok(joinedMany > 100 && refusedByMany > 100, `${joinedMany} ${refusedByMany}`);
});

test('in a group of many, what the asker alone has is nothing to share, and what one other has is, though the asker is there on other terms', () => {
  const holdings = new Map<string, Holding>();
  const holders = new Holders(holdings);
  const hold = (key: string, ip: string, terms: Partial<SharingTerms> = {}): void => {
    const sharing = sharingTerms({ namespace: 'a', key: 'k', ports: [`TCP/${holdings.size}`], ...terms });
    holdings.set(key, { sharing, assignments: [{ pool: 'p', ip }] });
    holders.add(key, { sharing, assignments: [{ pool: 'p', ip }] });
  };
  for (const key of SERVICES) hold(key, '192.0.2.9');
  hold('a/lone', '192.0.2.10');
  const sharing = sharingTerms({ namespace: 'a', key: 'k', ports: ['UDP/53'] });
  assert.deepEqual([...holders.shared({ key: 'a/lone', sharing })], ['192.0.2.9']);
  hold('a/other', '192.0.2.11');
  hold('a/local', '192.0.2.11', { trafficPolicy: 'Local' });
  assert.deepEqual([...holders.shared({ key: 'a/local', sharing })], ['192.0.2.9', '192.0.2.10', '192.0.2.11']);
});
