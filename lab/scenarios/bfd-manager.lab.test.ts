/**
 * BFD as users have it: by a field of the BgpPeer, with FRR and with BIRD, on the manager as it runs in a cluster. What the routers say of their sessions and
 * what their kernels route is asserted, and what users are shown.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { bgpPeer, ours } from '../local/objects.ts';
import type { BirdRouter } from '../network/bird-router.ts';
import type { BfdPeerSummary, Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { Metrics } from './manager/metrics.ts';

const peers = '/apis/network.kubesphere.io/v1alpha2/bgppeers';
/** Of seconds of silence the sessions die, on either side, not of those moments in which a busy machine has no time for one of the two. */
const detectMultiplier = 12;

interface ReplicaBfd {
  readonly state: string;
  readonly since: string;
  readonly transmitIntervalMs?: number;
  readonly detectionTimeMs?: number;
  readonly diagnostic?: string;
}

type LivePeer = KubeObject & {
  readonly status?: {
    readonly replicas?: readonly { readonly sessionState: string; readonly since: string; readonly bfd?: ReplicaBfd }[];
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  };
};

suite('BFD of a peer', () => {
  let lab: ManagerLab;
  let frr: Router;
  let bird: BirdRouter;
  let ip: string;

  before(async () => {
    lab = await ManagerLab.up({ hosts: 1 });
    frr = lab.lab.router('r1');
    await frr.startBfd(`${detectMultiplier} 200 200`);
    // FRR gives BFD to sessions of a range when they come up.
    await frr.vtysh('clear bgp *');
    await lab.sessions('n1');
    bird = await lab.lab.startBird(lab.lab.host('h1'), {
      bfd: `interval 250 ms; multiplier ${detectMultiplier};`,
    });
    await lab.lab.apply(bgpPeer(bird, bird.addresses.ipv4));
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    await routed();
  });
  after(() => lab.down());

  async function routed(): Promise<void> {
    await lab.routed(ip);
    const wanted = lab.lab.nodes.map(({ addresses }) => addresses.ipv4).join();
    await until(async () => (await bird.gateways(ip)).join() === wanted, { what: "BIRD's kernel to have the route" });
  }

  async function setBfd(name: string, bfd: object | null): Promise<void> {
    await lab.lab.api.patch(`${peers}/${name}`, { spec: { bfd } });
  }

  type Entry = NonNullable<NonNullable<LivePeer['status']>['replicas']>[number];

  /** What the BgpPeer shows of the replica on n1, once it is so. */
  async function shown(name: string, what: string, wanted: (entry: Entry) => boolean): Promise<Entry> {
    const look = async (): Promise<Entry | undefined> =>
      (await lab.lab.api.get<LivePeer>(`${peers}/${name}`)).status?.replicas?.find(wanted);
    const explain = async (): Promise<string> =>
      `${JSON.stringify((await lab.lab.api.get<LivePeer>(`${peers}/${name}`)).status)}\n${await lab.logTail('n1')}`;
    return until(look, { what: `${name} to show ${what}`, explain });
  }

  async function messageOf(name: string, what: string, wanted: (message: string) => boolean): Promise<void> {
    const look = async (): Promise<string | undefined> => {
      const { status } = await lab.lab.api.get<LivePeer>(`${peers}/${name}`);
      return status?.conditions?.find(({ type }) => type === 'Ready')?.message;
    };
    await until(async () => wanted((await look()) ?? ''), {
      what: `Ready of ${name} ${what}`,
      explain: async () => String(await look()),
    });
  }

  async function inFrr(what: string, wanted: (session: BfdPeerSummary) => boolean): Promise<BfdPeerSummary> {
    const look = async (): Promise<BfdPeerSummary | undefined> => (await frr.bfdPeers()).find(wanted);
    return until(look, { what: `FRR's BFD ${what}`, explain: async () => JSON.stringify(await frr.bfdPeers()) });
  }

  async function inBird(state: string): Promise<void> {
    const look = (): Promise<string> => bird.birdc('show', 'bfd', 'sessions');
    const pattern = new RegExp(
      `^${lab.lab.node('n1').addresses.ipv4.replaceAll('.', '\\.')}\\s+\\S+\\s+${state}\\s`,
      'm',
    );
    await until(async () => pattern.test(await look()), { what: `BIRD's BFD to be ${state}`, explain: look });
  }

  test('is switched on and changed without a new session of BGP, and shown where users look', async () => {
    const before = await Promise.all(
      ['r1', 'bird'].map((name) => shown(name, 'a session', ({ sessionState }) => sessionState === 'Established')),
    );
    // Not what FRR has for a router on its link.
    await setBfd('r1', { enabled: true, multihop: true, detectMultiplier });
    await shown('r1', 'that BFD is down', ({ bfd }) => bfd?.state === 'Down');
    await messageOf('r1', 'to say so', (message) => message.includes('spec.bfd: BFD is not up from n1'));

    await setBfd('r1', { multihop: false });
    await setBfd('bird', { enabled: true, transmitIntervalMs: 200, receiveIntervalMs: 200, detectMultiplier });
    const isUp = ({ bfd }: Entry): boolean => bfd?.state === 'Up' && bfd.detectionTimeMs !== undefined;
    await inFrr('to be up', ({ status }) => status === 'up');
    await inBird('Up');
    await shown(
      'r1',
      'what was agreed on',
      (entry) => isUp(entry) && entry.bfd?.detectionTimeMs === detectMultiplier * 300,
    );
    await shown(
      'bird',
      'what was agreed on',
      (entry) => isUp(entry) && entry.bfd?.detectionTimeMs === detectMultiplier * 250,
    );
    await messageOf('r1', 'to say that all is well', (message) => message === 'In use.');
    const metrics = await Metrics.of(lab, 'n1');
    assert.deepEqual(metrics.series('porterlb_bfd_session_up{').length, 2);
    assert.equal(metrics.sum('porterlb_bfd_session_up{'), 2);
    assert.equal(metrics.sum('porterlb_bfd_session_failures_total'), 0);

    await setBfd('r1', { transmitIntervalMs: 150, detectMultiplier: 17 });
    await inFrr(
      'to have the new interval',
      (it) => it['remote-transmit-interval'] === 150 && it['remote-detect-multiplier'] === 17,
    );
    const now = await Promise.all(
      ['r1', 'bird'].map((name) => shown(name, 'a session', ({ sessionState }) => sessionState === 'Established')),
    );
    assert.deepEqual(
      now.map(({ since }) => since),
      before.map(({ since }) => since),
    );
    // BIRD takes that for a failure, and has its session again at once.
    await setBfd('bird', null);
    await shown('bird', 'no BFD', ({ bfd, sessionState }) => bfd === undefined && sessionState === 'Established');
    await routed();
  });

  test('the only replica restarts: no router takes that for a failure, and its routes stay', async () => {
    await setBfd('bird', { enabled: true, transmitIntervalMs: 200, receiveIntervalMs: 200, detectMultiplier });
    await inFrr('to be up', ({ status }) => status === 'up');
    await inBird('Up');
    let watching = true;
    const seen = new Set<string>();
    const watch = (async (): Promise<void> => {
      while (watching) {
        seen.add(`FRR ${(await frr.routes(ip)).length > 0}`);
        seen.add(`BIRD ${(await bird.gateways(ip)).length > 0}`);
      }
    })();
    try {
      await lab.replicas.stop('n1');
      await until(async () => (await frr.establishedPeers()).length === 0, { what: 'FRR to have noticed' });
      await until(async () => (await bird.established()) === 0, { what: 'BIRD to have noticed' });
      await lab.replicas.start('n1');
      await inFrr('to be up again', ({ status }) => status === 'up');
      await inBird('Up');
      await routed();
    } finally {
      watching = false;
      await watch;
    }
    assert.deepEqual([...seen].sort(), ['BIRD true', 'FRR true']);
  });
});
