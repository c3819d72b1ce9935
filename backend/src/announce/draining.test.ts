/** What is announced, and how, while nodes are being drained; the order of the nodes of `IP` is n1 n3 n2 (rendezvous.test.ts). */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { aNode, aPool, endpointsOn } from '../domain/testing/builders.ts';
import { bgpRoute, decide, type Decision } from './announce.ts';
import type { DrainPhase } from './drain.ts';
import { MED_FIRST, MED_LEAVING, MED_OTHER, MED_STALE, MED_TAKEOVER } from './med.ts';
import type { NodeHealth, PeerTarget } from './snapshot.ts';
import { holding, IP, N1, N2, N3, POOL, snapshot, WEB, type World } from './testing/world.ts';

/** It takes no traffic, and answers probes. */
const CP = aNode('cp', ['10.0.0.9'], { excluded: true });
const LOCAL_WEB = holding('shop/web', { trafficPolicy: 'Local' });

function peer(sendMax = 8): PeerTarget {
  const all = { labels: {}, subnets: [], onlyNode: undefined };
  return { name: 'r1', address: '10.0.0.254', sendMax: new Map([['ipv4', sendMax]]), ...all };
}

/** `<who is chosen> | <who drains>`. */
function split({ announcement }: Decision): string {
  const [nodes = [], draining = []] = [announcement?.nodes, announcement?.draining];
  return [nodes, draining].map((part) => part.map(({ name }) => name).join(' ')).join(' | ');
}

/** Next hops to `<med> <communities>`, in the order in which they are announced. */
function paths(world: World, { sendMax = 8, medOffset = 100, service = WEB } = {}): string[] {
  const { announcement } = decide(IP, [service], snapshot(world));
  const route = announcement && bgpRoute(announcement, peer(sendMax), medOffset);
  return (route?.paths ?? []).map(({ nextHop, attributes }) => {
    const { med, communities } = attributes ?? route ?? { med: 0, communities: [] };
    return [nextHop, med, ...communities].join(' ');
  });
}

suite('nodes for an address', () => {
  test('a draining one is kept apart, a drained one is left out with the reason', () => {
    assert.equal(split(decide(IP, [WEB], snapshot({ drains: { n1: 'draining' } }))), 'n3 n2 | n1');
    const tainted = { ...N1, drainSignals: [{ kind: 'toBeDeleted', since: 0 }] } as const;
    const decision = decide(IP, [WEB], snapshot({ nodes: [tainted, N2, N3], drains: { n1: 'drained' } }));
    assert.equal(split(decision), 'n3 n2 | ');
    assert.deepEqual(decision.leftOut, [{ reason: 'NodeToBeDeleted', params: { node: 'n1' } }]);
  });

  test('all drain: as if none did', () => {
    assert.equal(
      split(decide(IP, [WEB], snapshot({ drains: { n1: 'draining', n2: 'drained', n3: 'drained' } }))),
      'n1 n3 n2 | ',
    );
  });

  test('the others are dead or not Ready: the last one is kept though it is drained, and goes when it dies', () => {
    const world: World = { nodes: [N1, { ...N2, ready: false }, N3], drains: { n1: 'drained' } };
    assert.equal(split(decide(IP, [WEB], snapshot({ ...world, health: { n3: 'dead' } }))), 'n1 | ');
    const decision = decide(IP, [WEB], snapshot({ ...world, health: { n1: 'dead', n3: 'dead' } }));
    assert.equal(decision.finding.reason, 'NoEligibleNode');
  });

  test('a draining one that dies is gone at once', () => {
    const world: World = { drains: { n1: 'draining' }, health: { n1: 'dead' } };
    assert.equal(split(decide(IP, [WEB], snapshot(world))), 'n3 n2 | ');
  });

  test('Local: the node with the only endpoint is kept, until another one has one', () => {
    const of = (ready: readonly string[], serving: readonly string[], phase: DrainPhase): string =>
      split(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn(ready, serving), drains: { n1: phase } })));
    assert.equal(of(['n1'], [], 'drained'), 'n1 | ');
    assert.equal(of([], ['n1'], 'drained'), 'n1 | ');
    assert.equal(of(['n2'], ['n1'], 'draining'), 'n2 | n1');
    assert.equal(of(['n2'], ['n1'], 'drained'), 'n2 | ');
  });

  test('Local: one with a ready endpoint is not given up for those that only terminate, nor shunned', () => {
    const of = (ready: readonly string[], serving: readonly string[], phase: DrainPhase = 'drained'): string =>
      split(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn(ready, serving), drains: { n1: phase } })));
    assert.equal(of(['n1'], ['n2'], 'draining'), 'n1 n2 | ');
    assert.equal(of(['n1'], ['n2']), 'n1 n2 | ');
    assert.equal(of(['n1'], ['n1', 'n2', 'n3']), 'n1 n3 n2 | ');
    assert.equal(of(['n1', 'n3'], ['n2'], 'draining'), 'n3 n2 | n1');
    assert.equal(of(['n1', 'n3'], ['n2']), 'n3 n2 | ');
    assert.equal(of([], ['n1', 'n2']), 'n2 | ');
  });

  test('Cluster: where the endpoints are does not matter', () => {
    const world: World = { endpoints: endpointsOn(['n1'], ['n2']), drains: { n1: 'drained' } };
    assert.equal(split(decide(IP, [WEB], snapshot(world))), 'n3 n2 | ');
  });

  test('one that answers is not given up for those that have not answered yet, nor shunned', () => {
    const of = (health: Readonly<Record<string, NodeHealth>>, phase: DrainPhase = 'drained'): string =>
      split(
        decide(IP, [WEB], snapshot({ nodes: [N1, N2, CP], health: { cp: 'alive', ...health }, drains: { n1: phase } })),
      );
    assert.equal(of({ n1: 'alive' }, 'draining'), 'n1 n2 | ');
    assert.equal(of({ n1: 'alive' }), 'n1 n2 | ');
    assert.equal(of({ n1: 'alive', n2: 'alive' }, 'draining'), 'n2 | n1');
    assert.equal(of({ n1: 'alive', n2: 'alive' }), 'n2 | ');
    assert.equal(of({}), 'n2 | ');
    assert.equal(of({ n2: 'alive' }), 'n2 | ');
    assert.equal(of({ n1: 'dead' }), 'n2 | ');
    const third = snapshot({ health: { n1: 'alive', n3: 'alive' }, drains: { n1: 'draining' } });
    assert.equal(split(decide(IP, [WEB], third)), 'n3 n2 | n1');
  });

  test('where only one node answers, it may be the one that asks: that says nothing of the others', () => {
    const of = (phase: DrainPhase): string =>
      split(decide(IP, [WEB], snapshot({ health: { n1: 'alive' }, drains: { n1: phase } })));
    assert.equal(of('draining'), 'n3 n2 | n1');
    assert.equal(of('drained'), 'n3 n2 | ');
  });

  test('Local: one that stays must be as good in all respects', () => {
    const of = (health: Readonly<Record<string, NodeHealth>>): string => {
      const endpoints = endpointsOn(['n1', 'n2'], ['n3']);
      return split(decide(IP, [LOCAL_WEB], snapshot({ endpoints, health, drains: { n1: 'drained' } })));
    };
    assert.equal(of({ n1: 'alive', n3: 'alive' }), 'n1 n3 n2 | ');
    assert.equal(of({ n1: 'alive', n2: 'alive' }), 'n3 n2 | ');
  });

  test('of several that drain, each is compared with those that stay', () => {
    const drains = { n1: 'draining', n3: 'drained' } as const;
    const nodes = [N1, N2, N3, CP];
    assert.equal(
      split(decide(IP, [WEB], snapshot({ nodes, health: { cp: 'alive', n1: 'alive' }, drains }))),
      'n1 n2 | ',
    );
    assert.equal(
      split(decide(IP, [WEB], snapshot({ nodes, health: { cp: 'alive', n3: 'alive' }, drains }))),
      'n3 n2 | n1',
    );
  });

  test('one whose object came back counts once, as it is now', () => {
    const decision = decide(IP, [WEB], snapshot({ gone: [{ ...N1, excluded: true }] }));
    assert.equal(split(decision), 'n1 n3 n2 | ');
    assert.deepEqual(decision.leftOut, []);
  });

  test('one whose object is gone drains as the others do', () => {
    const world: World = { nodes: [N2, N3], gone: [N1], drains: { n1: 'draining' } };
    assert.equal(split(decide(IP, [WEB], snapshot(world))), 'n3 n2 | n1');
    assert.equal(split(decide(IP, [WEB], snapshot({ ...world, gone: [{ ...N1, excluded: true }] }))), 'n3 n2 | ');
    assert.equal(split(decide(IP, [WEB], snapshot({ ...world, nodes: [] }))), 'n1 | ');
  });

  test('Layer 2: only those that should be chosen may own it', () => {
    const pools = [aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' })];
    const world: World = { pools, protocols: ['layer2'], drains: { n1: 'draining' } };
    assert.equal(split(decide(IP, [WEB], snapshot(world))), 'n3 n2 | n1');
  });
});

suite('paths to a router', () => {
  test('those through a draining node carry GRACEFUL_SHUTDOWN and a worse MED, and come last', () => {
    assert.deepEqual(paths({ drains: { n1: 'draining' } }), ['10.0.0.3 100', '10.0.0.2 100', '10.0.0.1 150 65535:0']);
    assert.deepEqual(paths({ drains: { n1: 'drained' } }), ['10.0.0.3 100', '10.0.0.2 100']);
  });

  test('none does where all nodes drain', () => {
    assert.deepEqual(paths({ nodes: [N1, N3], drains: { n1: 'draining', n3: 'drained' } }), [
      '10.0.0.1 100',
      '10.0.0.3 100',
    ]);
  });

  test("the pool's own attributes go along, and a community that it has already is not doubled", () => {
    const bgp = { ...POOL.bgp, med: 7, localPref: 300, communities: ['64512:1'], largeCommunities: ['64512:1:2'] };
    const pools = [aPool('public', ['192.0.2.0/24'], { bgp })];
    const { announcement } = decide(IP, [WEB], snapshot({ pools, drains: { n1: 'draining' } }));
    assert.ok(announcement);
    assert.deepEqual(bgpRoute(announcement, peer(), 200)?.paths.at(-1), {
      id: 0x0a000001,
      nextHop: '10.0.0.1',
      attributes: { med: 257, localPref: 300, communities: ['64512:1', '65535:0'], largeCommunities: ['64512:1:2'] },
    });
    const marked = [aPool('public', ['192.0.2.0/24'], { bgp: { ...POOL.bgp, communities: ['65535:0'] } })];
    assert.equal(paths({ pools: marked, drains: { n1: 'draining' } }).at(-1), '10.0.0.1 150 65535:0');
  });

  test('a router that takes few next hops, or one, is told of others at once', () => {
    const drains = { n1: 'draining' } as const;
    assert.deepEqual(paths({ drains }, { sendMax: 2 }), ['10.0.0.3 100', '10.0.0.2 100']);
    assert.deepEqual(paths({ drains }, { sendMax: 1 }), ['10.0.0.3 100']);
    assert.deepEqual(paths({ nodes: [N1, N2], drains }, { sendMax: 2 }), ['10.0.0.2 100', '10.0.0.1 150 65535:0']);
  });

  test('a node that took over the address of a gone one is announced, and not the gone one', () => {
    const heir = aNode('n9', ['10.0.0.1']);
    const world: World = { nodes: [heir, N3], gone: [N1], drains: { n1: 'draining' } };
    assert.deepEqual(paths(world).sort(), ['10.0.0.1 100', '10.0.0.3 100']);
  });

  test('keep their identifiers from before the drain to its end', () => {
    const ids = (drains: Readonly<Record<string, DrainPhase>>): Map<string, number> => {
      const { announcement } = decide(IP, [WEB], snapshot({ drains }));
      const route = announcement && bgpRoute(announcement, peer(), 100);
      return new Map(route?.paths.map(({ id, nextHop }) => [nextHop, id]));
    };
    const [before, during, after] = [ids({}), ids({ n3: 'draining' }), ids({ n3: 'drained' })];
    assert.deepEqual([during.get('10.0.0.3'), after.get('10.0.0.1')], [before.get('10.0.0.3'), before.get('10.0.0.1')]);
    assert.deepEqual([...after.keys()].sort(), ['10.0.0.1', '10.0.0.2']);
  });
});

/** Of what a router may have of several replicas it takes the paths of the lowest MED, and spreads over all of these. */
suite('what wins in a router', () => {
  const ranks = [MED_TAKEOVER, MED_FIRST, MED_OTHER];
  const offsets = [...ranks, ...ranks.map((rank) => rank + MED_STALE), MED_LEAVING];
  const nodes = [N1, N2, N3];

  /** `<next hop> <med>` of all paths, told apart by whether they are marked. */
  function told(
    drains: Readonly<Record<string, DrainPhase>>,
    medOffset: number,
  ): { plain: number[]; marked: number[] } {
    const all = paths({ nodes, drains }, { medOffset });
    const med = (path: string): number => Number(path.split(' ')[1]);
    const isMarked = (path: string): boolean => path.includes('65535:0');
    return { plain: all.filter((path) => !isMarked(path)).map(med), marked: all.filter(isMarked).map(med) };
  }

  const phase = fc.constantFrom<DrainPhase | undefined>(undefined, 'draining', 'drained');
  const anyDrains = fc
    .tuple(phase, phase, phase)
    .map((phases) =>
      Object.fromEntries(phases.flatMap((each, i) => (each === undefined ? [] : [[`n${i + 1}`, each]]))),
    );

  test('never a marked path: whoever sends one sends a better one too', () => {
    fc.assert(
      fc.property(anyDrains, fc.constantFrom(...offsets), (drains, offset) => {
        const { plain, marked } = told(drains, offset);
        assert.ok(plain.length > 0);
        for (const med of marked) assert.ok(med > Math.max(...plain));
      }),
    );
  });

  test('no marked path of one replica ties with a path of another rank, marked or not', () => {
    const drains = { n1: 'draining' } as const;
    for (const offset of offsets) {
      const [med] = told(drains, offset).marked;
      assert.ok(med !== undefined);
      for (const other of offsets.filter((each) => each !== offset)) {
        const theirs = told(drains, other);
        assert.ok(![...theirs.plain, ...theirs.marked].includes(med), `${offset} and ${other}`);
      }
    }
  });
});
