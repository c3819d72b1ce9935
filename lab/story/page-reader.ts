import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fencesOf, isShell, wordOf, type Fence } from '../../tools/docs/fences.ts';
import type { Lab } from '../lab.ts';
import { until } from '../state/until.ts';
import { run } from '../toolchain/run.ts';

const root = join(import.meta.dirname, '../..');

/** Somebody with a clone of the repository who reads a page and types what it says. */
export class PageReader {
  /** The page's commands that are for this test to run, block by block, in their order. */
  readonly commands: readonly Fence[];
  readonly #fences: readonly Fence[];
  readonly #own: Readonly<Record<string, string>>;

  /**
   * @param page relative to the repository
   * @param test the path by which the page's blocks name who runs them
   * @param own what a reader replaces by his own: text of the page -> what is typed in its place
   */
  constructor(page: string, test: string, own: Readonly<Record<string, string>> = {}) {
    this.#fences = fencesOf(page, readFileSync(join(root, page), 'utf8'));
    this.commands = this.#fences.filter((fence) => isShell(fence) && wordOf(fence, 'run-by') === test);
    this.#own = own;
    assert.ok(this.commands.length > 0, `${page} has commands for ${test}`);
    for (const text of Object.keys(own)) {
      assert.ok(
        this.commands.some((fence) => fence.text.includes(text)),
        `${page} has ${text}`,
      );
    }
  }

  /** What a test of this block is named. */
  static title({ line, heading, text }: Fence): string {
    return `line ${line}, ${heading}: ${text.split('\n')[0] ?? ''}`;
  }

  /** Types a block into a shell, which ends at the first command that fails, and looks whether it prints what the page shows. */
  async type(lab: Lab, fence: Fence): Promise<void> {
    const printed = await this.#printed(lab, fence);
    const next = this.#fences[this.#fences.indexOf(fence) + 1];
    if (next?.words.includes('shown') !== true) return;
    for (const line of next.text.trimEnd().split('\n')) assert.ok(printed.includes(line), `${line} in:\n${printed}`);
  }

  /** What is typed for a block, for a test that has its own place to type it. */
  text(fence: Fence): string {
    let text = fence.text;
    for (const [theirs, ours] of Object.entries(this.#own)) text = text.replaceAll(theirs, ours);
    return text;
  }

  async #printed(lab: Lab, fence: Fence): Promise<string> {
    const shell = ['-euo', 'pipefail', '-c', this.text(fence)];
    const place = wordOf(fence, 'on');
    if (place === 'client') return untilAnswered(() => lab.client('c1').exec('bash', ...shell));
    if (place === 'nodes') return onNodes(lab, this.text(fence));
    assert.equal(place, undefined, 'a place that there is');
    return run('bash', shell, { cwd: root, env: await environment(lab) });
  }
}

/** In the folder that the reader has carried there: nodes of the lab see the host's. */
async function onNodes(lab: Lab, text: string): Promise<string> {
  const command = `cd ${join(root, 'build/images')}\n${text}`;
  const printed = lab.nodes.map((node) => node.exec('bash', '-euo', 'pipefail', '-c', command));
  return (await Promise.all(printed)).join('');
}

async function environment(lab: Lab): Promise<Record<string, string>> {
  const programs = [lab.kubectlProgram, await lab.helmProgram()].map((program) => dirname(program));
  const path = [...programs, process.env['PATH'] ?? ''].join(delimiter);
  return { KUBECONFIG: lab.kubeconfig, PATH: path };
}

/** kube-proxies may be some seconds behind; a reader would try again too. */
async function untilAnswered(ask: () => Promise<string>): Promise<string> {
  let last = 'never asked';
  const attempt = async (): Promise<string | undefined> => {
    try {
      return await ask();
    } catch (error) {
      last = String(error);
      return undefined;
    }
  };
  return until(attempt, { what: 'an answer', timeoutMs: 120_000, explain: () => Promise.resolve(last) });
}
