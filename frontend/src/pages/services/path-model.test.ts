import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ServicePath } from '../../generated/api.ts';
import { resultOf, tellings } from './path-model.ts';

type Peer = ServicePath['peers'][number];

function peer(change: Partial<Peer> = {}): Peer {
  return {
    peer: 'tor-1',
    nextHopSelf: false,
    intended: [{ replica: 'm-1', med: 100, nextHops: ['192.0.2.11', '192.0.2.12'] }],
    confirmed: [{ replica: 'm-1', state: 'Established', negotiated: true, addPath: true }],
    ...change,
  };
}

const [first] = peer().confirmed;

suite('what routers are told of an address', () => {
  test('is one row for each replica that has or tries a session', () => {
    const confirmed = [...peer().confirmed, { replica: 'm-0', state: 'Active', negotiated: false, addPath: false }];
    assert.deepEqual(
      tellings({ peers: [peer({ confirmed })] }).map(({ replica, level, state, med }) => [replica, level, state, med]),
      [
        ['m-0', 'bad', 'Active', null],
        ['m-1', 'good', 'Established', 100],
      ],
    );
  });

  test('is nothing where no replica has a session with the router', () => {
    const [only] = tellings({ peers: [peer({ intended: [], confirmed: [] })] });
    assert.deepEqual([only?.replica, only?.level], [null, 'bad']);
  });

  test('says why a session that stands is not enough', () => {
    assert.ok(first !== undefined);
    const cases: [Partial<Peer>, string | undefined][] = [
      [{}, undefined],
      [{ confirmed: [{ ...first, negotiated: false }] }, 'PEER_FAMILY_NOT_AGREED'],
      [{ intended: [] }, 'PEER_TOLD_NOTHING'],
      [{ confirmed: [{ ...first, addPath: false }] }, 'PEER_ONE_PATH'],
      [
        {
          confirmed: [{ ...first, addPath: false }],
          intended: [{ replica: 'm-1', med: 100, nextHops: ['192.0.2.11'] }],
        },
        undefined,
      ],
    ];
    for (const [change, remark] of cases) {
      const [told] = tellings({ peers: [peer(change)] });
      assert.deepEqual([told?.remark, told?.level], [remark, remark === undefined ? 'good' : 'warning']);
    }
  });
});

suite('what a router is told by replicas that announce their own node each', () => {
  const standing = { state: 'Established', negotiated: true, addPath: false };
  const confirmed = ['m-0', 'm-1'].map((replica) => ({ replica, ...standing }));
  const told = (intended: Peer['intended']): unknown[] =>
    tellings({ peers: [peer({ nextHopSelf: true, confirmed, intended })] }).map(({ level, remark }) => [level, remark]);

  test('is nothing where a node takes no traffic, which is right as long as another one does', () => {
    const one = { replica: 'm-1', med: 100, nextHops: ['192.0.2.11'] };
    assert.deepEqual(told([one]), [
      ['good', undefined],
      ['good', undefined],
    ]);
    assert.deepEqual(told([]), [
      ['warning', 'PEER_TOLD_NOTHING'],
      ['warning', 'PEER_TOLD_NOTHING'],
    ]);
  });
});

test('a result that these pages do not know yet is shown as not known', () => {
  assert.equal(resultOf('passed').level, 'good');
  assert.equal(resultOf('postponed').level, 'unknown');
});
