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
  const env = { ...process.env, PATH: path, KUBECONFIG: kubeconfig, LANG: 'C' };
  const child = spawn('kubectl', ['porterlb', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, stdout, stderr };
}
