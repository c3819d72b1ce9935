import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Overview } from '../../generated/api.ts';
import { figuresOf, firstSteps, isNew, pageOf } from './overview-model.ts';

const counts: Overview['counts'] = {
  services: { served: 5, withAddress: 4, announced: 3 },
  pools: { all: 3, ready: 2, used: 4 },
  peers: { all: 2, established: 1 },
  nodes: { all: 4, alive: 1, dead: 1, unknown: 1, divided: 1 },
  replicas: { all: 2, answered: 2 },
};

const picture = (state: 'off' | 'bad'): Overview['picture'] => ({
  nodes: [
    { id: 'pool/a', kind: 'pool', name: 'a', state },
    { id: 'peer/b', kind: 'peer', name: 'b', state },
  ],
  edges: [],
});

suite('figures of the overview', () => {
  test('are marked where something is not as it should be, but not where somebody switched it off', () => {
    const marked = (state: 'off' | 'bad'): string[] =>
      figuresOf({ counts, picture: picture(state) })
        .filter(({ isBad }) => isBad)
        .map(({ title }) => title);
    assert.deepEqual(marked('bad'), ['SERVICES', 'POOLS', 'PEERS', 'NODES']);
    assert.deepEqual(marked('off'), ['SERVICES', 'NODES']);
  });

  test('say how many of all', () => {
    const [services, , , nodes] = figuresOf({ counts, picture: picture('off') });
    assert.deepEqual([services?.value, services?.params], ['3 / 5', { count: 1 }]);
    assert.deepEqual([nodes?.value, nodes?.params], ['1 / 4', { dead: 1, unknown: 2 }]);
  });
});

test('first steps are shown until some Service has an address, and ticked off', () => {
  assert.equal(isNew(counts), false);
  const fresh = { ...counts, services: { served: 1, withAddress: 0, announced: 0 } };
  assert.equal(isNew(fresh), true);
  assert.equal(isNew({ ...counts, pools: { all: 0, ready: 0, used: 0 } }), true);
  assert.deepEqual(
    firstSteps(fresh, 'inForce').map(({ isDone }) => isDone),
    [true, true, true, false],
  );
});

test('a first step leads to the form where there is nothing yet, to the page where something is to be looked at', () => {
  const none = { pools: { all: 0, ready: 0, used: 0 }, peers: { all: 0, established: 0 } };
  const forms = (...steps: Parameters<typeof firstSteps>): unknown[] =>
    firstSteps(...steps).map(({ create }) => create);
  const [, conf] = firstSteps({ ...counts, ...none }, 'none');
  assert.deepEqual([conf?.page.name, conf?.isDone], ['porterlb.bgp', false]);
  assert.deepEqual(forms({ ...counts, ...none }, 'none'), ['POOL_CREATE', 'BGP_CONF_CREATE', 'PEER_CREATE', undefined]);
  for (const found of ['wrong', undefined] as const) assert.equal(forms({ ...counts, ...none }, found)[1], undefined);
  // Its session is down: what is of use is why.
  assert.equal(forms({ ...counts, peers: { all: 1, established: 0 } }, 'inForce')[2], undefined);
});

test('objects with a problem lead to the page that tells of them', () => {
  assert.equal(pageOf('Service', 'shop/web'), 'porterlb.services/shop/web');
  assert.equal(pageOf('BgpPeer', 'tor-1'), 'porterlb.peers/tor-1');
  assert.equal(pageOf('Node', 'worker-1'), 'porterlb.nodes/worker-1');
  assert.equal(pageOf('Replica', 'porter-manager-1'), undefined);
});
