import type { Page } from 'playwright-core';

/** A page of the module as documents and the marketplace show it. */
export interface ShownPage {
  /** Of its picture: `pools` becomes `console-pools.en.png`. */
  readonly name: string;
  readonly account: string;
  readonly path: string;
  /** What has to be there until it is shown; a CSS selector. */
  readonly ready: string;
}

const cluster = '/clusters/host';

export const shownPages: readonly ShownPage[] = [
  { name: 'overview', account: 'admin', path: `${cluster}/porterlb.overview`, ready: '.plb-picture .plb-box' },
  { name: 'pools', account: 'admin', path: `${cluster}/porterlb.pools`, ready: 'td >> text=public' },
  { name: 'pool', account: 'admin', path: `${cluster}/porterlb.pools/public`, ready: '.plb-map button' },
  { name: 'pool-new', account: 'admin', path: `${cluster}/porterlb.pools/~new`, ready: 'form, .plb-form' },
  { name: 'tenant', account: 'tenant', path: '/workspaces/acme/porterlb-services', ready: 'tbody tr' },
];

/** Where the pages are that somebody has. */
export function pathsOf(account: string): string[] {
  return shownPages.filter((page) => page.account === account).map(({ path }) => path);
}

/** Goes to a page and returns when it is there, with nothing on it that still moves. */
export async function show(page: Page, { path, ready }: Pick<ShownPage, 'path' | 'ready'>): Promise<void> {
  await page.goto(path, { waitUntil: 'commit' });
  await page.locator(ready).first().waitFor({ timeout: 60_000 });
  await page.waitForLoadState('load');
  await page.evaluate('document.fonts.ready');
}
