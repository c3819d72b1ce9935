import type { ReactElement } from 'react';
import type { ConsolePage } from './pages.tsx';

/** A route as the console takes it: one of react-router, and the layout that it is put into. */
export interface ConsoleRoute {
  readonly path: string;
  readonly element: ReactElement;
  readonly parentRoute?: string;
}

const CLUSTER = '/clusters/:cluster';

/**
 * The routes of all pages of a cluster, for the version of the console that runs. Lists stand beside the cluster's menu. Up to 4.1 pages of one entry
 * stand alone; later consoles know no pages outside of their layouts.
 */
export function clusterRoutes(pages: readonly ConsolePage[], consoleVersion: string | undefined): ConsoleRoute[] {
  const detailsLayout = isLaterThan41(consoleVersion) ? { parentRoute: CLUSTER } : {};
  return pages.flatMap(({ name, element, details = [] }) => [
    { path: `${CLUSTER}/${name}`, element, parentRoute: CLUSTER },
    ...details.map((detail) => ({
      ...detailsLayout,
      path: `${CLUSTER}/${name}/${detail.path}`,
      element: detail.element,
    })),
  ]);
}

/** A console that does not say its version is taken for a later one. */
export function isLaterThan41(version: string | undefined): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) > 1);
}
