import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../platform/fake/clock.ts';
import { ClusterPicture } from '../model/picture.ts';
import { eips, kinds, served } from '../testing/api-bench.ts';
import { bench } from '../testing/two-services.ts';
import { LinkOwners } from './link-owners.ts';

test('who answers on links is looked up once a second, in pools of links alone', async (context) => {
  const api = await bench(context);
  await api.store(eips, { metadata: { name: 'lan' }, spec: { address: '198.51.100.0/28', protocol: 'layer2' } });
  const names = ['one', 'two', 'three', 'four'];
  await api.store(kinds.services, ...names.map((name, i) => served(`shop/${name}`, `198.51.100.${i + 1}`, 'lan')));
  const clock = new FakeClock();
  const picture = new ClusterPicture({ clock, view: api.view, ...api.reservations });
  const reports = new Map<string, { readonly nodes: readonly string[] }>([
    ...[['192.0.2.1', { nodes: ['n1'] }] as const, ['198.51.100.1', { nodes: ['n1'] }] as const],
    ...[['198.51.100.2', { nodes: ['n2'] }] as const, ['198.51.100.3', { nodes: ['n1'] }] as const],
    ['198.51.100.4', { nodes: [] }] as const,
  ]);
  const owners = new LinkOwners({ clock, picture, reports });
  const seen = (): string[] => owners.now().map(({ pool, node, ip }) => `${pool} ${node} ${ip}`);
  assert.deepEqual(seen(), ['lan n1 198.51.100.1', 'lan n2 198.51.100.2']);
  reports.set('198.51.100.2', { nodes: ['n3'] });
  clock.advance(999);
  assert.deepEqual(seen(), ['lan n1 198.51.100.1', 'lan n2 198.51.100.2']);
  clock.advance(1);
  assert.deepEqual(seen(), ['lan n1 198.51.100.1', 'lan n3 198.51.100.2']);
});
