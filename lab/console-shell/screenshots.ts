/** `npm run console:screenshots`: pictures of the console's pages, of the running product. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { MissingRequirements, progressToStderr } from '../toolchain/index.ts';
import { openBrowser, signIn, type Language } from './browser.ts';
import { show, shownPages, type ShownPage } from './pages.ts';
import { setScene } from './scene.ts';
import { ConsoleSetting } from './setting.ts';
import { ShellUnavailable } from './packages.ts';

const usage = `usage: npm run console:screenshots [-- OPTIONS]

Takes a picture of every page of the console's module, in English and Chinese, in a lab of its own (needs Linux and root).

  --out FOLDER     where to (docs/images)
  --only PATH      of this page alone, such as /clusters/host/porterlb.pools
  --account NAME   who looks, with --only (admin): admin, viewer, tenant
  --width PIXELS   of the window (1440)
  --full           the whole page, however long
  --url URL        of a console that runs already (npm run console:dev), in place of a lab of its own
`;

const languages: readonly Language[] = ['en', 'zh'];

interface Options {
  readonly folder: string;
  readonly pages: readonly ShownPage[];
  readonly width: number;
  readonly fullPage: boolean;
}

async function take(browser: Browser, url: string, { folder, pages, width, fullPage }: Options): Promise<number> {
  let faults = 0;
  for (const language of languages) {
    for (const shown of pages) {
      const viewport = { width, height: 900 };
      const session = await signIn(browser, url, { account: shown.account, language, viewport });
      const path = join(folder, `console-${shown.name}.${language}.png`);
      await show(session.page, shown).catch((error: unknown) => session.faults.push(String(error)));
      await session.page.screenshot({ path, fullPage, animations: 'disabled', caret: 'hide' });
      process.stdout.write(`${path}\n`);
      for (const fault of session.faults) process.stdout.write(`  fault: ${fault}\n`);
      faults += session.faults.length;
      await session.context.close();
    }
  }
  return faults;
}

/** The page that `--only` names: what it waits for is a heading of the page, as nothing else is known of it. */
function onlyPage(path: string, account: string): ShownPage {
  const known = shownPages.find((page) => page.path === path && page.account === account);
  if (known !== undefined) return known;
  const name = path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '');
  return { name, account, path, ready: 'h1, h2, h3, h4, .empty' };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'docs/images' },
      only: { type: 'string' },
      account: { type: 'string', default: 'admin' },
      width: { type: 'string', default: '1440' },
      full: { type: 'boolean', default: false },
      url: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const pages = values.only === undefined ? shownPages : [onlyPage(values.only, values.account)];
  const options = { folder: values.out, pages, width: Number(values.width), fullPage: values.full };
  await mkdir(values.out, { recursive: true });
  const setting = values.url === undefined ? await ConsoleSetting.up({ progress: progressToStderr }) : undefined;
  try {
    if (setting !== undefined) await setScene(setting.manager);
    const browser = await openBrowser(progressToStderr);
    try {
      return (await take(browser, values.url ?? setting?.url ?? '', options)) === 0 ? 0 : 1;
    } finally {
      await browser.close();
    }
  } finally {
    await setting?.down();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const told = error instanceof MissingRequirements || error instanceof ShellUnavailable;
  process.stderr.write(
    `console:screenshots: ${told ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = told ? 2 : 1;
}
