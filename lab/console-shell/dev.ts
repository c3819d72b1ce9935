/** `npm run console:dev`: the console's pages in the real shell, on a lab, to click in. */
import { parseArgs } from 'node:util';
import { accounts } from '../kubesphere/accounts.ts';
import { MissingRequirements, progressToStderr } from '../toolchain/index.ts';
import { clearScene, setScene } from './scene.ts';
import { ConsoleSetting } from './setting.ts';
import { ShellUnavailable } from './packages.ts';

const usage = `usage: npm run console:dev [-- --port PORT] [--empty]

Builds a light lab on this machine (needs Linux and root) with two replicas of the manager and two routers, and serves the shell of ks-console
with the console's pages in it on localhost (port 8000). --empty: without pools, peers and Services. Ctrl-C removes everything.
`;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

function howToUse({ url, lab }: ConsoleSetting): string {
  const people = accounts.map(({ name, password }) => `  ${name.padEnd(8)} ${password}`).join('\n');
  return `
  ${url}/clusters/host/porterlb.pools        pages of the cluster
  ${url}/workspaces/acme/overview            those of a workspace, for tenant

${people}

  The pages are made of frontend/ and locales/ anew whenever one is loaded.
  export KUBECONFIG=${lab.kubeconfig}
  alias kubectl=${lab.kubectlProgram}

Ctrl-C removes it all.
`;
}

async function main(): Promise<number> {
  const options = {
    port: { type: 'string', default: '8000' },
    empty: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help === true) {
    print(usage);
    return 0;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(new Error('interrupted')));
  }
  const { signal } = interruption;
  try {
    const setting = await ConsoleSetting.up({ progress: progressToStderr, signal, port: Number(values.port) });
    try {
      await (values.empty === true ? clearScene(setting.manager) : setScene(setting.manager));
      print(howToUse(setting));
      await untilAborted(signal);
      print('\nRemoving the lab (a few seconds).');
    } finally {
      await setting.down();
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    const told = error instanceof MissingRequirements || error instanceof ShellUnavailable;
    process.stderr.write(
      `console:dev: ${told ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
    );
    return told ? 2 : 1;
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // Keeps the process alive while it waits.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise((resolve) => void signal.addEventListener('abort', resolve, { once: true }));
  clearInterval(alive);
}

process.exitCode = await main();
