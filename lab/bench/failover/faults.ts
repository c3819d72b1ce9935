import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../cluster/api-client.ts';
import { bgpPeer, defaultPool, eip } from '../../local/objects.ts';
import { httpPort } from '../../local/replicas.ts';
import { LineProcess } from '../../lan/line-process.ts';
import { saved, startsFromSaved } from '../../scenarios/manager/saved-state.ts';
import { until } from '../../state/until.ts';
import type { HostileCommand, Hostilities } from './hostile-process.ts';
import { nodes, nowMs, type FailoverSite, type TrafficKind } from './site.ts';
import type { Goal } from './table.ts';

export interface FaultRow {
  /** By which `--only` chooses it. */
  readonly name: string;
  readonly what: string;
  /** The node that is hit; the host's requests go to an address that it owns. */
  readonly victim: string;
  readonly goals: Partial<Record<TrafficKind, Goal>>;
  readonly before?: (site: FailoverSite) => Promise<void>;
  readonly act: (site: FailoverSite, run: FaultRun) => Promise<void>;
  readonly after?: (site: FailoverSite) => Promise<void>;
}

export interface FaultRun {
  /** To be called when the fault is done; without that it counts from the beginning of `act`. */
  readonly mark: () => void;
  /** A time that no client sees, in milliseconds; of the row's own kind. */
  readonly time: (ms: number) => void;
}

const none: FaultRow['goals'] = { local: { lost: 0 }, cluster: { lost: 0 }, layer2: { lost: 0 } };
/** The address of the link moves with its owner, as in any planned move. */
const moved: FaultRow['goals'] = { ...none, layer2: { gapMs: 300 } };
const dead: FaultRow['goals'] = { local: { lossMs: 3_000 }, cluster: { lossMs: 3_000 }, layer2: { lossMs: 2_500 } };
const others = (victim: string): string[] => nodes.filter((node) => node !== victim);

function nodeDies(name: string, what: string, victim: string): FaultRow {
  return {
    name,
    what,
    victim,
    goals: dead,
    before: (site) => site.clusterEndpoints(...others(victim)),
    act: async ({ manager }, { mark }) => {
      await manager.lab.node(victim).disconnect();
      mark();
      await manager.lab.node(victim).powerOff();
    },
    after: async (site) => {
      await site.clusterEndpoints(...nodes);
      await site.powerOn(victim);
    },
  };
}

async function restarts(site: FailoverSite, ...which: string[]): Promise<void> {
  const { manager } = site;
  await Promise.all(which.map((node) => manager.replicas.stop(node, 'SIGKILL')));
  await manager.replicas.start(...which);
  await manager.sessions(...nodes);
  for (const node of which) {
    const due = { what: `the replica on ${node} to go by what it kept`, explain: () => manager.logTail(node) };
    await until(async () => (await startsFromSaved(manager, node)) > 0, due);
  }
  // Every view is stale now, and the order among them holds.
  await site.meds([400, 500, 500]);
}

function apiDown(name: string, what: string, act: (site: FailoverSite) => Promise<void>): FaultRow {
  return {
    name,
    what,
    victim: 'n1',
    goals: moved,
    before: ({ manager }) => saved(manager, nodes, ['local', 'cluster']),
    act: async (site) => {
      await site.manager.lab.stopApiServer();
      try {
        await act(site);
      } finally {
        await site.manager.lab.startApiServer();
      }
      await site.atRest();
    },
  };
}

/**
 * n1 hears nothing of the API server any more, and then the Service with `Local` leaves it: the router has one next hop less, and what
 * it hashes to another one at that moment is reset there.
 */
const cutOff: FaultRow = {
  name: 'cut-off',
  what: 'the first-ranked replica is cut off from the API server, and Pods move',
  victim: 'n1',
  goals: { ...moved, local: { lostByHash: true } },
  act: async (site) => {
    const { manager, ips } = site;
    await manager.replicas.hideApiServer('n1');
    await site.meds([400, 100, 200]);
    await site.localEndpoints(...others('n1'));
    await manager.routed(ips.local, others('n1'));
    // Nothing is left there that could answer.
    await manager.lab.node('n1').exec('ip', 'address', 'del', `${ips.local}/32`, 'dev', 'lo');
  },
  after: async (site) => {
    await site.manager.lab.node('n1').serve(site.ips.local);
    await site.localEndpoints(...nodes);
    await site.manager.replicas.showApiServer('n1');
  },
};

const routerRestarts: FaultRow = {
  name: 'router',
  what: 'the router restarts',
  victim: 'n1',
  goals: { layer2: { lost: 0 } },
  act: async ({ manager, ips }, { time }) => {
    const router = manager.lab.router('r1');
    const start = nowMs();
    await router.restart();
    const gateways = nodes.map((node) => manager.lab.node(node).addresses.ipv4);
    const patience = { timeoutMs: 60_000, intervalMs: 10 };
    await router.waitForRoutes(ips.local, gateways, patience);
    const routed = nowMs();
    const established = await until(() => router.sessionSince(start), { what: 'bgpd to tell of a session' });
    time(Math.max(0, routed - established));
  },
};

const invalidEdit: FaultRow = {
  name: 'invalid-edit',
  what: 'edits that make no sense: a pool, the AS, a second peer for the same router',
  victim: 'n1',
  goals: none,
  act: async ({ manager: { lab } }) => {
    const router = lab.router('r1');
    await lab.apply(eip('public', { addresses: ['fd30:1::9-fd30:1::1'] }, defaultPool));
    const path = '/apis/network.kubesphere.io/v1alpha2/bgpconfs/default';
    const refused = await lab.api.patch(path, { spec: { as: 0 } }).catch((error: unknown) => error);
    if (!(refused instanceof ApiError)) throw new Error('the API server took AS 0');
    await lab.apply({ ...bgpPeer(router, router.addresses.ipv4), metadata: { name: 'twin' } });
    await sleep(1_000);
    await lab.api.delete('/apis/network.kubesphere.io/v1alpha2/bgppeers/twin');
    await lab.apply(eip('public', { addresses: ['172.30.0.0/24', 'fd30:1::/112'] }, defaultPool));
  },
};

const hostileAs = 65_009;
/** A session of each replica. */
const hostileSessions = 3;
const probePort = 17_981;

const hostile: FaultRow = {
  name: 'hostile',
  what: 'a router that sends malformed UPDATEs, garbled ARP, and noise at every port',
  victim: 'n1',
  goals: none,
  act: async ({ manager: { lab } }) => {
    const host = lab.host('h2');
    const router = { name: 'hostile', asn: hostileAs, addresses: host.addresses };
    const program = new URL('hostile-process.ts', import.meta.url).pathname;
    const process = new LineProcess<HostileCommand, Hostilities>(host, program);
    try {
      await lab.apply(bgpPeer(router, host.addresses.ipv4));
      const { sessions } = await process.tell({
        ...{ as: hostileAs, nodes: lab.nodes.map(({ addresses }) => addresses.ipv4), probePort, httpPort },
        ...{ ips: ['10.50.0.64', '10.50.0.65'], sessions: hostileSessions, seconds: 60 },
      });
      if (sessions < hostileSessions) throw new Error(`the hostile router had ${sessions} sessions only`);
    } finally {
      process.close();
      await lab.api.delete(`/apis/network.kubesphere.io/v1alpha2/bgppeers/${router.name}`);
    }
  },
};

const replicaKilled: FaultRow = {
  name: 'replica-killed',
  what: 'the first-ranked replica is killed, and comes back',
  victim: 'n1',
  goals: moved,
  act: async (site) => {
    await site.manager.replicas.stop('n1', 'SIGKILL');
    await site.meds([undefined, 49, 200]);
    await site.manager.replicas.start('n1');
    await site.atRest();
  },
};

const replicaLeaves: FaultRow = {
  name: 'replica-leaves',
  what: 'the first-ranked replica leaves, and comes back',
  victim: 'n1',
  goals: moved,
  act: async (site) => {
    const { replicas } = site.manager;
    await replicas.stop('n1');
    await replicas.setMembers(...others('n1'));
    await site.meds([undefined, 100, 200]);
    await replicas.setMembers(...nodes);
    await replicas.start('n1');
    await site.atRest();
  },
};

const upgrade: FaultRow = {
  name: 'upgrade',
  what: 'a rolling upgrade of all replicas',
  victim: 'n1',
  goals: moved,
  act: async (site) => {
    for (const node of nodes) {
      await site.manager.replicas.stop(node);
      await site.manager.replicas.start(node);
      await site.atRest();
    }
  },
};

const scaled: FaultRow = {
  name: 'scaled',
  what: 'scaled from three replicas to one and back',
  victim: 'n2',
  goals: moved,
  act: async (site) => {
    const { replicas } = site.manager;
    await Promise.all(others('n1').map((node) => replicas.stop(node)));
    await replicas.setMembers('n1');
    await site.meds([100, undefined, undefined]);
    await replicas.setMembers(...nodes);
    await replicas.start(...others('n1'));
    await site.atRest();
  },
};

/** In the order of the promises. */
export const faultRows: readonly FaultRow[] = [
  nodeDies('node', 'a node dies', 'n3'),
  nodeDies('first-node', 'the node of the first-ranked replica dies', 'n1'),
  replicaKilled,
  replicaLeaves,
  upgrade,
  scaled,
  apiDown('api-down', 'the API server is down, and all replicas are killed, one after the other', async (site) => {
    for (const node of nodes) await restarts(site, node);
  }),
  apiDown('api-down-all', 'the same, all at once', (site) => restarts(site, ...nodes)),
  cutOff,
  routerRestarts,
  invalidEdit,
  hostile,
];
