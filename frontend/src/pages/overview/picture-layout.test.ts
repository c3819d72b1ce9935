import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Overview } from '../../generated/api.ts';
import { layoutPicture, MAX_ROWS } from './picture-layout.ts';

type Picture = Overview['picture'];

const vertex = (
  kind: 'pool' | 'node' | 'peer' | 'replica' | 'link',
  name: string,
  state = 'good' as const,
): Picture['nodes'][number] => ({
  ...{ id: `${kind}/${name}`, kind, name, state },
});

const small: Picture = {
  nodes: [
    vertex('pool', 'office'),
    vertex('peer', 'tor'),
    vertex('replica', 'pod-1'),
    vertex('node', 'b'),
    vertex('node', 'a'),
  ],
  edges: [
    { from: 'pool/office', to: 'peer/tor', kind: 'announces', state: 'good' },
    { from: 'replica/pod-1', to: 'node/b', kind: 'runsOn', state: 'good' },
    { from: 'replica/pod-1', to: 'peer/tor', kind: 'session', state: 'bad' },
  ],
};

suite('the picture of who announces what to whom', () => {
  test('has a column of pools, of nodes and of routers, in the order of their names', () => {
    const { boxes, rows } = layoutPicture(small);
    assert.deepEqual(
      boxes.map(({ id, row }) => [id, row]),
      [
        ['pool/office', 0],
        ['node/a', 0],
        ['node/b', 1],
        ['peer/tor', 0],
      ],
    );
    assert.equal(rows, 2);
  });

  test('draws the session of a replica from the node that it runs on', () => {
    const { boxes, lines } = layoutPicture(small);
    assert.deepEqual(
      boxes.find(({ id }) => id === 'node/b')?.replicas.map(({ name }) => name),
      ['pod-1'],
    );
    assert.deepEqual(
      lines.map(({ from, fromRow, toRow, state }) => [from, fromRow, toRow, state]),
      [
        ['pool', 0, 0, 'good'],
        ['node', 1, 0, 'bad'],
      ],
    );
  });

  test('leaves out the nodes that say least where there are too many, and counts them', () => {
    const many = Array.from({ length: 300 }, (_, i) => vertex('node', `n${String(i).padStart(3, '0')}`));
    const dead = { ...vertex('node', 'z-dead'), state: 'bad' as const };
    const { boxes, left, lines } = layoutPicture({ ...small, nodes: [...small.nodes, ...many, dead] });
    const nodes = boxes.filter(({ kind }) => kind === 'node').map(({ name }) => name);
    assert.equal(nodes.length, MAX_ROWS);
    assert.ok(nodes.includes('z-dead') && nodes.includes('b'));
    assert.equal(left.node, 303 - MAX_ROWS);
    assert.equal(lines.length, 2);
  });

  test('has local networks below the routers, with the nodes that answer there', () => {
    const { boxes, lines } = layoutPicture({
      nodes: [...small.nodes, vertex('pool', 'lan'), vertex('link', '198.51.100.0/24')],
      edges: [
        { from: 'pool/lan', to: 'link/198.51.100.0/24', kind: 'announces', state: 'good' },
        { from: 'node/a', to: 'link/198.51.100.0/24', kind: 'answers', state: 'good' },
      ],
    });
    assert.equal(boxes.find(({ kind }) => kind === 'link')?.row, 1);
    assert.deepEqual(
      lines.map(({ from, fromRow, toRow }) => [from, fromRow, toRow]),
      [
        ['pool', 0, 1],
        ['node', 0, 1],
      ],
    );
  });

  test('of nothing is empty', () => {
    assert.deepEqual(layoutPicture({ nodes: [], edges: [] }).boxes, []);
  });
});
