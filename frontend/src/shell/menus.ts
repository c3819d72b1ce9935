import { consoleKey } from '../texts/texts.ts';
import type { ConsolePage } from './pages.tsx';

/** An entry of the console's menu. */
export interface ConsoleMenu {
  readonly parent: string;
  readonly name: string;
  readonly title: string;
  readonly order: number;
  readonly icon?: string;
  readonly clusterModule?: string;
  readonly authKey?: string;
}

/** A group in the menu of clusters, with one entry a page: only where the extension runs, and for whom a role lets see it. */
export function clusterMenus(pages: readonly ConsolePage[]): ConsoleMenu[] {
  return [
    // A name of an icon that the console does not have takes its page down.
    { parent: 'cluster', name: 'porterlb', title: consoleKey('PRODUCT'), icon: 'loadbalancer', order: 6 },
    ...pages.map(({ name, title }, order) => ({
      ...{ parent: 'cluster.porterlb', name, title: consoleKey(title), order },
      ...{ clusterModule: 'porterlb', authKey: 'porterlb' },
    })),
  ];
}
