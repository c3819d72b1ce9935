import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../state/until.ts';
import { SpeakerHandle } from '../../scenarios/bgp-frr/speaker-handle.ts';
import { Daemon } from '../../scenarios/bgp-routers/daemon.ts';
import { inNamespace } from '../../scenarios/bgp-routers/router-network.ts';
import { common, fullTable, hopsPerPrefix, paths } from './full-table.ts';
import { places, type Place } from './receivers.ts';

/** Where it gets its routes from: a speaker of ours in another AS. */
const feedAs = 65002;

const configuration = `
[global.config]
  as = 65000
  router-id = "10.211.0.3"
[global.apply-policy.config]
  export-policy-list = ["as-they-are"]
  default-export-policy = "accept-route"
[[policy-definitions]]
  name = "as-they-are"
  [[policy-definitions.statements]]
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
    [policy-definitions.statements.actions.bgp-actions]
      set-next-hop = "unchanged"
      set-med = "100"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "127.0.0.1"
    peer-as = ${feedAs}
  [neighbors.transport.config]
    passive-mode = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.add-paths.config]
      receive = true
${places
  .map(
    ({ address, port }) => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = 65001
    admin-down = true
  [neighbors.transport.config]
    remote-port = ${port}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.add-paths.config]
      send-max = ${hopsPerPrefix}`,
  )
  .join('')}
`;

interface Neighbor {
  readonly afi_safis?: readonly { readonly state?: { readonly accepted?: number } }[];
}

/** GoBGP with the same routes as our speaker has; it sends them to a router when told to. */
export class GobgpSender {
  readonly #namespace: string;
  readonly #daemon: Daemon;
  readonly #feed: SpeakerHandle;

  private constructor(namespace: string, file: string) {
    this.#namespace = namespace;
    this.#daemon = new Daemon(namespace, ['gobgpd', '-f', file, '--api-hosts', '127.0.0.1:50051']);
    this.#feed = new SpeakerHandle(namespace);
  }

  static async start(namespace: string, folder: string): Promise<GobgpSender> {
    const file = join(folder, 'gobgpd.toml');
    await writeFile(file, configuration);
    const sender = new GobgpSender(namespace, file);
    const peer = {
      ...common,
      key: 'feed',
      address: '127.0.0.1',
      localAs: feedAs,
      peerAs: 65000,
      routerId: '10.211.0.4',
    };
    await sender.#feed.configure([peer]);
    await sender.#feed.setRoutes('feed', [...fullTable().values()]);
    await until(async () => (await sender.#accepted()) === paths, {
      what: 'GoBGP to have all routes',
      timeoutMs: 120_000,
      explain: () => sender.#daemon.output,
    });
    return sender;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** Opens a session with a receiver. */
  async connect({ address }: Place): Promise<void> {
    await this.#gobgp('neighbor', address, 'enable');
  }

  async disconnect({ address }: Place): Promise<void> {
    await this.#gobgp('neighbor', address, 'disable');
  }

  async stop(): Promise<void> {
    await this.#feed.kill();
    await this.#daemon.kill();
  }

  async #accepted(): Promise<number> {
    const { afi_safis: families } = JSON.parse(await this.#gobgp('-j', 'neighbor', '127.0.0.1')) as Neighbor;
    return families?.[0]?.state?.accepted ?? 0;
  }

  #gobgp(...command: readonly string[]): Promise<string> {
    return inNamespace(this.#namespace, 'gobgp', ...command);
  }
}
