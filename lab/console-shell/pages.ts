import type { Page } from 'playwright-core';

/** A page of the module as documents and the marketplace show it. */
export interface ShownPage {
  /** Of its picture: `pools` becomes `console-pools.en.png`. */
  readonly name: string;
  readonly account: string;
  readonly path: string;
  /** What has to be there until it is shown; a CSS selector. */
  readonly ready: string;
  /** The marketplace and the documents show it. */
  readonly published?: boolean;
  /** Of the window, in pixels, where 900 leave out what the picture is there for. */
  readonly height?: number;
}

export const shownPages: readonly ShownPage[] = [
  { ...page('overview', 'porterlb.overview', '.plb-picture .plb-box', true), height: 1_280 },
  page('pools', 'porterlb.pools', 'td >> text=public', true),
  page('pool', 'porterlb.pools/edge', '.plb-map button', true),
  page('pool-new', 'porterlb.pools/~new', 'form, .plb-form'),
  page('services', 'porterlb.services', 'td >> text=empty', true),
  page('service', 'porterlb.services/shop/empty', '.plb-chain li', true),
  page('peers', 'porterlb.peers', 'td >> text=r1'),
  page('peer', 'porterlb.peers/r1', 'section[aria-label] .plb-snippet', true),
  page('bgp', 'porterlb.bgp', 'section[aria-label] .plb-facts'),
  page('nodes', 'porterlb.nodes', 'td >> text=n1'),
  page('node', 'porterlb.nodes/n1', '.plb-facts'),
  { name: 'tenant', account: 'tenant', path: '/workspaces/acme/porterlb-services', ready: 'tbody tr' },
];

function page(name: string, path: string, ready: string, published = false): ShownPage {
  return { name, account: 'admin', path: `/clusters/host/${path}`, ready, published };
}

/** The pages that somebody has. */
export function pagesOf(account: string): ShownPage[] {
  return shownPages.filter((shown) => shown.account === account);
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
  await page.locator(ready).first().waitFor({ timeout: 120_000 });
  await page.waitForLoadState('load');
  await page.evaluate('document.fonts.ready');
}
