import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import { signIn, type Session, type SessionOptions } from './browser.ts';

/** People at a console, each with a browser of theirs. */
export class Visitors {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #sessions = new Map<string, Session>();

  constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  /**
   * What somebody does, and nothing goes wrong in the pages meanwhile. Who has signed in stays so for what follows: browsers need
   * long for the shell's 11 MB.
   */
  async as(options: SessionOptions, does: (page: Page) => Promise<void>): Promise<void> {
    const key = JSON.stringify(options);
    const session = this.#sessions.get(key) ?? (await signIn(this.#browser, this.#url, options));
    this.#sessions.set(key, session);
    const { page, faults, context } = session;
    try {
      await does(page);
    } catch (error) {
      const text = await page.locator('body').innerText();
      const told = `${String(error)}\non the page ${page.url()}:\n${text}\nfaults: ${faults.join('; ')}`;
      // What follows is not to suffer from a dialog that was left open.
      this.#sessions.delete(key);
      await context.close();
      throw new Error(told, { cause: error });
    }
    assert.deepEqual(faults.splice(0), []);
  }
}

/** The row of a table that is about an object. */
export function row(page: Page, name: string): Locator {
  return page.locator('tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
}

/** Every entry of the open menu can be seen and clicked: nothing cuts it off or lies over it, and it ends within the window. */
export async function assertMenuIsWhole(page: Page): Promise<void> {
  const hidden = await page.getByRole('menuitem').evaluateAll((entries) =>
    entries.flatMap((entry) => {
      const { left, right, top, bottom } = entry.getBoundingClientRect();
      const corners = [left + 1, right - 1].flatMap((x) => [top + 1, bottom - 1].map((y) => [x, y] as const));
      const seen = corners.filter(([x, y]) => entry.ownerDocument.elementFromPoint(x, y) === entry);
      return seen.length === corners.length
        ? []
        : [`${entry.textContent}: ${JSON.stringify([left, right, top, bottom])}`];
    }),
  );
  assert.deepEqual(hidden, []);
  assert.ok((await page.getByRole('menuitem').count()) > 0);
}
