/** The console's pages in the real shell of ks-console, in a browser, on the lab's real API server and manager. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, signIn, type Session, type SessionOptions } from '../console-shell/browser.ts';
import { open, pagesOf } from '../console-shell/pages.ts';
import { ConsoleSetting } from '../console-shell/setting.ts';
import { whyNoShell } from '../console-shell/shell.ts';
import { on, ours, slice } from '../local/objects.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { inPool, Pools } from './manager/pools.ts';

const pools = '/clusters/host/porterlb.pools';
const services = '/clusters/host/porterlb.services';
const overview = '/clusters/host/porterlb.overview';
const eips = '/clusters/host/apis/network.kubesphere.io/v1alpha2/eips';
const ourApi = '/clusters/host/kapis/porterlb.kubesphere.io/v1alpha1';

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

  const sessions = new Map<string, Session>();

  /** Who has signed in stays so for the tests that follow: browsers need long for the shell's 11 MB. */
  async function sessionOf(options: SessionOptions): Promise<Session> {
    const key = JSON.stringify(options);
    const session = sessions.get(key) ?? (await signIn(browser, setting.url, options));
    sessions.set(key, session);
    return session;
  }

  /** What somebody does in a browser of theirs; nothing goes wrong in the pages meanwhile. */
  async function as(options: SessionOptions, does: (page: Page) => Promise<void>): Promise<void> {
    const { page, faults, context } = await sessionOf(options);
    try {
      await does(page);
    } catch (error) {
      const text = await page.locator('body').innerText();
      const told = `${String(error)}\non the page ${page.url()}:\n${text}\nfaults: ${faults.join('; ')}`;
      // The next test is not to suffer from a dialog that was left open.
      sessions.delete(JSON.stringify(options));
      await context.close();
      throw new Error(told, { cause: error });
    }
    assert.deepEqual(faults.splice(0), []);
  }

  /** The row of a table that is about an object. */
  function row(page: Page, name: string): Locator {
    return page.locator('tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
  }

  test('leads from the menu of a cluster to the pools that there are', async () => {
    await as({ account: 'admin' }, async (page) => {
      await open(page, '/clusters/host/overview');
      await page.getByText('PorterLB', { exact: true }).click();
      await page.getByText('Address Pools', { exact: true }).click();
      await page.waitForURL(`**${pools}`);
      assert.match(await row(page, 'public').innerText(), /Default pool\s+Ready\s+172\.30\.0\.0-172\.30\.0\.255/);
    });
  });

  test('a pool that can not be is refused where it is wrong; made right, it gives a Service an address at once', async () => {
    await as({ account: 'admin' }, async (page) => {
      await open(page, pools);
      await page.getByRole('link', { name: 'Create', exact: true }).click();
      await page.getByLabel('Name', { exact: true }).fill('front');
      await page.getByLabel('Addresses', { exact: true }).fill('192.0.2.64/99');
      await page.getByRole('button', { name: 'Review' }).click();
      await page.locator('.plb-field', { hasText: 'Addresses' }).getByRole('alert').waitFor();
      assert.equal(await new Pools(setting.manager).find('front'), undefined);

      await page.getByLabel('Addresses', { exact: true }).fill('192.0.2.64/30');
      await page.getByRole('button', { name: 'Review' }).click();
      await page.getByText('Nobody would be affected').waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await row(page, 'front').getByRole('link').click();

      await page.getByRole('button', { name: '192.0.2.65: Free' }).waitFor();
      await setting.manager.create('shop/till', { spec: ours, annotations: inPool('front') });
      const ip = await setting.manager.address('shop/till');
      await setting.manager.routed(ip);
      // Nobody loads the page again.
      await page.getByRole('button', { name: `${ip}: In use, shop/till` }).click();
      await page.locator('.plb-chosen', { hasText: 'shop/till' }).waitFor();

      await page.locator('.plb-back').click();
      await page.waitForURL(`**${pools}`);
      await row(page, 'front').waitFor();
    });
  });

  test('of a name that is taken the API server says so', async () => {
    await as({ account: 'admin' }, async (page) => {
      await open(page, `${pools}/~new`);
      await page.getByLabel('Name', { exact: true }).fill('public');
      await page.getByLabel('Addresses', { exact: true }).fill('192.0.2.128/30');
      await page.getByRole('button', { name: 'Review' }).click();
      await page
        .getByText(/exists already|already exists/)
        .first()
        .waitFor();
    });
  });

  test('a pool is disabled when it was said whom that affects; who waits for it then is explained', async () => {
    await as({ account: 'admin' }, async (page) => {
      await open(page, pools);
      await page.getByRole('button', { name: 'Actions for front' }).click();
      await page.getByRole('menuitem', { name: 'Disable' }).click();
      await page.getByText('Nobody would be affected').waitFor();
      await page.getByRole('button', { name: 'Disable', exact: true }).click();
      await page.getByText('front gives no new addresses any more.').waitFor();
      await row(page, 'front').getByText('Disabled', { exact: true }).waitFor();
      await setting.manager.create('shop/late', { spec: ours, annotations: inPool('front') });
      const { message } = await setting.manager.allocatedBecause('shop/late', 'PoolDisabled');
      await open(page, overview);
      await page.locator('tr', { hasText: 'shop/late' }).getByText(message).waitFor();
      assert.match(
        await page.locator('body').innerText(),
        /2 \/ 2\s+with a session[\s\S]*3 \/ 3\s+alive[\s\S]*2 \/ 2\s+answered/,
      );
    });
  });

  test('of a Service that can not be reached the page says why and what to do, and that it can be once it can', async () => {
    await setting.manager.create('shop/empty', { spec: ours }, []);
    const ip = await setting.manager.address('shop/empty');
    await setting.manager.announcedBecause('shop/empty', 'NoEndpoints');
    await as({ account: 'admin' }, async (page) => {
      await open(page, services);
      await row(page, 'empty').getByText('No Pod of the Service is ready').waitFor();
      await row(page, 'empty').getByRole('link').click();
      const explained = page.getByRole('region', { name: 'Explanation' }).getByRole('status');
      await explained.getByText("The Service can't be reached: No Pod of the Service is ready").waitFor();
      await explained.getByText('Look at the Pods and at the selector.').waitFor();

      await setting.manager.setEndpoints(slice('shop/empty', on(setting.manager.nodeNames)));
      await setting.manager.routed(ip);
      await explained.getByText(`The Service can be reached at ${ip}`).waitFor();
      await page.locator('.plb-back').click();
      await page.waitForURL(`**${services}`);
      await row(page, 'empty').getByText('Announced', { exact: true }).waitFor();
    });
  });

  test('speaks Chinese to those who do', async () => {
    await as({ account: 'admin', language: 'zh' }, async (page) => {
      await open(page, pools);
      await page.getByRole('heading', { name: '地址池' }).waitFor();
      assert.match(await row(page, 'public').innerText(), /默认/);
    });
  });

  test('who may look at the cluster sees all of it and is offered nothing to change, which the API would refuse', async () => {
    await as({ account: 'viewer' }, async (page) => {
      await open(page, pools);
      await row(page, 'public').waitFor();
      assert.equal(await page.getByRole('link', { name: 'Create', exact: true }).count(), 0);
      assert.equal(await page.getByRole('button', { name: /^Actions/ }).count(), 0);
      assert.equal((await page.request.delete(`${eips}/public`)).status(), 403);
      assert.equal((await page.request.get(`${ourApi}/overview`)).status(), 200);
    });
  });

  test('who works in projects hears of their Services, and nothing of the cluster', async () => {
    await as({ account: 'tenant' }, async (page) => {
      const status = async (path: string): Promise<number> => (await page.request.get(path)).status();
      assert.equal(await status(eips), 403);
      assert.equal(await status(`${ourApi}/pools`), 403);
      assert.equal(await status(`${ourApi}/namespaces/default/services`), 403);
      assert.equal(await status(`${ourApi}/namespaces/shop/services/till/explanation`), 200);
      await open(page, '/workspaces/acme/overview');
      await page.getByText('Load-Balanced Services', { exact: true }).click();
      await page.getByText('No Service of type LoadBalancer is there yet.').waitFor();
    });
  });

  test('no page is wider than a window of 1280 pixels', async () => {
    await as({ account: 'admin' }, async (page) => {
      await page.setViewportSize({ width: 1280, height: 800 });
      for (const { path, ready } of pagesOf('admin')) {
        await open(page, path);
        await page.locator(ready).first().waitFor();
        const beyond = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        assert.equal(await page.evaluate(beyond), 0, path);
      }
    });
  });
});
