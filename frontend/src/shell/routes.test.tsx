import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { matchRoutes } from 'react-router-dom';
import { registered } from '../testing/console-routes.ts';
import { menusOf } from './menus.ts';
import { CLUSTER_PAGES, WORKSPACE_PAGES } from './pages.tsx';
import { routesOf } from './routes.ts';

const PAGES = { cluster: CLUSTER_PAGES, workspace: WORKSPACE_PAGES };
const LAYOUT = '/clusters/:cluster';

for (const shell of ['4.1', 'later'] as const) {
  suite(`routes in consoles of ${shell === '4.1' ? 'up to 4.1' : '4.2 and later'}`, () => {
    // The router's own types differ in whether an absent field may be undefined.
    const routes = registered(routesOf(PAGES), shell) as Parameters<typeof matchRoutes>[0];
    const parts = (path: string): readonly string[] =>
      (matchRoutes(routes, path) ?? []).flatMap(({ route }) => route.path ?? []);

    test('stand beside the menu of their cluster or workspace, where the menu leads', () => {
      const entries = menusOf(PAGES).filter(({ parent }) => parent === 'cluster.porterlb');
      for (const { name } of entries) assert.deepEqual(parts(`/clusters/host/${name}`), [LAYOUT, `${LAYOUT}/${name}`]);
      assert.ok(entries.length > 1);
    });

    test('lead to one entry of a list, to its form, and to that of a new one', () => {
      const pools = `${LAYOUT}/porterlb.pools`;
      assert.deepEqual(parts('/clusters/host/porterlb.pools/office'), [LAYOUT, `${pools}/:name`]);
      assert.deepEqual(parts('/clusters/host/porterlb.pools/office/edit'), [LAYOUT, `${pools}/:name/edit`]);
      assert.deepEqual(parts('/clusters/host/porterlb.pools/~new'), [LAYOUT, `${pools}/~new`]);
    });

    test('lose none of the pages', () => {
      for (const { path, element } of routesOf(PAGES)) {
        const found = matchRoutes(routes, path.replaceAll(/:(\w+)/g, 'x'))?.at(-1)?.route;
        assert.ok(found !== undefined && 'element' in found, path);
        assert.equal(found.element, element, path);
      }
    });
  });
}

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
  const route = routesOf(PAGES).find(({ parentRoute }) => parentRoute === layout);
  assert.equal(route?.path, `${layout}/${entry.name}`);
});
