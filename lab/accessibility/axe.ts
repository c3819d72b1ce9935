import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { npm } from '../console-shell/packages.ts';
import { cached, keyOf } from '../toolchain/cache.ts';
import type { Progress } from '../toolchain/index.ts';

const locked = ['package.json', 'package-lock.json'].map((file) => join(import.meta.dirname, file));

/** The script of axe, which judges a page that a browser shows. Fetched from npm once, then cached: it is no part of anything of ours. */
export async function ensureAxe(progress: Progress): Promise<string> {
  const announcement = 'fetching axe from npm (some seconds; once, then cached)';
  const folder = await cached({ name: 'axe', key: await keyOf([], locked), announcement }, progress, async (output) => {
    for (const file of locked) await cp(file, join(output, file.slice(import.meta.dirname.length + 1)));
    await npm(output, 'ci');
    const packages = join(output, 'node_modules');
    await cp(join(packages, 'axe-core/axe.min.js'), join(output, 'axe.min.js'));
    await rm(packages, { recursive: true });
  });
  return readFile(join(folder, 'axe.min.js'), 'utf8');
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/**
 * What keeps people from using what a page shows below `root` (a CSS selector), one text each; what axe calls minor or moderate isn't among it.
 * The page is to have axe's script.
 */
export async function obstacles(page: Page, root: string): Promise<string[]> {
  const run = `axe.run(${JSON.stringify(root)}, { resultTypes: ['violations'] }).then(({ violations }) => violations)`;
  const violations: readonly Violation[] = await page.evaluate(run);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => {
      const where = nodes.map(({ html, failureSummary }) => `    ${html}\n      ${failureSummary}`).join('\n');
      return `${id} (${impact}): ${help}\n${where}`;
    });
}
