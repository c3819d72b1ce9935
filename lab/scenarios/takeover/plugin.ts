import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { bundleCli } from '../../../tools/package-cli/bundle.ts';

const root = join(import.meta.dirname, '../../..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A PATH with the plugin as one file and the lab's kubectl in it. */
export async function pluginPath({ kubectlProgram }: { readonly kubectlProgram: string }): Promise<string> {
  const { path } = await bundleCli(root);
  return [dirname(path), dirname(kubectlProgram), process.env['PATH'] ?? ''].join(delimiter);
}

/** Runs `kubectl porterlb`. */
export async function runPlugin(path: string, kubeconfig: string, args: readonly string[]): Promise<Ended> {
  return await ended('kubectl', ['porterlb', ...args], { PATH: path, KUBECONFIG: kubeconfig });
}

/** Where somebody types who administers the cluster, with the plugin. */
export class Terminal {
  readonly #path: string;
  readonly #kubeconfig: string;

  constructor(path: string, kubeconfig: string) {
    this.#path = path;
    this.#kubeconfig = kubeconfig;
  }

  async porterlb(...args: string[]): Promise<Ended> {
    return await runPlugin(this.#path, this.#kubeconfig, args);
  }

  /** Ends at the first command that fails. */
  async type(text: string): Promise<Ended> {
    const env = { PATH: this.#path, KUBECONFIG: this.#kubeconfig };
    return await ended('bash', ['-euo', 'pipefail', '-c', text], env);
  }

  /** The same where none may fail: what was printed. */
  async typed(text: string): Promise<string> {
    const { code, stdout, stderr } = await this.type(text);
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }
}

async function ended(
  program: string,
  args: readonly string[],
  extra: Readonly<Record<string, string>>,
): Promise<Ended> {
  const env = { ...process.env, ...extra, LANG: 'C' };
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
