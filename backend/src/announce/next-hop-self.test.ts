import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bgpRoute, decide, type BgpRoute } from './announce.ts';
import type { LostReplica } from './med.ts';
import { selfMedOffset, type SelfView } from './next-hop-self.ts';
import { IP, N1, N2, snapshot, WEB, type World } from './testing/world.ts';

const fresh = { stale: false, newcomer: false };
const stale = { stale: true, newcomer: false };

function answers(name: string, isStale = false): SelfView['answering'][number] {
  return { name, ...(isStale ? stale : fresh) };
}

function lost(name: string, nodeIsDead: boolean, isStale = false): LostReplica {
  return { name, ...(isStale ? stale : fresh), med: 100, beside: [], us: fresh, nodeIsDead };
}

function offset(view: Partial<SelfView>): number {
  return selfMedOffset({ self: 'b', answering: [], lost: [], stale: false, deaths: 0, ...view });
}

suite('the MED of a replica that announces its own node', () => {
  test('is the same for all, whoever is first, whoever is away', () => {
    assert.equal(offset({}), 100);
    assert.equal(offset({ self: 'z', answering: [answers('a'), answers('c')] }), 100);
    assert.equal(offset({ lost: [lost('a', false)] }), 100);
  });

  test('goes below what replicas have left whose machines died, one for each death', () => {
    assert.equal(offset({ deaths: 1 }), 99);
    assert.equal(offset({ deaths: 2 }), 98);
    assert.equal(offset({ deaths: 100 }), 0);
    assert.equal(offset({ deaths: 101 }), 0);
  });

  test('loses with a stale view against those with a fresh one, and ties with stale ones', () => {
    assert.equal(offset({ stale: true, answering: [answers('a')] }), 400);
    assert.equal(offset({ stale: true, answering: [answers('a', true)] }), 400);
    assert.equal(offset({ stale: true, answering: [answers('a')], deaths: 1 }), 399);
  });

  test('with a stale view beats what a fresh one has left that died with the API server', () => {
    const dead = { stale: true, answering: [answers('c', true)], lost: [lost('a', true)], deaths: 1 };
    assert.equal(offset(dead), 99);
    assert.equal(offset({ ...dead, answering: [answers('b'), answers('c', true)] }), 99);
  });

  test('with a stale view doesn’t beat a fresh one that may be living', () => {
    assert.equal(offset({ stale: true, lost: [lost('a', true), lost('c', false)], deaths: 1 }), 399);
    assert.equal(offset({ stale: true, lost: [lost('a', false)] }), 400);
  });
});

suite('the route to a peer that hears of one node alone', () => {
  /** `<next hop> <MED> <communities>` of the path and of the route. */
  function told(onlyNode: string, world: World = {}): string[] {
    const { announcement } = decide(IP, [WEB], snapshot(world));
    const sendMax = new Map([['ipv4', 1]] as const);
    const peer = { name: 'r1', address: '10.0.0.254', labels: {}, sendMax, subnets: [], onlyNode };
    const route = announcement && bgpRoute(announcement, peer, 100);
    return (route?.paths ?? []).map(({ nextHop, attributes }) => {
      return [nextHop, ...[attributes, route].map(attributesText)].join(' ').trim();
    });
  }

  function attributesText(attributes: Pick<BgpRoute, 'med' | 'communities'> | undefined): string {
    return attributes === undefined ? '-' : [attributes.med, ...attributes.communities].join(' ');
  }

  test('is through that node, whoever would be the first', () => {
    for (const n of [1, 2, 3]) assert.deepEqual(told(`n${n}`), [`10.0.0.${n} - 100`]);
  });

  test('is none where that node takes no traffic of the address, or is none', () => {
    const nodes = [N1, { ...N2, excluded: true }];
    assert.deepEqual(
      [told('n1', { nodes }), told('n2', { nodes }), told('n3', { nodes })],
      [['10.0.0.1 - 100'], [], []],
    );
    assert.deepEqual(told('n2', { health: { n2: 'dead' } }), []);
  });

  test('is the last resort where that node is being drained', () => {
    const drains = { n2: 'draining' } as const;
    assert.deepEqual(told('n2', { drains }), ['10.0.0.2 150 65535:0 150 65535:0']);
    assert.deepEqual(told('n1', { drains }), ['10.0.0.1 - 100']);
    assert.deepEqual(told('n2', { drains: { n2: 'drained' } }), []);
  });
});
