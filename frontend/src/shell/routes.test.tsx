import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { menusOf } from './menus.ts';
import { CLUSTER_PAGES, WORKSPACE_PAGES } from './pages.tsx';
import { isLaterThan41, routesOf } from './routes.ts';

const PAGES = { cluster: CLUSTER_PAGES, workspace: WORKSPACE_PAGES };
const LAYOUT = '/clusters/:cluster';

suite('routes', () => {
  test('of lists stand beside the menu of the cluster, where the menu leads', () => {
    for (const version of ['v4.1.1', 'v4.2.0', undefined]) {
      const lists = routesOf(PAGES, version).filter(({ path }) => /^\/clusters\/[^/]+\/[^/]+$/.test(path));
      const entries = menusOf(PAGES).filter(({ parent }) => parent === 'cluster.porterlb');
      assert.deepEqual(
        lists.map(({ path, parentRoute }) => [path, parentRoute]),
        entries.map(({ name }) => [`${LAYOUT}/${name}`, LAYOUT]),
      );
    }
  });

  test('of one entry stand alone up to 4.1, and in the layout later', () => {
    const layoutOf = (version: string): (string | undefined)[] =>
      routesOf(PAGES, version)
        .filter(({ path }) => path.endsWith('/porterlb.pools/:name'))
        .map(({ parentRoute }) => parentRoute);
    assert.deepEqual(layoutOf('v4.1.3'), [undefined]);
    assert.deepEqual(layoutOf('v4.2.0'), [LAYOUT]);
  });

  test('are those of a later console where the version is another one, or not said', () => {
    for (const version of ['v4.2.0', '4.3.1', 'v4.10.0', 'v5.0.0', '', undefined, 'latest'])
      assert.ok(isLaterThan41(version), version);
    for (const version of ['v4.0.0', 'v4.1.1', '4.1.3-rc.1', 'v3.4.0']) assert.ok(!isLaterThan41(version), version);
  });
});

test('the menu shows its entries where the extension runs, to whom a role lets see them', () => {
  const [group, ...entries] = menusOf(PAGES).filter(({ parent }) => parent.startsWith('cluster'));
  assert.deepEqual([group?.parent, group?.name, group?.icon], ['cluster', 'porterlb', 'loadbalancer']);
  for (const { clusterModule, authKey } of entries)
    assert.deepEqual([clusterModule, authKey], ['porterlb', 'porterlb']);
});

test('a workspace has its own entry, for all who work there', () => {
  const layout = '/workspaces/:workspace';
  const [entry] = menusOf(PAGES).filter(({ parent }) => parent === 'workspace');
  assert.equal(entry?.skipAuth, true);
  const route = routesOf(PAGES, 'v4.1.3').find(({ parentRoute }) => parentRoute === layout);
  assert.equal(route?.path, `${layout}/${entry.name}`);
});
