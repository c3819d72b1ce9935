/** The console's pages in the real shell of ks-console, in a browser, on the lab's real API server and manager. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, signIn, type Session, type SessionOptions } from '../console-shell/browser.ts';
import { ConsoleSetting } from '../console-shell/setting.ts';
import { whyNoShell } from '../console-shell/shell.ts';
import { progressToStderr } from '../toolchain/index.ts';

const pools = '/clusters/host/porterlb.pools';
const peers = '/clusters/host/porterlb.peers';

suite('the console in the shell of ks-console', { skip: await whyNoShell(progressToStderr) }, () => {
  let setting: ConsoleSetting;
  let browser: Browser;

  before(async () => {
    setting = await ConsoleSetting.up({ progress: progressToStderr });
    browser = await openBrowser(progressToStderr);
  });
  after(async () => {
    await browser?.close();
    await setting?.down();
  });

  /** What somebody does in a browser of his; nothing goes wrong in the pages meanwhile. */
  async function as(options: SessionOptions, does: (page: Page) => Promise<void>): Promise<void> {
    const session: Session = await signIn(browser, setting.url, options);
    try {
      await does(session.page);
    } catch (error) {
      const text = await session.page.locator('body').innerText();
      throw new Error(`${String(error)}\non the page:\n${text}\nfaults: ${session.faults.join('; ')}`, {
        cause: error,
      });
    } finally {
      await session.context.close();
    }
    assert.deepEqual(session.faults, []);
  }

  /** A row of a table, by the first cell's text. */
  function row(page: Page, name: string): Promise<string> {
    const found = page.locator('tr', { has: page.locator(`td:text-is("${name}")`) });
    return found.innerText({ timeout: 60_000 });
  }

  test('whoever signs in with a wrong password is told so, and gets in with the right one', async () => {
    const context = await browser.newContext({ baseURL: setting.url, locale: 'en-US' });
    try {
      const page = await context.newPage();
      await page.goto('/login');
      const fill = async (password: string): Promise<void> => {
        await page.locator('input[name=username]').fill('admin');
        await page.locator('input[type=password]').fill(password);
        await page.locator('button[type=submit]').click();
      };
      await fill('wrong');
      await page.getByText('Incorrect username or password', { exact: false }).first().waitFor();
      await fill('Porter-LB-1');
      await page.waitForURL((url) => !url.pathname.startsWith('/login'));
    } finally {
      await context.close();
    }
  });

  test('the menu of the cluster leads to the pools that there are', async () => {
    await as({ account: 'admin' }, async (page) => {
      await page.goto('/clusters/host/overview');
      await page.getByText('PorterLB', { exact: true }).click({ timeout: 60_000 });
      await page.getByRole('link', { name: 'IP Pools' }).click();
      await page.waitForURL(`**${pools}`);
      const text = await row(page, 'public');
      assert.match(text, /172\.30\.0\.0\/24, fd30:1::\/112/);
    });
  });

  test('the peers are those that the routers have sessions with', async () => {
    await as({ account: 'admin' }, async (page) => {
      await page.goto(peers);
      for (const { name, asn } of setting.lab.routers)
        assert.match(await row(page, name), new RegExp(`${asn}\\s.*2`, 's'));
    });
  });

  test('it speaks Chinese to those who do', async () => {
    await as({ account: 'admin', language: 'zh' }, async (page) => {
      await page.goto(pools);
      await row(page, 'public');
      await page.getByText('IP 地址池').first().waitFor();
    });
  });

  test('who may look at the cluster sees the pools, and may not change one', async () => {
    await as({ account: 'viewer' }, async (page) => {
      await page.goto(pools);
      await row(page, 'public');
      const answer = await page.request.delete('/clusters/host/apis/network.kubesphere.io/v1alpha2/eips/public');
      assert.equal(answer.status(), 403);
    });
  });

  test('who works in a workspace sees nothing of the cluster', async () => {
    await as({ account: 'tenant' }, async (page) => {
      const answer = await page.request.get('/clusters/host/apis/network.kubesphere.io/v1alpha2/eips');
      assert.equal(answer.status(), 403);
    });
  });
});
