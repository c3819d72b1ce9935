import type { RouteObject } from 'react-router-dom';
import type { ConsoleRoute } from '../shell/routes.ts';

/** Consoles up to 4.1, and those since 4.2. */
export type Shell = '4.1' | 'later';

const LAYOUTS = ['/clusters/:cluster', '/workspaces/:workspace'];

/**
 * What a console does with the routes of an extension. Each that names one of its layouts is put in front of that one's pages, beside the menu. Others
 * stand alone in consoles up to 4.1; later ones, which have pages of one entry beside the menu as well, have no place for them.
 */
export function registered(routes: readonly ConsoleRoute[], shell: Shell = 'later'): RouteObject[] {
  const layouts = LAYOUTS.map((path) => ({ path, pages: [] as RouteObject[] }));
  const alone: RouteObject[] = [];
  for (const { parentRoute, path, element } of routes) {
    const layout = layouts.find((each) => each.path === parentRoute);
    if (layout !== undefined) layout.pages.unshift({ path, element });
    else if (shell === '4.1') alone.unshift({ path, element });
  }
  // Up to 4.1 the menu is a route of its own, without an address.
  const children = (pages: RouteObject[]): RouteObject[] => (shell === '4.1' ? [{ children: pages }] : pages);
  return [...alone, ...layouts.map(({ path, pages }) => ({ path, children: children(pages) }))];
}
