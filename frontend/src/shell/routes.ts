import type { ReactElement } from 'react';
import type { ConsolePage } from './pages.tsx';

/** A route as the console takes it: one of react-router, and the layout that it is put into. */
export interface ConsoleRoute {
  readonly path: string;
  readonly element: ReactElement;
  readonly parentRoute?: string;
}

const CLUSTER = '/clusters/:cluster';
const WORKSPACE = '/workspaces/:workspace';

export interface ConsolePages {
  readonly cluster: readonly ConsolePage[];
  readonly workspace: readonly ConsolePage[];
}

/**
 * The routes of all pages, for every console: all of them stand beside the menu of the cluster or the workspace, pages of one entry too. Consoles up to 4.1
 * could show these alone as well, later ones can't, and what stands in a layout is put there in the same way by all: so nothing here asks for the
 * version of the console (`globals.ksConfig.ksVersion`).
 */
export function routesOf({ cluster, workspace }: ConsolePages): ConsoleRoute[] {
  return [...routesIn(CLUSTER, cluster), ...routesIn(WORKSPACE, workspace)];
}

function routesIn(layout: string, pages: readonly ConsolePage[]): ConsoleRoute[] {
  return pages.flatMap(({ name, element, details = [] }) => [
    { path: `${layout}/${name}`, element, parentRoute: layout },
    ...details.map((detail) => ({
      path: `${layout}/${name}/${detail.path}`,
      element: detail.element,
      parentRoute: layout,
    })),
  ]);
}
