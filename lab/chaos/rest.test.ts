import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readSessions, sortPaths, type BgpPath } from './observe.ts';
import { judgeRest, leftoversOf, type RouterSight } from './rest.ts';

const replicas = ['a', 'b'];
const wanted = new Map([['172.30.0.0', ['x', 'y']]]);

function path(peerId: string, ip: string, more: Partial<BgpPath> = {}): BgpPath {
  const metric = peerId === 'a' ? 100 : 200;
  return { peer: { peerId }, metric, aspath: { string: '65001' }, origin: 'IGP', nexthops: [{ ip }], ...more };
}

function withoutMed({ metric: _, ...rest }: BgpPath): BgpPath {
  return rest;
}

const right = [path('a', 'x'), path('a', 'y'), path('b', 'x'), path('b', 'y')];

/** A router at rest that has heard these paths of the one address. */
function sight(paths: readonly BgpPath[] = right, more: Partial<RouterSight> = {}): RouterSight {
  const heard = sortPaths([['172.30.0.0/32', paths]]);
  const sessions = { established: replicas, complete: replicas };
  return { sessions, heard, kernel: wanted, zebra: new Map(), ...more };
}

const linesOf = (found: RouterSight): readonly string[] => judgeRest('r1', found, replicas, wanted).lines;

suite('a router at rest', () => {
  test('has the same of every replica, but for the MED of the first one, and in its kernel', () => {
    assert.deepEqual(judgeRest('r1', sight(), replicas, wanted), { paths: 4, lines: [] });
  });

  const of = 'med 200 by 65001 IGP';
  const wrong: Readonly<Record<string, [paths: BgpPath[], told: string]>> = {
    'another MED': [[...right.slice(0, 3), path('b', 'y', { metric: 100 })], `x ${of}, y med 100 by 65001 IGP`],
    'no MED': [[...right.slice(0, 3), withoutMed(path('b', 'y'))], `x ${of}, y med none by 65001 IGP`],
    'a community': [
      [...right.slice(0, 3), path('b', 'y', { community: { string: 'graceful-shutdown' } })],
      `x ${of}, y ${of} graceful-shutdown`,
    ],
    'another AS path': [
      [...right.slice(0, 3), path('b', 'y', { aspath: { string: '65001 65001' } })],
      `x ${of}, y med 200 by 65001 65001 IGP`,
    ],
    'another origin': [
      [...right.slice(0, 3), path('b', 'y', { origin: 'incomplete' })],
      `x ${of}, y med 200 by 65001 incomplete`,
    ],
    'another next hop': [[...right.slice(0, 3), path('b', 'z')], `x ${of}, z ${of}`],
    'a path twice': [[...right, path('b', 'y')], `x ${of}, y ${of}, y ${of}`],
    'a path less': [right.slice(0, 3), `x ${of}`],
  };
  for (const [what, [paths, told]] of Object.entries(wrong)) {
    test(`is told ${what} by one replica`, () => {
      assert.deepEqual(linesOf(sight(paths)), [`r1 from b has ${told} for 172.30.0.0, not x ${of}, y ${of}`]);
    });
  }

  test('has a session less, or one in which the replica has not said that it is done', () => {
    assert.deepEqual(linesOf(sight(right, { sessions: { established: ['a'], complete: ['a'] } })), [
      'r1 has sessions with a',
      'r1 was told all by a only',
    ]);
    assert.deepEqual(linesOf(sight(right, { sessions: { established: replicas, complete: ['b'] } })), [
      'r1 was told all by b only',
    ]);
  });

  test('has another route in its kernel', () => {
    const lines = linesOf(sight(right, { kernel: new Map([['172.30.0.0', ['x']]]) }));
    assert.deepEqual(lines, ["r1's kernel has x for 172.30.0.0, not x, y"]);
  });
});

suite('what a router keeps of an earlier session', () => {
  const stale = path('b', 'z', { stale: true });
  const kernel = new Map([['172.30.0.0', ['x', 'y', 'z']]]);

  test('of a replica that is back and has told everything is its own affair, in its kernel too', () => {
    const found = sight([...right, stale], { kernel });
    assert.deepEqual(leftoversOf(found), [{ peer: 'b', ip: '172.30.0.0', gateway: 'z' }]);
    assert.deepEqual(linesOf(found), []);
  });

  test('is not, where the replica is away, or has not told everything', () => {
    for (const sessions of [
      { established: ['a'], complete: ['a'] },
      { established: replicas, complete: ['a'] },
    ]) {
      const found = sight([...right, stale], { kernel, sessions });
      assert.deepEqual(leftoversOf(found), []);
      assert.ok(linesOf(found).includes("r1's kernel has x, y, z for 172.30.0.0, not x, y"));
    }
  });

  test('excuses neither another gateway of the address nor another address', () => {
    const more = new Map([
      ['172.30.0.0', ['x', 'y', 'w']],
      ['172.30.0.1', ['z']],
    ]);
    assert.deepEqual(linesOf(sight([...right, stale], { kernel: more })), [
      "r1's kernel has x, y, w for 172.30.0.0, not x, y",
      "r1's kernel has z for 172.30.0.1, not nothing",
    ]);
  });
});

test('a session is complete when the replica has said so for both families', () => {
  const neighbour = (bgpState: string, endOfRibRecv: Record<string, boolean>): object => ({
    bgpState,
    gracefulRestartInfo: { endOfRibRecv },
  });
  const both = { ipv4Unicast: true, ipv6Unicast: true };
  const neighbours = {
    c: neighbour('Established', both),
    b: neighbour('Established', { ipv4Unicast: true }),
    a: neighbour('Active', both),
    d: { bgpState: 'Established' },
  } as unknown as Parameters<typeof readSessions>[0];
  assert.deepEqual(readSessions(neighbours), { established: ['b', 'c', 'd'], complete: ['c'] });
});
