import { join } from 'node:path';
import { request } from 'undici';
import { defaultPorts } from '../cluster/control-plane.ts';
import type { LightLab } from '../light-lab.ts';
import { folderOf } from '../state/lab-registry.ts';
import { until } from '../state/until.ts';

export const slowMs = 2_000;
export const silentPrefix = 'silent ';
const proxyPort = defaultPorts.api + 1;
const controlPort = defaultPorts.api + 2;

/** Answers in the place of the API server's own. */
export const refusals = [
  { name: 'forbidden', status: 403, writesOnly: false },
  { name: 'absent', status: 404, writesOnly: false },
  { name: 'throttled', status: 429, writesOnly: false },
  { name: 'broken', status: 500, writesOnly: false },
  { name: 'unavailable', status: 503, writesOnly: false },
  { name: 'conflicting', status: 409, writesOnly: true },
] as const;

export const silentKinds = ['services', 'endpointslices', 'nodes'] as const;

/**
 * What a replica has of its API server: every answer refused, every write in conflict, every answer two seconds late; or
 * - `expired`: each watch is told that the version which it begins with is forgotten (410);
 * - `raced`: somebody else changes an object just before each other write that any replica makes of it, so that those meet real conflicts;
 * - `silent`: a watch of one kind, on a connection that stays open, says nothing any more, for good.
 */
export type ApiTrouble =
  | (typeof refusals)[number]['name']
  | 'slow'
  | 'expired'
  | 'raced'
  | `${typeof silentPrefix}${(typeof silentKinds)[number]}`;

export const apiTroubles: readonly ApiTrouble[] = [
  ...refusals.map(({ name }) => name),
  ...(['slow', 'expired', 'raced'] as const),
  ...silentKinds.map((kind) => `silent ${kind}` as const),
];

/** Stands between the replicas and the API server of a light lab, and gives those on a node trouble. */
export class ApiProxy {
  readonly #lab: LightLab;

  private constructor(lab: LightLab) {
    this.#lab = lab;
  }

  /** From now on connections of the lab's machines to the API server lead through it; those that are open stay as they are. */
  static async start(lab: LightLab): Promise<ApiProxy> {
    const { address, spawn } = lab.controlPlane;
    const credentials = (file: string): string => join(folderOf(lab.name), 'credentials', file);
    const program = [process.execPath, join(import.meta.dirname, 'api-proxy.ts')];
    const server = `https://${address}:${defaultPorts.api}`;
    const files = [credentials('apiserver.crt'), credentials('apiserver.key')];
    await spawn('api-proxy', [...program, ...files, server, String(proxyPort), String(controlPort)]);
    const proxy = new ApiProxy(lab);
    await until(async () => proxy.#tell('nobody', '').then(() => true), { what: 'the proxy of the API server' });
    const to = ['-d', address, '-p', 'tcp', '--dport', String(defaultPorts.api)];
    const rule = ['-t', 'nat', '-A', 'OUTPUT', ...to, '-j', 'DNAT', '--to-destination', `${address}:${proxyPort}`];
    for (const node of lab.nodes) await node.exec('iptables', ...rule);
    return proxy;
  }

  async begin(node: string, trouble: ApiTrouble): Promise<void> {
    await this.#tell(this.#lab.node(node).addresses.ipv4, trouble);
  }

  async end(node: string): Promise<void> {
    await this.#tell(this.#lab.node(node).addresses.ipv4, '');
  }

  /** Whether no watch is open any more that says nothing: those end when their replica has noticed. */
  async isHeard(): Promise<boolean> {
    return (await (await request(this.#control)).body.text()) === '0';
  }

  async #tell(address: string, body: string): Promise<void> {
    const answer = await request(`${this.#control}${address}`, { method: 'POST', body });
    await answer.body.dump();
  }

  get #control(): string {
    return `http://${this.#lab.controlPlane.addressForHost}:${controlPort}/`;
  }
}
