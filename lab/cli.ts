/**
 * The lab by itself: `npm run lab:up`, `lab:status`, `lab:down`.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong arguments or something is missing that can't be installed from here.
 */
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Lab } from './lab.ts';
import { removeAbandoned } from './network/abandoned.ts';
import { poolRange } from './network/plan.ts';
import { routerAsn } from './network/frr-configuration.ts';
import { folderOf, isAbandoned, listLabs, readRecord } from './state/lab-registry.ts';
import type { LabRecord } from './state/lab-registry.ts';
import { teardown } from './state/teardown.ts';
import { MissingRequirements, progressToStderr } from './toolchain/index.ts';

const defaultName = 'dev';

const usage = `usage: npm run lab:up     [-- --nodes N --routers N --clients N --name X]   build a lab and leave it up
       npm run lab:status [-- --name X]                                       what there is
       npm run lab:down   [-- --name X | --all]                               remove it
N: how many, X: the lab's name (default: ${defaultName}).`;

class WrongUsage extends Error {
  readonly exitCode = 2;
}

interface Arguments {
  readonly name: string | undefined;
  readonly all: boolean;
  readonly counts: Readonly<Partial<Record<'nodes' | 'routers' | 'clients', number>>>;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function up({ name = defaultName, counts }: Arguments): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}; nothing is left of the lab`)));
  }
  const options = { name, keep: true, progress: progressToStderr, signal: interrupted.signal };
  const lab = await Lab.up({ ...options, ...counts });
  print(await describe(lab));
  await lab.close();
}

async function status({ name }: Arguments): Promise<void> {
  const labs = (await listLabs()).filter((record) => name === undefined || record.name === name);
  if (labs.length === 0) {
    print(name === undefined ? 'no labs' : `no lab named "${name}"`);
    return;
  }
  for (const record of labs) print(await summary(record));
}

async function down({ name, all }: Arguments): Promise<void> {
  const wanted = all ? await listLabs() : [await readRecord(name ?? defaultName)];
  const labs = wanted.filter((record) => record !== undefined);
  for (const record of labs) {
    await teardown(record);
    print(`lab "${record.name}" removed`);
  }
  for (const namespace of await removeAbandoned())
    print(`namespace "${namespace}" of a process that is no more removed`);
  if (labs.length === 0) print(all ? 'no labs' : `no lab named "${name ?? defaultName}"`);
}

async function summary(record: LabRecord): Promise<string> {
  const head = `lab "${record.name}" (${record.kind}), since ${record.created}`;
  if (isAbandoned(record)) return `${head}: its owner is gone; the next lab:up removes it`;
  if (record.kind === 'light' || record.shape === undefined) return `${head}: held by process ${record.owner.pid}`;
  const lab = await Lab.attach(record.name);
  try {
    const nodes = await lab.kubectl(['get', 'nodes', '--output', 'wide', '--request-timeout=5s']);
    const sessions = await Promise.all(lab.routers.map((router) => sessionsOf(router)));
    return [head, nodes.trimEnd(), ...sessions, await describe(lab)].join('\n');
  } catch (error) {
    return `${head}: ${(error as Error).message}`;
  } finally {
    await lab.close();
  }
}

async function sessionsOf(router: Lab['routers'][number]): Promise<string> {
  const peers = await router.establishedPeers().catch(() => undefined);
  const text = peers === undefined ? 'FRR does not answer' : `BGP established with ${peers.join(', ') || 'nobody'}`;
  return `${router.name}: ${text}`;
}

async function describe(lab: Lab): Promise<string> {
  const [router] = lab.routers;
  const [client] = lab.clients;
  const lines = [
    '',
    `  export KUBECONFIG=${lab.kubeconfig}`,
    `  export PATH=${dirname(lab.kubectlProgram)}:${dirname(await lab.helmProgram())}:$PATH`,
    '  kubectl get nodes',
    router && `  ip netns exec ${router.namespace} vtysh --vty_socket ${join(folderOf(lab.name), router.name)}`,
    client && `  ip netns exec ${client.namespace} curl http://<Service IP>/`,
    '',
    `nodes    ${lab.nodes.map((node) => `${node.name} ${node.addresses.ipv4} ${node.addresses.ipv6}`).join(', ')}`,
    `routers  ${lab.routers.map((r) => `${r.name} ${r.addresses.ipv4} ${r.addresses.ipv6}`).join(', ')} (AS ${routerAsn})`,
    `pools    ${poolRange.ipv4} and ${poolRange.ipv6} are free for Services`,
    `logs     ${join(folderOf(lab.name), 'logs')}`,
    `end it   npm run lab:down${lab.name === defaultName ? '' : ` -- --name ${lab.name}`}`,
  ];
  return lines.filter((line) => line !== undefined).join('\n');
}

const commands = { up, status, down } as const;

function readArguments(args: readonly string[]): { command: keyof typeof commands; given: Arguments } {
  try {
    const text = { type: 'string' } as const;
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { name: text, nodes: text, routers: text, clients: text, all: { type: 'boolean' } },
    });
    const [command = '', ...rest] = positionals;
    if (!(command in commands) || rest.length > 0) throw new WrongUsage(`no such command: ${positionals.join(' ')}`);
    const counts = {
      ...count('nodes', values.nodes),
      ...count('routers', values.routers),
      ...count('clients', values.clients),
    };
    return {
      command: command as keyof typeof commands,
      given: { name: values.name, all: values.all ?? false, counts },
    };
  } catch (error) {
    throw new WrongUsage(`${(error as Error).message}\n${usage}`);
  }
}

function count(name: string, value: string | undefined): Record<string, number> {
  if (value === undefined) return {};
  if (!/^\d{1,3}$/.test(value)) throw new WrongUsage(`--${name}: "${value}" is no number`);
  return { [name]: Number(value) };
}

try {
  const { command, given } = readArguments(process.argv.slice(2));
  await commands[command](given);
} catch (error) {
  process.stderr.write(`lab: ${(error as Error).message}\n`);
  const known = error instanceof WrongUsage || error instanceof MissingRequirements;
  process.exitCode = known ? error.exitCode : 1;
}
