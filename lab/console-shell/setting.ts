import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { projects, workspace } from '../kubesphere/accounts.ts';
import type { ProcessOptions } from '../kubesphere/console-apiserver-process.ts';
import { LightLab } from '../light-lab.ts';
import { ManagerLab } from '../scenarios/manager/manager-lab.ts';
import { NodeVerdicts } from '../scenarios/manager/node-verdicts.ts';
import { folderOf } from '../state/lab-registry.ts';
import { until } from '../state/until.ts';
import type { Progress } from '../toolchain/index.ts';
import { roleTemplates } from './extension.ts';
import { ensureConsoleShell } from './shell.ts';

/** Where ks-apiserver is, beside the lab's API server. */
const apiserverPort = 9090;
const members = ['n1', 'n2'];

export interface SettingOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Of the shell on loopback; default: one that is free. */
  readonly port?: number;
}

/**
 * The console as users have it, in a lab: the shell of ks-console with our pages, ks-apiserver's stand-in, an API server, two replicas of
 * the manager, two routers.
 */
export class ConsoleSetting {
  readonly manager: ManagerLab;
  /** Where browsers on this machine find the console. */
  readonly url: string;

  private constructor(manager: ManagerLab, url: string) {
    this.manager = manager;
    this.url = url;
  }

  /** Returns when the console shows its page for signing in. @throws {ShellUnavailable} */
  static async up({ progress, signal, port }: SettingOptions): Promise<ConsoleSetting> {
    const shell = await ensureConsoleShell(progress);
    const templates = await roleTemplates(progress);
    const network = { nodes: 3, routers: 2, clients: 0 };
    const lab = await LightLab.up({ network, progress, ...(signal === undefined ? {} : { signal }) });
    try {
      const { address, addressForHost } = lab.controlPlane;
      const apiserver = `http://${address}:${apiserverPort}`;
      await makeProjects(lab);
      const manager = await ManagerLab.in(lab, members, { API: 'true', KUBESPHERE: apiserver });
      const proxies = new NodeVerdicts(manager);
      for (const node of manager.nodeNames) await proxies.serve(node);
      await startApiserver(lab, {
        port: apiserverPort,
        kubeconfig: lab.insideKubeconfig,
        manager: `https://${lab.node('n1').addresses.ipv4}:17982`,
        templates,
      });
      const url = await startShell(lab, shell, {
        port: port ?? (await freePort()),
        apiserver: `${addressForHost}:${apiserverPort}`,
      });
      return new ConsoleSetting(manager, url);
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  get lab(): LightLab {
    return this.manager.lab;
  }

  async down(): Promise<void> {
    await this.manager.down();
  }
}

async function makeProjects(lab: LightLab): Promise<void> {
  for (const name of projects) {
    const labels = { 'kubesphere.io/workspace': workspace, 'kubesphere.io/managed': 'true' };
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  }
}

async function startApiserver(lab: LightLab, options: ProcessOptions): Promise<void> {
  const file = join(folderOf(lab.name), 'ks-apiserver.json');
  await writeFile(file, JSON.stringify(options));
  const program = join(import.meta.dirname, '../kubesphere/console-apiserver-process.ts');
  await lab.controlPlane.spawn('ks-apiserver', [process.execPath, program, file]);
  const url = `http://${lab.controlPlane.addressForHost}:${options.port}/oauth/logout`;
  await answers('ks-apiserver', url, () => lab.log('cp.ks-apiserver'));
}

/** The shell's own server, in a folder of this lab. */
async function startShell(
  lab: LightLab,
  shell: string,
  { port, apiserver }: { readonly port: number; readonly apiserver: string },
): Promise<string> {
  const cwd = join(folderOf(lab.name), 'console');
  await mkdir(join(cwd, 'configs'), { recursive: true });
  await symlink(join(shell, 'dist'), join(cwd, 'dist'));
  const server = {
    http: { port },
    apiServer: { url: `http://${apiserver}`, wsUrl: `ws://${apiserver}` },
  };
  await writeFile(join(cwd, 'configs/local_config.yaml'), stringify({ server }));
  const only = join(import.meta.dirname, 'loopback-only.cjs');
  const program = join(shell, 'node_modules/@ks-console/server/server.js');
  const env = { NODE_ENV: 'production' };
  await lab.spawn('console', [process.execPath, '--no-warnings', '--require', only, program], { cwd, env });
  const url = `http://localhost:${port}`;
  await answers('the console', `${url}/login`, () => lab.log('console'));
  return url;
}

async function answers(what: string, url: string, explain: () => Promise<string>): Promise<void> {
  const isUp = async (): Promise<boolean> =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(isUp, { what: `${what} to answer at ${url}`, explain });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}
