import { removeAbandoned } from '../../network/abandoned.ts';
import { ip, removeNamespaces } from '../../network/topology.ts';
import { run } from '../../toolchain/run.ts';

/** Where a replica runs. */
export interface Place {
  readonly namespace: string;
  /** Its own address. */
  readonly host: string;
}

/**
 * ```
 *  replica ── 10.250.1.0/24 ──┐
 *                             ├── one machine that is all nodes: 10.251.0.0/16 is local there
 *  replica ── 10.250.2.0/24 ──┘
 * ```
 */
export class HealthNetwork {
  readonly nodes: string;
  readonly replicas: readonly [Place, Place];
  readonly #dead = new Set<string>();

  /** Their names have this process's id, by which whoever comes next knows whether they may go. */
  constructor(pid: number) {
    this.nodes = `plbhealth${pid}-s`;
    this.replicas = [
      { namespace: `plbhealtha${pid}-r`, host: '10.250.1.2' },
      { namespace: `plbhealthb${pid}-r`, host: '10.250.2.2' },
    ];
  }

  async create(): Promise<void> {
    await removeAbandoned();
    await run('ip', ['netns', 'add', this.nodes]);
    await ip(this.nodes, ['link set lo up', 'route add local 10.251.0.0/16 dev lo']);
    for (const [i, { namespace, host }] of this.replicas.entries()) {
      const gateway = `10.250.${i + 1}.1`;
      await run('ip', ['netns', 'add', namespace]);
      await ip(this.nodes, [
        `link add replica${i} type veth peer name eth0 netns ${namespace}`,
        `address add ${gateway}/24 dev replica${i}`,
        `link set replica${i} up`,
      ]);
      await ip(namespace, [
        `address add ${host}/24 dev eth0`,
        'link set eth0 up',
        'link set lo up',
        `route add default via ${gateway}`,
      ]);
    }
  }

  addresses(count: number): string[] {
    return Array.from({ length: count }, (_, i) => `10.251.${i >> 8}.${i & 255}`);
  }

  /** Nothing comes back from these any more, on any port, nor on connections that stand. */
  async kill(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) this.#dead.add(address);
    await ip(
      this.nodes,
      addresses.map((address) => `route add blackhole ${address}/32 table local`),
    );
  }

  async reviveAll(): Promise<void> {
    await ip(
      this.nodes,
      [...this.#dead].map((address) => `route del blackhole ${address}/32 table local`),
    );
    this.#dead.clear();
  }

  async remove(): Promise<void> {
    await removeNamespaces([this.nodes, ...this.replicas.map(({ namespace }) => namespace)]);
  }
}
