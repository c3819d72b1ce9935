// What the console loads: where the pages are, what its menu shows of them, and their texts.
import { menusOf } from './shell/menus.ts';
import { CLUSTER_PAGES, WORKSPACE_PAGES } from './shell/pages.tsx';
import { routesOf } from './shell/routes.ts';
import { locales } from './texts/texts.ts';

const pages = { cluster: CLUSTER_PAGES, workspace: WORKSPACE_PAGES };

export default { routes: routesOf(pages), menus: menusOf(pages), locales: locales() };
