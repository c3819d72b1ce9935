/** The first steps of the overview, gone by who has just installed PorterLB, in the real shell of ks-console. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { ensureAxe, obstacles } from '../accessibility/axe.ts';
import { openBrowser } from '../console-shell/browser.ts';
import { open } from '../console-shell/pages.ts';
import { clearScene } from '../console-shell/scene.ts';
import { ConsoleSetting } from '../console-shell/setting.ts';
import { whyNoShell } from '../console-shell/shell.ts';
import { row, Visitors } from '../console-shell/visitors.ts';
import { ours } from '../local/objects.ts';
import { podOn } from '../local/replicas.ts';
import { progressToStderr } from '../toolchain/index.ts';

const overview = '/clusters/host/porterlb.overview';
/** By how many pixels a page is wider than its window. */
const beyond = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

suite('the first steps in the shell of ks-console', { skip: await whyNoShell(progressToStderr) }, () => {
  let setting: ConsoleSetting;
  let browser: Browser;
  let visitors: Visitors;

  before(async () => {
    setting = await ConsoleSetting.up({ progress: progressToStderr });
    await clearScene(setting.manager);
    browser = await openBrowser(progressToStderr);
    visitors = new Visitors(browser, setting.url);
  });
  after(async () => {
    await browser?.close();
    await setting?.down();
  });

  const stepsOf = (page: Page): Locator => page.getByRole('region', { name: 'First steps' });
  const done = (page: Page, title: string): Locator =>
    stepsOf(page).locator('li', { has: page.getByRole('heading', { name: title }), hasText: '✓ done' });

  /** Follows the link of a step, fills its form, and comes back when the step is ticked off. */
  async function goStep(
    page: Page,
    link: string,
    fields: Readonly<Record<string, string>>,
    title: string,
  ): Promise<void> {
    await stepsOf(page).getByRole('link', { name: link }).click();
    await page.waitForURL(({ pathname }) => pathname.endsWith('/~new'));
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByRole('button', { name: 'Review' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith('/~new'));
    await open(page, overview);
    await done(page, title).waitFor();
  }

  test('who may look at the cluster is led to its pages, and to no form', async () => {
    await visitors.as({ account: 'viewer' }, async (page) => {
      await open(page, overview);
      await stepsOf(page).locator('.plb-checks li').first().waitFor();
      assert.equal(
        await stepsOf(page)
          .getByRole('link', { name: /^Create/ })
          .count(),
        0,
      );
      assert.equal(await stepsOf(page).getByRole('link', { name: 'Address Pools' }).count(), 1);
    });
  });

  test('nothing keeps anybody from reading them, in either language', async () => {
    const axe = await ensureAxe(progressToStderr);
    for (const [language, title] of [
      ['en', 'First steps'],
      ['zh', '开始使用'],
    ] as const) {
      await visitors.as({ account: 'admin', language, viewport: { width: 1280, height: 800 } }, async (page) => {
        await open(page, overview);
        await page.getByRole('region', { name: title }).locator('.plb-checks li').first().waitFor();
        assert.equal(await page.evaluate(beyond), 0);
        await page.evaluate(axe);
        assert.equal((await obstacles(page, 'main.plb-page')).join('\n'), '');
      });
    }
  });

  test('lead from nothing to a Service that can be reached', async () => {
    const router = setting.lab.routers[0];
    assert.ok(router !== undefined);
    await visitors.as({ account: 'admin' }, async (page) => {
      await open(page, overview);
      await goStep(page, 'Create a pool', { Name: 'first', Addresses: '192.0.2.0/28' }, 'Create a pool of addresses');
      await goStep(page, 'Create the BGP configuration', { 'AS number': '65001' }, 'Say how PorterLB speaks BGP');
      const peer = { Name: 'tor', Address: router.addresses.ipv4, 'AS number': String(router.asn) };
      await goStep(page, 'Create a BGP peer', peer, 'Connect a router');

      // What the card has to be applied, which names no pool, but for its Pods: the lab's nodes run none.
      await stepsOf(page).getByText('loadBalancerClass: lb.kubesphere.io/porter').waitFor();
      await setting.manager.create('shop/first', { spec: ours });
      const ip = await setting.manager.address('shop/first');
      const { lab, manager } = setting;
      await router.waitForRoutes(
        ip,
        manager.nodeNames.map((node) => lab.node(node).addresses.ipv4),
      );
      // Nobody loads the page again.
      await page.getByText('Everything works.').waitFor();
      assert.equal(await stepsOf(page).count(), 0);
    });
  });

  test('what was there stays in sight when replicas fall silent, with who is silent, until they answer again', async () => {
    const { replicas } = setting.manager;
    await visitors.as({ account: 'admin' }, async (page) => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await open(page, overview);
      await page.getByText('Everything works.').waitFor();
      const pid = await replicas.pid('n2');
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGSTOP');
      try {
        await page.getByText(`${podOn('n2')} (no answer within`).waitFor();
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await page.getByText('Everything works.').waitFor();

      await Promise.all([replicas.stop('n1'), replicas.stop('n2')]);
      await page.getByText('What you see was so a while ago').waitFor();
      await page.getByText('Everything works.').waitFor();
      await open(page, '/clusters/host/porterlb.peers');
      const unreached = page.getByRole('alert').filter({ has: page.getByText("PorterLB can't be reached") });
      await unreached.getByText('Error while proxying request: connect ECONNREFUSED').waitFor();
      assert.doesNotMatch(await unreached.innerText(), /[{}<>]/);
      assert.equal(await page.evaluate(beyond), 0);

      await replicas.start('n1', 'n2');
      // Nobody loads the page again.
      await row(page, 'tor').getByText('2 of 2').waitFor();
    });
  });
});
