import type { RouteObject } from 'react-router-dom';
import type { ConsoleRoute } from '../shell/routes.ts';

/** What consoles of 4.1 and later both do with routes: each becomes a child of the layout that it names, or stands alone. */
export function registered(routes: readonly ConsoleRoute[]): RouteObject[] {
  const layouts = ['/clusters/:cluster', '/workspaces/:workspace'].map((path) => ({
    path,
    children: [] as RouteObject[],
  }));
  const alone: RouteObject[] = [];
  for (const { parentRoute, path, element } of routes) {
    (layouts.find((layout) => layout.path === parentRoute)?.children ?? alone).unshift({ path, element });
  }
  return [...alone, ...layouts];
}
