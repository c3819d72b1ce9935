import { consoleKey } from '../texts/texts.ts';
import type { ConsolePages } from './routes.ts';

/** An entry of the console's menu. */
export interface ConsoleMenu {
  readonly parent: string;
  readonly name: string;
  readonly title: string;
  readonly order: number;
  readonly icon?: string;
  readonly clusterModule?: string;
  readonly authKey?: string;
  readonly skipAuth?: boolean;
}

/**
 * A group in the menu of clusters, with one entry a page: only where the extension runs, and for whom a role lets see it. In the menu of workspaces the
 * entry is for all: what roles let see is a matter of each project, and the API's to judge.
 */
export function menusOf({ cluster, workspace }: ConsolePages): ConsoleMenu[] {
  return [
    // A name of an icon that the console does not have takes its page down.
    { parent: 'cluster', name: 'porterlb', title: consoleKey('PRODUCT'), icon: 'loadbalancer', order: 6 },
    ...cluster.map(({ name, title }, order) => ({
      ...{ parent: 'cluster.porterlb', name, title: consoleKey(title), order },
      ...{ clusterModule: 'porterlb', authKey: 'porterlb' },
    })),
    ...workspace.map(({ name, title }, order) => ({
      ...{
        parent: 'workspace',
        name,
        title: consoleKey(title),
        icon: 'loadbalancer',
        order: 6 + order,
        skipAuth: true,
      },
    })),
  ];
}
