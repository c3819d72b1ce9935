/** `npm run dev`: a light lab with the manager from this checkout, restarted whenever one of its sources changes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { LightLab } from './light-lab.ts';
import { LogPrinter } from './local/log-printer.ts';
import { bgpConf, bgpPeers, defaultPool, eip, on, ours, service, slice } from './local/objects.ts';
import { httpPort, installObjects, LocalReplicas, replicaCommand } from './local/replicas.ts';
import { MissingRequirements, progressToStderr } from './toolchain/index.ts';

const usage = `usage: npm run dev [-- --log-level debug|info|warn|error]

Builds a light lab on this machine (an API server, three Node objects without kubelets, two FRR routers; needs Linux and root), runs
the manager from this checkout in it, and restarts it when a file in backend/src or locales changes. Ctrl-C removes everything.
`;

const home = 'n1';
/** An editor saves several files, and some files twice. */
const settleMs = 150;
const root = join(import.meta.dirname, '..');
const sources = ['backend/src', 'locales'].map((folder) => join(root, folder));
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The manager as a child of this process: it is ended when its sources change, and a new one is started when it has ended. */
class RestartingManager {
  readonly #lab: LightLab;
  readonly #printer: LogPrinter;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopped = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(lab: LightLab, printer: LogPrinter) {
    this.#lab = lab;
    this.#printer = printer;
  }

  start(): void {
    const node = this.#lab.node(home);
    const [program = '', ...enter] = node.enter;
    const { command, env } = replicaCommand(this.#lab, home);
    const child = spawn(program, [...enter, process.execPath, ...command], {
      env: { ...process.env, ...env, ...node.environment },
      // A group of its own: Ctrl-C is for us, and we end it in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#child = child;
    this.#ended = promise;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#tell(line));
    }
    child.once('error', (error) => {
      print(`the manager can't be started: ${error.message}`);
      resolve();
    });
    child.once('close', (code, signal) => {
      resolve();
      if (this.#child === child && !this.#stopped) {
        print(`\nThe manager ended (${signal ?? `exit code ${code}`}). It is started again when a source changes.`);
      }
    });
  }

  sourceChanged(path: string): void {
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => {
      print(`\n${path} changed, restarting the manager`);
      void this.#again();
    }, settleMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#end();
  }

  #tell(line: string): void {
    const text = this.#printer.format(line);
    if (text !== undefined) print(text);
  }

  async #again(): Promise<void> {
    await this.#end();
    if (!this.#stopped) this.start();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await this.#ended;
  }
}

/** What a user writes to get going, and a Service to look at. */
async function configure(lab: LightLab): Promise<void> {
  await installObjects(lab);
  await new LocalReplicas(lab).setMembers(home);
  const pool = eip('public', { addresses: ['172.30.0.0/24', 'fd30:1::/112'], avoidBuggyIPs: true }, defaultPool);
  const nodes = lab.nodes.map(({ name }) => name);
  const web = [slice('web', on(nodes)), service('web', { spec: { ...ours, ipFamilyPolicy: 'RequireDualStack' } })];
  for (const object of [pool, bgpConf(), ...bgpPeers(lab.routers), ...web]) await lab.apply(object);
}

function howToUse(lab: LightLab): string {
  return `
  export KUBECONFIG=${lab.kubeconfig}
  alias kubectl=${lab.kubectlProgram}
  kubectl get eip,bgppeer,svc,endpointslices,nodes            # there are no kubelets: endpoints and node states are yours to write
  ip netns exec ${lab.router('r1').namespace} ip route                     # what the router does
  ip netns exec ${lab.node(home).namespace} curl ${lab.node(home).addresses.ipv4}:${httpPort}/readyz

Ctrl-C removes it all.
`;
}

async function develop(lab: LightLab, level: string, interrupted: AbortSignal): Promise<void> {
  await configure(lab);
  interrupted.throwIfAborted();
  print(howToUse(lab));
  const manager = new RestartingManager(lab, new LogPrinter({ level, color: process.stdout.isTTY }));
  const watchers = sources.map((folder) =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file !== null && /(?<!\.test)\.(ts|json)$/.test(file)) manager.sourceChanged(file);
    }),
  );
  manager.start();
  await new Promise<void>((resolve) => interrupted.addEventListener('abort', () => resolve(), { once: true }));
  for (const watcher of watchers) watcher.close();
  await manager.stop();
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { 'log-level': { type: 'string', default: 'info' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    print(usage);
    return 0;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!interruption.signal.aborted) print('\nRemoving the lab (a few seconds).');
      interruption.abort(new Error('interrupted'));
    });
  }
  const { signal } = interruption;
  try {
    const network = { nodes: 3, routers: 2, clients: 0 };
    const lab = await LightLab.up({ network, progress: progressToStderr, signal });
    try {
      await develop(lab, values['log-level'], signal);
    } finally {
      await lab.down();
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    const told = error instanceof MissingRequirements;
    process.stderr.write(`dev: ${told ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    return told ? 2 : 1;
  }
}

process.exitCode = await main();
