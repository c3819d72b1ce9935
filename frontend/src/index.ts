// What the console loads: where the pages are, what its menu shows of them, and their texts.
import { clusterMenus } from './shell/menus.ts';
import { CLUSTER_PAGES } from './shell/pages.tsx';
import { clusterRoutes } from './shell/routes.ts';
import { locales } from './texts/texts.ts';

export default {
  routes: clusterRoutes(CLUSTER_PAGES, globals.ksConfig?.ksVersion),
  menus: clusterMenus(CLUSTER_PAGES),
  locales: locales(),
};
