/**
 * The manager as it runs, with GoBGP and with OpenBGPD within its AS. They put no routes into a Linux kernel: their tables are put there for them, so that
 * traffic goes by what they have.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { bgpPeer, ours } from '../local/objects.ts';
import type { Host } from '../network/host.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { GobgpRouter } from './bgp-routers/gobgp-router.ts';
import { LentNetwork } from './bgp-routers/lent-network.ts';
import { OpenbgpdRouter } from './bgp-routers/openbgpd-router.ts';
import type { ProgramRouter } from './bgp-routers/program-router.ts';
import { routerAs, type RouterOptions } from './bgp-routers/router.ts';
import { TableMirror } from './bgp-routers/traffic.ts';
import { ManagerLab } from './manager/manager-lab.ts';

const enough = 50;

/** A router on a host of the nodes' network, and what its table has put into the host's kernel. */
interface Tabled {
  readonly host: Host;
  readonly router: ProgramRouter;
  readonly mirror: TableMirror;
}

suite('one replica, GoBGP and OpenBGPD', () => {
  let lab: ManagerLab;
  let ip: string;
  const tabled = new Map<string, Tabled>();

  before(async () => {
    lab = await ManagerLab.up({ hosts: 2 });
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    for (const node of lab.lab.nodes) await node.serve(ip);
    await ensurePrograms(['gobgpd', 'gobgp', '/usr/sbin/bgpd', 'bgpctl'], progressToStderr);
    await add('gobgp', lab.lab.host('h1'), (...args) => GobgpRouter.start(...args));
    await add('openbgpd', lab.lab.host('h2'), (...args) => OpenbgpdRouter.start(...args));
  });
  after(async () => {
    for (const { mirror, router } of tabled.values()) {
      await mirror.stop();
      await router.remove();
    }
    await lab.down();
  });

  async function add(
    name: string,
    host: Host,
    start: (name: string, network: LentNetwork, options: RouterOptions) => Promise<ProgramRouter>,
  ): Promise<void> {
    const network = new LentNetwork(name, host, lab.lab.node('n1'));
    const router = await start(name, network, { internal: true });
    const hops = lab.lab.nodes.map(({ addresses }) => addresses.ipv4);
    tabled.set(name, { host, router, mirror: await new TableMirror(router, hops).start() });
    const { addresses } = host;
    await lab.lab.apply(bgpPeer({ name, asn: routerAs, addresses }, addresses.ipv4));
    await complete(name);
  }

  /** The router has its session, all nodes as next hops, and so has the kernel beside it. */
  async function complete(name: string): Promise<void> {
    const { router } = of(name);
    const wanted = lab.lab.nodes.map(({ addresses }) => addresses.ipv4).join();
    const has = async (): Promise<boolean> => {
      const [table] = await router.tables();
      return (await router.established()) === 1 && table?.get(`${ip}/32`)?.join() === wanted;
    };
    await until(has, { what: `${name} to have ${ip} by all nodes`, explain: () => router.log });
  }

  function of(name: string): Tabled {
    return tabled.get(name) ?? assert.fail(name);
  }

  test('the only replica is killed (SIGKILL) under traffic and comes back: no request by either table is lost', async () => {
    const names = [...tabled.keys()];
    const traffic = names.map((name) => new PacedTraffic(of(name).host, ip, { everyMs: 40, timeoutMs: 10_000 }));
    const more = async (): Promise<void> => {
      const before = traffic.map(({ outcomes }) => outcomes.length);
      const grown = async (): Promise<boolean> =>
        traffic.every(({ outcomes }, i) => outcomes.length >= (before[i] ?? 0) + enough);
      await until(grown, { what: `${enough} requests more by each table` });
    };
    let ended: Awaited<ReturnType<PacedTraffic['stop']>>[] = [];
    try {
      await more();
      await lab.replicas.stop('n1', 'SIGKILL');
      for (const name of names) {
        await until(async () => (await of(name).router.established()) === 0, { what: `${name} to have no session` });
      }
      await more();
      await lab.replicas.start('n1');
      for (const name of names) await complete(name);
      await more();
    } finally {
      ended = await Promise.all(traffic.map((each) => each.stop()));
    }
    for (const [i, outcomes] of ended.entries()) {
      assert.ok(outcomes.length >= 3 * enough, `${names[i]}: ${outcomes.length} requests`);
      assert.deepEqual(
        outcomes.filter((outcome) => !isAnswered(outcome)),
        [],
        names[i],
      );
    }
  });
});
