/** `npm run console:screenshots`: pictures of the console's pages, of the running product. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { MissingRequirements, progressToStderr } from '../toolchain/index.ts';
import { openBrowser, signIn, type Language, type Session } from './browser.ts';
import { show, shownPages, type ShownPage } from './pages.ts';
import { setScene } from './scene.ts';
import { ConsoleSetting } from './setting.ts';
import { ShellUnavailable } from './packages.ts';

const usage = `usage: npm run console:screenshots [-- OPTIONS]

Takes a picture of every page of the console's module, in English and Chinese, in a lab of its own (needs Linux and root).

  --out FOLDER     where to (build/screenshots)
  --publish        instead: those that the marketplace and the documents show, in English, into extension/static/screenshots
  --only PATH      of this page alone, such as /clusters/host/porterlb.pools
  --account NAME   who looks, with --only (admin): admin, viewer, tenant
  --width PIXELS   of the window (1440)
  --full           the whole page, however long
  --url URL        of a console that runs already (npm run console:dev), in place of a lab of its own
`;

interface Options {
  readonly folder: string;
  readonly pages: readonly ShownPage[];
  readonly width: number;
  readonly fullPage: boolean;
  readonly languages: readonly Language[];
  /** Small ones, as packages and documents have room for. */
  readonly small: boolean;
}

async function take(browser: Browser, url: string, options: Options): Promise<number> {
  const { folder, pages, width, fullPage, languages, small } = options;
  let faults = 0;
  for (const language of languages) {
    for (const shown of pages) {
      const viewport = { width, height: shown.height ?? 900 };
      const session = await signIn(browser, url, { account: shown.account, language, viewport });
      const path = join(folder, small ? `${shown.name}.webp` : `console-${shown.name}.${language}.png`);
      await show(session.page, shown).catch((error: unknown) => session.faults.push(String(error)));
      if (small) await takeSmall(session, path);
      else await session.page.screenshot({ path, fullPage, animations: 'disabled', caret: 'hide' });
      process.stdout.write(`${path}\n`);
      for (const fault of session.faults) process.stdout.write(`  fault: ${fault}\n`);
      faults += session.faults.length;
      await session.context.close();
    }
  }
  return faults;
}

/** A picture of a third of the size, in which letters are still sharp. */
async function takeSmall({ context, page }: Session, path: string): Promise<void> {
  const client = await context.newCDPSession(page);
  const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 85 });
  await writeFile(path, Buffer.from(data, 'base64'));
}

/** The page that `--only` names: what it waits for is a heading of the page, as nothing else is known of it. */
function onlyPage(path: string, account: string): ShownPage {
  const known = shownPages.find((page) => page.path === path && page.account === account);
  if (known !== undefined) return known;
  const name = path.replaceAll(/[^a-z0-9]+/gi, '-').replaceAll(/^-|-$/g, '');
  return { name, account, path, ready: 'h1, h2, h3, h4, .empty' };
}

interface Values {
  readonly out: string;
  readonly publish: boolean;
  readonly only?: string | undefined;
  readonly account: string;
  readonly width: string;
  readonly full: boolean;
}

function optionsOf({ out, publish, only, account, width, full }: Values): Options {
  const pages = only === undefined ? shownPages : [onlyPage(only, account)];
  const common = { width: Number(width), fullPage: full };
  if (!publish) return { ...common, folder: out, pages, languages: ['en', 'zh'], small: false };
  const published = pages.filter((page) => page.published === true);
  return { ...common, folder: 'extension/static/screenshots', pages: published, languages: ['en'], small: true };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'build/screenshots' },
      publish: { type: 'boolean', default: false },
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
  const options = optionsOf(values);
  await mkdir(options.folder, { recursive: true });
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
