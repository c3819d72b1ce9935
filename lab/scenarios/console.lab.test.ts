/** The console's pages in the real shell of ks-console, in a browser, on the lab's real API server and manager. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page, Request } from 'playwright-core';
import { ensureAxe, obstacles } from '../accessibility/axe.ts';
import { openBrowser } from '../console-shell/browser.ts';
import { open, pagesOf } from '../console-shell/pages.ts';
import { ConsoleSetting } from '../console-shell/setting.ts';
import { whyNoShell } from '../console-shell/shell.ts';
import { assertMenuIsWhole, row, Visitors } from '../console-shell/visitors.ts';
import { accounts } from '../kubesphere/accounts.ts';
import { on, ours, slice } from '../local/objects.ts';
import { until } from '../state/until.ts';
import { PageReader } from '../story/page-reader.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { podOn } from '../local/replicas.ts';
import { pathOf } from './manager/manager-lab.ts';
import { inPool, Pools } from './manager/pools.ts';

const pools = '/clusters/host/porterlb.pools';
const peers = '/clusters/host/porterlb.peers';
const services = '/clusters/host/porterlb.services';
const overview = '/clusters/host/porterlb.overview';
const eips = '/clusters/host/apis/network.kubesphere.io/v1alpha2/eips';
const ourApi = '/clusters/host/kapis/porterlb.kubesphere.io/v1alpha1';

suite('the console in the shell of ks-console', { skip: await whyNoShell(progressToStderr) }, () => {
  let setting: ConsoleSetting;
  let browser: Browser;
  let visitors: Visitors;

  before(async () => {
    setting = await ConsoleSetting.up({ progress: progressToStderr });
    browser = await openBrowser(progressToStderr);
    visitors = new Visitors(browser, setting.url);
  });
  after(async () => {
    await browser?.close();
    await setting?.down();
  });

  const as: Visitors['as'] = async (options, does) => await visitors.as(options, does);

  test('lets people in who know their password', async () => {
    const context = await browser.newContext({ baseURL: setting.url, locale: 'en-US' });
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      await page.goto(`${pools}`);
      const attempt = async (password: string): Promise<void> => {
        await page.getByPlaceholder('user@example.com').fill('admin');
        await page.getByPlaceholder('Password').fill(password);
        await page.getByRole('button', { name: 'Log In' }).click();
      };
      await attempt('wrong');
      await page
        .getByText(/incorrect/i)
        .first()
        .waitFor();
      await attempt(accounts[0]?.password ?? '');
      await page.waitForURL((url) => url.pathname !== '/login');
      await row(page, 'public').waitFor();
    } finally {
      await context.close();
    }
  });

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

  test('a pool is saved that gives and gets addresses back while it is edited, as a form and as YAML, and stays held', async () => {
    const { manager } = setting;
    const live = new Pools(manager);
    const used = async (count: number): Promise<unknown> =>
      await live.when('front', `to have ${count} in use`, ({ status }) => status?.usage === count);
    const finalizers = async (priority: number): Promise<readonly string[]> => {
      const stored = await live.when('front', `to have ${priority}`, ({ spec }) => spec?.priority === priority);
      return stored.metadata.finalizers ?? [];
    };
    await as({ account: 'admin' }, async (page) => {
      const save = async (): Promise<void> => {
        await page.getByRole('button', { name: 'Review' }).click();
        await page.getByRole('button', { name: 'Save' }).click();
        await page.waitForURL(`**${pools}/front`);
      };
      await open(page, `${pools}/front/edit`);
      await page.getByLabel('Priority', { exact: true }).fill('21');
      await manager.create('shop/fitting', { spec: ours, annotations: inPool('front') });
      await used(2);
      await save();
      const held = await finalizers(21);
      assert.ok(held.length > 0);

      await page.getByRole('link', { name: 'Edit', exact: true }).click();
      await page.getByRole('button', { name: 'Edit as YAML' }).click();
      const yaml = page.getByLabel('YAML', { exact: true });
      await yaml.fill((await yaml.inputValue()).replace('priority: 21', 'priority: 22'));
      await setting.lab.api.delete(pathOf('shop/fitting'));
      await used(1);
      await save();
      assert.deepEqual(await finalizers(22), held);
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

  test('a router that was taken out is made again by the form, and its sessions are seen to come up', async () => {
    const router = setting.lab.routers[1];
    assert.ok(router !== undefined);
    await as({ account: 'admin' }, async (page) => {
      await open(page, peers);
      await row(page, router.name).getByText('2 of 2').waitFor();
      await page.getByRole('button', { name: `Actions for ${router.name}` }).click();
      // It is the last row of a short table, which scrolls sideways.
      await assertMenuIsWhole(page);
      await page.getByRole('menuitem', { name: 'Delete' }).click();
      // Traffic goes through the other one.
      await page.getByText('Stay as they are').or(page.getByText('Nobody would be affected')).waitFor();
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await row(page, router.name).waitFor({ state: 'detached' });

      await page.getByRole('link', { name: 'Create', exact: true }).click();
      await page.getByLabel('Name', { exact: true }).fill('tor-2');
      await page.getByLabel('Address', { exact: true }).fill('not an address');
      await page.getByLabel('AS number', { exact: true }).fill(String(router.asn));
      await page.getByRole('button', { name: 'Review' }).click();
      await page.locator('.plb-field', { hasText: 'Address' }).getByRole('alert').waitFor();
      await page.getByLabel('Address', { exact: true }).fill(router.addresses.ipv4);
      await page.getByRole('button', { name: 'Review' }).click();
      await page.getByRole('button', { name: 'Save' }).click();

      await row(page, 'tor-2').getByRole('link').click();
      // Nobody loads the page again.
      await page.getByText('Session is up').waitFor();
      for (const node of ['n1', 'n2']) {
        await page
          .getByRole('region', { name: podOn(node) })
          .getByText('Established')
          .waitFor();
      }
      const addresses = ['n1', 'n2'].map((node) => setting.lab.node(node).addresses.ipv4);
      await until(async () => (await router.establishedPeers()).join() === addresses.sort().join(), {
        what: 'the router to have both sessions',
      });
      await page.getByRole('region', { name: 'What to configure on the router' }).getByText('router bgp').waitFor();
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
      const all = /2 \/ 2\s+with a session[\s\S]*3 \/ 3\s+alive[\s\S]*2 \/ 2\s+answered/;
      const shown = (): Promise<string> => page.locator('body').innerText();
      await until(async () => all.test(await shown()), { what: 'the overview to show all well', explain: shown });
    });
  });

  /** What the page of the pool asks while the pool's priority is changed three times, and shows it each time. */
  async function askedWhileChanged(page: Page, priorities: readonly number[]): Promise<readonly Request[]> {
    await open(page, pools);
    await row(page, 'front').waitFor();
    const asked: Request[] = [];
    const note = (request: Request): void => {
      if (new URL(request.url()).pathname.endsWith('/pools/front')) asked.push(request);
    };
    page.on('request', note);
    await row(page, 'front').getByRole('link').click();
    const priority = page.locator('.plb-facts div', { hasText: 'Priority' }).locator('dd');
    await priority.getByText(/^\d+$/).waitFor();
    for (const number of priorities) {
      await new Pools(setting.manager).edit('front', { priority: number });
      await priority.getByText(String(number), { exact: true }).waitFor();
    }
    page.off('request', note);
    return asked;
  }

  test('what changes is told by the one stream that the page has opened, which the console’s server neither holds back nor compresses', async () => {
    await as({ account: 'admin' }, async (page) => {
      let asked: readonly Request[] = [];
      let priority = 6;
      const byStreamAlone = async (): Promise<boolean> => {
        asked = await askedWhileChanged(page, [(priority += 1), (priority += 1), (priority += 1)]);
        return asked.map((request) => request.headers()['accept']).join() === 'text/event-stream';
      };
      // A page that hears nothing for five seconds, as on a busy machine, asks instead.
      await until(byStreamAlone, { what: 'a page that asks for nothing but the stream', timeoutMs: 90_000 });
      const headers = await (await asked[0]?.response())?.allHeaders();
      assert.match(headers?.['content-type'] ?? '', /^text\/event-stream/);
      assert.equal(headers?.['content-encoding'], undefined);
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

  test('speaks Chinese to those who do, also of reasons', async () => {
    await as({ account: 'admin', language: 'zh' }, async (page) => {
      await open(page, pools);
      await page.getByRole('heading', { name: '地址池' }).waitFor();
      assert.match(await row(page, 'public').innerText(), /默认/);
      const why = 'Eip front 已停用，不再分配新地址。请将其 spec.disable 设为 false，或选择其他 Eip。';
      await open(page, services);
      await row(page, 'late').getByText(why).waitFor();
      await open(page, overview);
      await page.locator('tr', { hasText: 'shop/late' }).getByText(why).waitFor();
      await row(page, 'shop/late').getByRole('link').click();
      const explained = page.getByRole('region', { name: '解释' }).getByRole('status');
      await explained.getByText('Eip front 已停用').first().waitFor();
      // Of it no sentence is left in English: three words in a row.
      assert.doesNotMatch(await page.locator('main.plb-page').innerText(), /\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b/i);
    });
  });

  test('who may look at the cluster sees all of it and is offered nothing to change, which the API would refuse', async () => {
    await as({ account: 'viewer' }, async (page) => {
      for (const [path, name] of [
        [pools, 'public'],
        [peers, 'tor-2'],
        [services, 'till'],
      ] as const) {
        await open(page, path);
        await row(page, name).waitFor();
        assert.equal(await page.getByRole('link', { name: 'Create', exact: true }).count(), 0);
        assert.equal(await page.getByRole('button', { name: /^Actions/ }).count(), 0);
      }
      assert.equal((await page.request.delete(`${eips}/public`)).status(), 403);
      assert.equal((await page.request.get(`${ourApi}/overview`)).status(), 200);
      // Who knows the address of the form gets no further than to what the API server says.
      await open(page, `${pools}/~new`);
      await page.getByLabel('Name', { exact: true }).fill('mine');
      await page.getByLabel('Addresses', { exact: true }).fill('192.0.2.128/30');
      await page.getByRole('button', { name: 'Review' }).click();
      await page.getByRole('alert').getByText('viewer may not POST').waitFor();
      assert.equal(await new Pools(setting.manager).find('mine'), undefined);
    });
  });

  test('who manages load balancing, and nothing else, changes pools and peers, and neither Services nor anything besides', async () => {
    await as({ account: 'network' }, async (page) => {
      await open(page, pools);
      await page.getByRole('button', { name: 'Actions for public' }).waitFor();
      await page.getByRole('link', { name: 'Create', exact: true }).click();
      await page.getByLabel('Name', { exact: true }).fill('lobby');
      await page.getByLabel('Addresses', { exact: true }).fill('192.0.2.132/30');
      await page.getByRole('button', { name: 'Review' }).click();
      await page.getByText('Nobody would be affected').waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await row(page, 'lobby').waitFor();

      await open(page, services);
      await row(page, 'till').waitFor();
      assert.equal(await page.getByRole('button', { name: /^Actions/ }).count(), 0);
      await row(page, 'till').getByRole('link').click();
      await page.getByRole('region', { name: 'Explanation' }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Change pool or address' }).count(), 0);
      const service = '/clusters/host/api/v1/namespaces/shop/services/till';
      const headers = { 'content-type': 'application/merge-patch+json' };
      const refused = await page.request.patch(service, { headers, data: { metadata: { labels: { a: 'b' } } } });
      assert.equal(refused.status(), 403);
      assert.equal((await page.request.get('/clusters/host/api/v1/namespaces/shop/secrets')).status(), 403);
      assert.equal((await page.request.delete(`${eips}/lobby`)).status(), 200);
    });
  });

  test('who works in projects hears of their Services, and nothing of the cluster', async () => {
    await as({ account: 'tenant' }, async (page) => {
      const status = async (path: string): Promise<number> => (await page.request.get(path)).status();
      assert.equal(await status(eips), 403);
      assert.equal(await status(`${ourApi}/pools`), 403);
      assert.equal(await status(`${ourApi}/namespaces/default/services`), 403);
      assert.equal(await status(`${ourApi}/namespaces/shop/services/till/explanation`), 200);
      assert.equal((await page.request.delete(`${eips}/public`)).status(), 403);
      // Whoever knows the address of a page of the cluster is told nothing there, and offered nothing.
      await open(page, pools);
      await page
        .getByText('You may not see this')
        .or(page.getByText(/403|404|no permission/i))
        .first()
        .waitFor();
      assert.equal(await page.getByRole('link', { name: 'Create', exact: true }).count(), 0);
      await open(page, '/workspaces/acme/overview');
      await page.getByText('Load-Balanced Services', { exact: true }).click();
      await page.getByText('No Service of type LoadBalancer is there yet.').waitFor();
      await page.getByRole('combobox', { name: 'Project' }).selectOption('shop');
      const ip = await setting.manager.address('shop/till');
      await page.locator('tbody tr', { hasText: 'till' }).getByText(ip).waitFor();
      const waiting = page.locator('tbody tr', { hasText: 'late' });
      await waiting.getByText('No address pool gives this Service an address. Ask who runs the cluster.').waitFor();
      assert.match(page.url(), /project=shop/);
    });
  });

  test('has its picture taken while it runs, as the page for developers has it', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'porterlb-shots-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const own = { 'http://localhost:8000': setting.url, '/tmp/shots': folder };
    const reader = new PageReader('lab/console-shell/README.md', 'lab/scenarios/console.lab.test.ts', own);
    const root = join(import.meta.dirname, '../..');
    for (const fence of reader.commands) await run('bash', ['-ec', reader.text(fence)], { cwd: root });
    assert.deepEqual(readdirSync(folder).sort(), ['console-pools.en.png', 'console-pools.zh.png']);
  });

  test('no page is wider than a window of 1280 pixels, nor keeps anybody from using it', async () => {
    const axe = await ensureAxe(progressToStderr);
    await new Pools(setting.manager).create('edge', { address: '192.0.2.128/26', avoidBuggyIPs: true });
    await as({ account: 'admin' }, async (page) => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.evaluate(axe);
      for (const { path, ready } of pagesOf('admin')) {
        await open(page, path);
        await page.locator(ready).first().waitFor();
        const beyond = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        assert.equal(await page.evaluate(beyond), 0, path);
        assert.equal((await obstacles(page, 'main.plb-page')).join('\n'), '', path);
      }
    });
  });
});
