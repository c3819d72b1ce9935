/** Every state of every page, as Chromium draws it, judged by axe: nothing is in the way of who can't see, or has no mouse. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../console-shell/browser.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { ensureAxe, obstacles } from './axe.ts';
import { storiesPage, type ReactVersion } from './stories.ts';

/** What `frontend/src/stories/browser-stage.ts` makes of a document. */
const names = 'stories.names';
const show = (name: string): string => `stories.show(${JSON.stringify(name)})`;
const click = (selector: string): string => `stories.click(${JSON.stringify(selector)})`;

suite('nothing keeps anybody from using', () => {
  let browser: Browser;
  let axe: string;

  before(async () => {
    axe = await ensureAxe(progressToStderr);
    browser = await openBrowser(progressToStderr);
  });
  after(async () => {
    await browser?.close();
  });

  async function stage(react: ReactVersion): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.setContent(await storiesPage(react));
    await page.addScriptTag({ content: axe });
    return page;
  }

  for (const react of [17, 18] as const) {
    test(`what pages show, drawn by React ${react}`, async () => {
      const page = await stage(react);
      const told: string[] = await page.evaluate(names);
      assert.ok(told.length > 50);
      const found: string[] = [];
      const judge = async (what: string): Promise<void> => {
        for (const obstacle of await obstacles(page, 'body')) found.push(`${what}: ${obstacle}`);
      };
      for (const name of told) {
        await page.evaluate(show(name));
        await judge(name);
        if (!(await page.evaluate(click('[aria-haspopup=menu]')))) continue;
        await judge(`${name}, with its menu open`);
        assert.ok(await page.evaluate(click('[role=menuitem]')));
        await judge(`${name}, with the dialog of what was chosen`);
      }
      assert.equal(found.join('\n'), '');
    });
  }

  test('is told: a picture without words, and a word that is hard to see', async () => {
    const page = await stage(18);
    await page.evaluate(
      `document.body.innerHTML = '<img src="data:,"><p style="color: #eee; background: #fff">so</p>'`,
    );
    const found = (await obstacles(page, 'body')).map((text) => text.split(' ')[0]);
    assert.deepEqual(found.sort(), ['color-contrast', 'image-alt']);
  });
});
