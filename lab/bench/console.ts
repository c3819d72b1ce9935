/**
 * `npm run bench:console [-- --services <number>]`: how long somebody waits for the list of Services of a cluster that has 5,000, in the real
 * shell of ks-console, in Chromium, on a real API server with two replicas of the manager. The first 100 by name have addresses, the others
 * are of another class: the list has all of them. Each figure is from the click to the row that is looked for. Goals stand beside the
 * figures; the exit status tells only whether everything could be measured.
 */
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, signIn } from '../console-shell/browser.ts';
import { open } from '../console-shell/pages.ts';
import { ConsoleSetting } from '../console-shell/setting.ts';
import { eip, ours, service } from '../local/objects.ts';
import { inPool } from '../scenarios/manager/pools.ts';
import { until } from '../state/until.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { print, printRow } from './report.ts';

const usage = 'usage: npm run bench:console [-- --services <101 to 20000>]\n  --services <number>   default 5000\n';
const servedCount = 100;
const writers = 8;
const rounds = 10;
const goalMs = 1_000;
const list = '/clusters/host/porterlb.services';

/** So that the order by name is that of numbers. */
function nameOf(i: number): string {
  return `s${String(i).padStart(5, '0')}`;
}

function made(i: number): Parameters<ConsoleSetting['lab']['api']['create']>[0] {
  const quiet = { allocateLoadBalancerNodePorts: false };
  if (i < servedCount) {
    return service(`shop/${nameOf(i)}`, { spec: { ...ours, ...quiet }, annotations: inPool('many') });
  }
  return service(`shop/${nameOf(i)}`, { spec: { loadBalancerClass: 'example.com/other', ...quiet } });
}

async function fill({ lab, manager }: ConsoleSetting, count: number): Promise<void> {
  await lab.apply(eip('many', { address: '10.60.0.0/24' }));
  let next = 0;
  const write = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await lab.api.create(made(i));
  };
  await Promise.all(Array.from({ length: writers }, write));
  for (const i of [0, servedCount - 1]) await manager.address(`shop/${nameOf(i)}`);
}

async function shown(page: Page, name: string): Promise<void> {
  await page.locator('tbody').getByRole('link', { name, exact: true }).waitFor();
}

/** What somebody does at the list of this many Services, and the name that has to be there then. */
interface Step {
  readonly what: string;
  readonly before?: (page: Page) => Promise<void>;
  readonly does: (page: Page) => Promise<void>;
  readonly shows: string;
}

async function at(page: Page, search: string, name: string): Promise<void> {
  await open(page, `${list}${search}`);
  await shown(page, name);
}

function stepsWith(count: number): readonly Step[] {
  const [last, pages] = [count - 1, Math.ceil(count / 100)];
  const first = async (page: Page): Promise<void> => await at(page, '', nameOf(0));
  const turn = async (page: Page): Promise<void> => await page.getByRole('button', { name: 'Next page' }).click();
  return [
    {
      what: 'from another page of the module to the list',
      before: async (page) => {
        await open(page, '/clusters/host/porterlb.pools');
        await page.locator('tbody').getByRole('link', { name: 'many', exact: true }).waitFor();
      },
      does: async (page) => await open(page, list),
      shows: nameOf(0),
    },
    { what: 'the next page of 10', before: first, does: turn, shows: nameOf(10) },
    {
      ...{ what: 'the next page of 100, which is the last', shows: nameOf(last) },
      before: async (page) => await at(page, `?limit=100&page=${pages - 1}`, nameOf((pages - 2) * 100)),
      does: turn,
    },
    {
      ...{ what: 'a search by name (0.3 s wait for more letters)', before: first, shows: nameOf(last) },
      does: async (page) => await page.getByRole('searchbox').fill(nameOf(last)),
    },
    {
      ...{ what: 'the other order', before: first, shows: nameOf(last) },
      does: async (page) => await page.getByRole('button', { name: /^Name/ }).click(),
    },
  ];
}

async function measured(page: Page, { before, does, shows }: Step): Promise<number> {
  await before?.(page);
  const start = performance.now();
  await does(page);
  await shown(page, shows);
  return performance.now() - start;
}

async function measure(page: Page, step: Step): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i += 1) times.push(await measured(page, step));
  times.sort((a, b) => a - b);
  const [median = 0, most = 0] = [times[Math.floor(rounds / 2)], times.at(-1)];
  printRow(step.what, `median ${Math.round(median)} ms, at most ${Math.round(most)} ms`, {
    text: `at most ${goalMs} ms`,
    met: most <= goalMs,
  });
}

async function look(browser: Browser, url: string, count: number): Promise<void> {
  const { page } = await signIn(browser, url, { account: 'admin', viewport: { width: 1280, height: 800 } });
  await page.goto(list, { waitUntil: 'commit' });
  await shown(page, nameOf(0));
  await until(async () => (await page.getByText(`Total: ${count}`).count()) > 0, { what: `a list of ${count}` });
  print(`\n${count} Services, ${rounds} times each`);
  for (const step of stepsWith(count)) await measure(page, step);
}

function countOf(args: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { services: { type: 'string', default: '5000' } } });
    const count = Number(values.services);
    return Number.isInteger(count) && count > servedCount && count <= 20_000 ? count : undefined;
  } catch {
    return undefined;
  }
}

async function main(): Promise<number> {
  const count = countOf(process.argv.slice(2));
  if (count === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const setting = await ConsoleSetting.up({ progress: progressToStderr });
  try {
    await fill(setting, count);
    const browser = await openBrowser(progressToStderr);
    try {
      await look(browser, setting.url, count);
    } finally {
      await browser.close();
    }
  } finally {
    await setting.down();
  }
  return 0;
}

process.exit(await main());
