import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { accounts } from '../kubesphere/accounts.ts';
import { browserPrograms, ensurePrograms, findProgram, type Progress } from '../toolchain/index.ts';

export type Language = 'en' | 'zh';

const locales: Readonly<Record<Language, string>> = { en: 'en-US', zh: 'zh-CN' };

/** Faults of the shell's own, which it has without any extension: it looks for pages of an older console. */
const shellsOwn = [/^common is not defined$/];

/** Chromium with fonts for both languages. It meets nobody but this machine. */
export async function openBrowser(progress: Progress): Promise<Browser> {
  await ensurePrograms(browserPrograms, progress);
  const args = [
    // Root has no user namespace to put pages into; it loads nothing but what is under test.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--host-resolver-rules=MAP * 127.0.0.1',
  ];
  return chromium.launch({ executablePath: findProgram('chromium') ?? 'chromium', args, headless: true });
}

export interface Session {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in the page: exceptions that nobody caught. */
  readonly faults: string[];
}

export interface SessionOptions {
  readonly account: string;
  readonly language?: Language;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Somebody who has signed in to the console at `url`, with a browser of that language. */
export async function signIn(browser: Browser, url: string, options: SessionOptions): Promise<Session> {
  const { account: name, language = 'en', viewport = { width: 1440, height: 900 } } = options;
  const account = accounts.find((each) => each.name === name);
  if (account === undefined) throw new Error(`nobody is called ${name}`);
  const context = await browser.newContext({ baseURL: url, locale: locales[language], viewport: { ...viewport } });
  const form = { username: account.name, encrypt: account.password };
  const answer = await context.request.post('/login', { data: form });
  if (!((await answer.json()) as { success?: boolean }).success) throw new Error(`${name} can't sign in`);
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => {
    if (!shellsOwn.some((known) => known.test(message))) faults.push(message);
  });
  return { context, page, faults };
}
