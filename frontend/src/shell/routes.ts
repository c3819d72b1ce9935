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
 * The routes of all pages, for the version of the console that runs. Lists stand beside the menu of the cluster or the workspace. Up to 4.1 pages of
 * one entry stand alone; later consoles know no pages outside of their layouts.
 */
export function routesOf({ cluster, workspace }: ConsolePages, consoleVersion: string | undefined): ConsoleRoute[] {
  return [...routesIn(CLUSTER, cluster, consoleVersion), ...routesIn(WORKSPACE, workspace, consoleVersion)];
}

function routesIn(layout: string, pages: readonly ConsolePage[], consoleVersion: string | undefined): ConsoleRoute[] {
  const ofDetails = isLaterThan41(consoleVersion) ? { parentRoute: layout } : {};
  return pages.flatMap(({ name, element, details = [] }) => [
    { path: `${layout}/${name}`, element, parentRoute: layout },
    ...details.map((detail) => ({ ...ofDetails, path: `${layout}/${name}/${detail.path}`, element: detail.element })),
  ]);
}

/** A console that does not say its version is taken for a later one. */
export function isLaterThan41(version: string | undefined): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) > 1);
}
