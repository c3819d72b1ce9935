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
  { name: 'services', account: 'admin', path: `${cluster}/porterlb.services`, ready: 'td >> text=empty' },
  { name: 'service', account: 'admin', path: `${cluster}/porterlb.services/shop/empty`, ready: '.plb-chain li' },
  { name: 'peers', account: 'admin', path: `${cluster}/porterlb.peers`, ready: 'td >> text=r1' },
  { name: 'peer', account: 'admin', path: `${cluster}/porterlb.peers/r1`, ready: 'section[aria-label] .plb-snippet' },
  { name: 'bgp', account: 'admin', path: `${cluster}/porterlb.bgp`, ready: 'section[aria-label] .plb-facts' },
  { name: 'nodes', account: 'admin', path: `${cluster}/porterlb.nodes`, ready: 'td >> text=n1' },
  { name: 'node', account: 'admin', path: `${cluster}/porterlb.nodes/n1`, ready: '.plb-facts' },
  { name: 'tenant', account: 'tenant', path: '/workspaces/acme/porterlb-services', ready: 'tbody tr' },
];

/** The pages that somebody has. */
export function pagesOf(account: string): ShownPage[] {
  return shownPages.filter((page) => page.account === account);
}

/** Goes to a page as a link does: the shell, when it is there, isn't loaded anew. */
export async function open(page: Page, path: string): Promise<void> {
  if (page.url() === 'about:blank') {
    await page.goto(path, { waitUntil: 'commit' });
    return;
  }
  await page.evaluate(`history.pushState({ idx: 0 }, '', ${JSON.stringify(path)})`);
  await page.evaluate("dispatchEvent(new PopStateEvent('popstate', { state: history.state }))");
}

/** Goes to a page and returns when it is there, with nothing on it that still moves. */
export async function show(page: Page, { path, ready }: Pick<ShownPage, 'path' | 'ready'>): Promise<void> {
  await page.goto(path, { waitUntil: 'commit' });
  await page.locator(ready).first().waitFor({ timeout: 60_000 });
  await page.waitForLoadState('load');
  await page.evaluate('document.fonts.ready');
}
