import assert from 'node:assert/strict';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../cluster/api-client.ts';
import { bgpConf, bgpPeer, bgpPeers, eip, ours } from '../local/objects.ts';
import { installObjects } from '../local/replicas.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { ManagerLab, type Condition } from './manager/manager-lab.ts';

const group = '/apis/network.kubesphere.io/v1alpha2';
const secret = 'correct-horse-battery';

type Configured = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

/** `show bgp neighbors json` of FRR 8.4, as far as it is read here. */
interface FrrNeighbor {
  readonly bgpState: string;
  readonly portForeign: number;
  readonly bgpTimerHoldTimeMsecs: number;
  readonly gracefulRestartInfo?: { readonly timers?: { readonly receivedRestartTimer?: number } };
}

suite('pools, peers and the BGP configuration, as they change', () => {
  let lab: ManagerLab;
  let ip: string;

  before(async () => {
    lab = await ManagerLab.up({ routers: 2 });
    await lab.create('web', { spec: { ...ours, ipFamilyPolicy: 'RequireDualStack' } });
    for (const address of await lab.addresses('web')) await lab.routed(address);
    ip = await lab.address('web');
  });
  after(() => lab.down());

  /** The condition `Ready` of a configuration object, once it is about the object as it is now and fulfils this. */
  async function ready(path: string, fulfilled: (condition: Condition) => boolean): Promise<Condition> {
    const look = async (): Promise<Condition | undefined> => {
      const { metadata, status } = await lab.lab.api.get<Configured>(`${group}/${path}`);
      const condition = status?.conditions?.find(({ type }) => type === 'Ready') as
        (Condition & { observedGeneration?: number }) | undefined;
      const current = condition?.observedGeneration === metadata['generation'];
      return condition !== undefined && current && fulfilled(condition) ? condition : undefined;
    };
    const explain = async (): Promise<string> =>
      JSON.stringify((await lab.lab.api.get<Configured>(`${group}/${path}`)).status);
    return until(look, { what: `Ready of ${path}`, explain });
  }

  async function rows(kind: string): Promise<string[][]> {
    const lines = (await lab.lab.kubectl(['get', kind])).trim().split('\n').slice(1);
    return lines.map((line) => line.split(/\s{2,}|\s+(?=\S+$)/));
  }

  async function columns(kind: string, wanted: readonly (readonly string[])[]): Promise<void> {
    // The last column is the age.
    const now = async (): Promise<string[][]> => (await rows(kind)).map((row) => row.slice(0, -1));
    await until(async () => JSON.stringify(await now()) === JSON.stringify(wanted), {
      what: `the columns of ${kind}`,
      explain: async () => JSON.stringify(await now()),
    });
  }

  /** A router's session with the replica: our port tells one connection from the next. */
  async function session(router: Router): Promise<{ port: number; holdTimeMs: number } | undefined> {
    const neighbors = JSON.parse(await router.vtysh('show bgp neighbors json')) as Record<string, FrrNeighbor>;
    const established = Object.values(neighbors).find(({ bgpState }) => bgpState === 'Established');
    return established && { port: established.portForeign, holdTimeMs: established.bgpTimerHoldTimeMsecs };
  }

  test('kubectl get shows how they are', async () => {
    const [r1, r2] = lab.lab.routers;
    await columns('eip', [['public', '["172.30.0.0/24","fd30:1::/112"]', 'bgp', '2', '65792', 'True']]);
    await columns('bgppeer', [
      ['r1', r1?.addresses.ipv4 ?? '', '65000', '1/1', 'True'],
      ['r2', r2?.addresses.ipv6 ?? '', '65000', '1/1', 'True'],
    ]);
    await ready('bgpconfs/default', ({ status }) => status === 'True');
  });

  test('a pool edit that the schema refuses changes nothing; one that only we can judge leaves the last good in force', async () => {
    await lab.lab.apply(eip('edited', { address: '172.31.0.0/28' }));
    const named = { spec: ours, annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'edited' } };
    await lab.create('kept', named);
    const kept = await lab.address('kept');
    await lab.routed(kept);
    const edit = (address: string): Promise<unknown> =>
      lab.lab.api.patch(`${group}/eips/edited`, { spec: { address } });

    await assert.rejects(edit('172.31.0.14-172.31.0.1'), /spec\.address/);
    await edit('fd31::9-fd31::1');
    const condition = await ready('eips/edited', ({ status }) => status === 'False');
    assert.equal(condition.reason, 'Invalid');
    assert.match(condition.message, /^spec\.address: .*fd31::9-fd31::1/);
    assert.match(condition.message, /last good version stays in force/);
    // Old addresses stay and new ones still come from it.
    await lab.routed(kept);
    await lab.create('newcomer', named);
    await lab.routed(await lab.address('newcomer'));

    await edit('172.31.0.0/28');
    await ready('eips/edited', ({ status, reason }) => status === 'True' && reason === 'InUse');
    await lab.routed(kept);
  });

  test('a disabled pool keeps what it gave and gives no more until it is enabled', async () => {
    await lab.lab.apply(eip('closing', { address: '172.31.1.0/28' }));
    const named = { spec: ours, annotations: { 'eip.porter.kubesphere.io/v1alpha2': 'closing' } };
    await lab.create('early', named);
    const early = await lab.address('early');
    await lab.lab.api.patch(`${group}/eips/closing`, { spec: { disable: true } });
    await ready('eips/closing', ({ status, reason }) => status === 'False' && reason === 'PoolDisabled');
    await lab.create('late', named);
    await lab.allocatedBecause('late', 'PoolDisabled');
    await lab.routed(early);
    await lab.lab.api.patch(`${group}/eips/closing`, { spec: { disable: false } });
    await lab.routed(await lab.address('late'));
  });

  test('an edit of a peer touches its own session only', async () => {
    const [r1, r2] = [lab.lab.router('r1'), lab.lab.router('r2')];
    const before = await session(r2);
    assert.equal(before?.holdTimeMs, 90_000);
    const timers = { config: { holdTime: '30', keepaliveInterval: '10' } };
    await lab.lab.apply(bgpPeer(r1, r1.addresses.ipv4, { timers }));
    await until(async () => (await session(r1))?.holdTimeMs === 30_000, { what: 'r1 to have agreed on 30 s' });
    await lab.routed(ip);
    assert.deepEqual(await session(r2), before);
  });

  /** Both sessions, as the routers have them. */
  async function sessions(): Promise<Awaited<ReturnType<typeof session>>[]> {
    const found = await Promise.all(lab.lab.routers.map(session));
    assert.ok(found.every((each) => each !== undefined));
    return found;
  }

  test('the status of a peer says what was negotiated with a real router', async () => {
    type Negotiated = Readonly<Record<string, unknown>> & { readonly capabilities?: readonly string[] };
    type Status = { readonly replicas?: readonly { readonly negotiated?: Negotiated }[] };
    const { status } = await lab.lab.api.get<KubeObject & { status: Status }>(`${group}/bgppeers/r2`);
    const { capabilities = [], ...agreed } = status.replicas?.[0]?.negotiated ?? {};
    const both = ['ipv4-unicast', 'ipv6-unicast'];
    const sorted = (list: unknown): string[] => (list as string[]).toSorted();
    const lists = { families: sorted(agreed['families']), addPaths: sorted(agreed['addPaths']) };
    assert.deepEqual(
      { ...agreed, ...lists },
      {
        ...{ routerId: agreed['routerId'], holdTimeSeconds: 90, families: both, addPaths: both },
        gracefulRestart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 120, notification: true },
        ...{ fourOctetAs: true, routeRefresh: true, enhancedRouteRefresh: true },
        ...{ extendedMessages: true, extendedNextHop: false },
      },
    );
    for (const known of ['multiprotocol ipv4-unicast', 'add-path ipv6-unicast receive', 'fqdn']) {
      assert.ok(capabilities.includes(known), `${known} in ${capabilities.join(', ')}`);
    }
  });

  test('edits that change nothing of a session, and those that cannot be used, touch none', async () => {
    const [r1, r2] = [lab.lab.router('r1'), lab.lab.router('r2')];
    const before = await sessions();
    const edit = (path: string, spec: object): Promise<unknown> => lab.lab.api.patch(`${group}/${path}`, { spec });
    const [n1 = '', n2 = ''] = lab.lab.nodes.map(({ addresses }) => addresses.ipv4);

    // Of the peer: its backoff, its labels, the number of next hops; and back.
    const paths = (sendMax: number): object => ({
      afiSafis: ['AFI_IP', 'AFI_IP6'].map((afi) => ({
        config: { family: { afi, safi: 'SAFI_UNICAST' } },
        addPaths: { config: { sendMax } },
      })),
    });
    await edit('bgppeers/r1', { ...paths(2), timers: { config: { connectRetry: '9' } } });
    await lab.lab.api.patch(`${group}/bgppeers/r1`, { metadata: { labels: { rack: 'a' } } });
    await until(async () => (await r1.routes(ip)).length === 2, { what: 'r1 to have two next hops' });
    await edit('bgppeers/r1', { ...paths(10), timers: { config: { connectRetry: null } } });
    await lab.routed(ip);
    // Of what all sessions have in common: what is ignored, or what it was before.
    await edit('bgpconfs/default', { useMultiplePaths: true, gracefulRestart: { enabled: true, restartTime: 120 } });
    await ready('bgpconfs/default', ({ status }) => status === 'True');
    // By the schema or by us, it can't be used.
    await assert.rejects(edit('bgpconfs/default', { as: 0 }), /spec\.as/);
    await assert.rejects(edit('bgpconfs/default', { routerId: 'r1' }), /spec\.routerId/);
    await assert.rejects(edit('bgppeers/r1', { timers: { config: { holdTime: '2' } } }), /holdTime/);
    await edit('bgppeers/r1', { transport: { localAddress: lab.lab.node('n1').addresses.ipv6 } });
    await ready('bgppeers/r1', ({ status, reason }) => status === 'False' && reason === 'Invalid');
    // A change that depends on all of it went through.
    await lab.lab.api.delete('/api/v1/nodes/n3');
    for (const router of [r1, r2]) await router.waitForRoutes(ip, [n1, n2]);
    const { ipv4, ipv6 } = lab.lab.node('n3').addresses;
    await lab.lab.addNodes([{ name: 'n3', addresses: [ipv4, ipv6] }]);
    await lab.routed(ip);
    await edit('bgppeers/r1', { transport: null });
    await ready('bgppeers/r1', ({ status }) => status === 'True');
    assert.deepEqual(await sessions(), before);
  });

  test('an edit of the BgpConf touches the sessions that it is about: not that of a peer which says otherwise', async () => {
    const [r1, r2] = [lab.lab.router('r1'), lab.lab.router('r2')];
    const edit = (path: string, spec: object): Promise<unknown> => lab.lab.api.patch(`${group}/${path}`, { spec });
    const [first] = await sessions();
    await edit('bgppeers/r2', { gracefulRestart: { enabled: true, restartTime: 90 } });
    await restarted(r2, 90);
    const before = await sessions();
    assert.deepEqual(before[0], first);
    await edit('bgpconfs/default', { gracefulRestart: { enabled: true, restartTime: 60 } });
    await restarted(r1, 60);
    await lab.routed(ip);
    assert.deepEqual(await session(r2), before[1]);
    await edit('bgpconfs/default', { gracefulRestart: null, useMultiplePaths: null });
    await restarted(r1, 120);
    await lab.routed(ip);
    assert.deepEqual(await session(r2), before[1]);
    await edit('bgppeers/r2', { gracefulRestart: null });
    await restarted(r2, 120);
    await lab.routed(ip);
  });

  /** Waits until a router has been told of this restart time (RFC 4724), in seconds, by a session that is up. */
  async function restarted(router: Router, restartTime: number): Promise<void> {
    const told = async (): Promise<string> => {
      const neighbors = JSON.parse(await router.vtysh('show bgp neighbors json')) as Record<string, FrrNeighbor>;
      const established = Object.values(neighbors).filter(({ bgpState }) => bgpState === 'Established');
      return established.map((each) => each.gracefulRestartInfo?.timers?.receivedRestartTimer).join();
    };
    await until(async () => (await told()) === String(restartTime), {
      what: `${router.name} to know the restart time ${restartTime} s`,
      explain: told,
    });
  }

  test('both routers reset their sessions at once: sessions and routes are back', async (t) => {
    const before = await sessions();
    await Promise.all(lab.lab.routers.map((router) => router.vtysh('clear bgp *')));
    await Promise.all(lab.lab.routers.map((router, i) => backIn(t, router, before[i])));
  });

  /** Waits until a router has another session than before and all routes, and says how long the routes took after the session. */
  async function backIn(t: TestContext, router: Router, before: Awaited<ReturnType<typeof session>>): Promise<void> {
    const another = async (): Promise<boolean> => {
      const now = await session(router);
      return now !== undefined && now.port !== before?.port;
    };
    await until(another, { what: `${router.name} to have a new session`, intervalMs: 20 });
    const start = performance.now();
    await router.waitForRoutes(
      ip,
      lab.lab.nodes.map(({ addresses }) => addresses.ipv4),
    );
    t.diagnostic(
      `${router.name}: routes ${((performance.now() - start) / 1_000).toFixed(2)} s after its session was seen`,
    );
  }

  test('a peer that is deleted loses its routes, the others keep theirs; it gets them again', async () => {
    const [r1, r2] = [lab.lab.router('r1'), lab.lab.router('r2')];
    const gateways = lab.lab.nodes.map(({ addresses }) => addresses.ipv4);
    const before = await session(r2);
    assert.ok(before);
    await lab.lab.api.delete(`${group}/bgppeers/r1`);
    await r1.waitForRoutes(ip, []);
    await r2.waitForRoutes(ip, gateways);
    await lab.lab.apply(bgpPeer(r1, r1.addresses.ipv4));
    await lab.routed(ip);
    assert.deepEqual(await session(r2), before);
    await columns('bgppeer', [
      ['r1', r1.addresses.ipv4, '65000', '1/1', 'True'],
      ['r2', r2.addresses.ipv6, '65000', '1/1', 'True'],
    ]);
  });

  test('the CRD of peers is deleted by mistake and created anew: sessions and routes stay', async () => {
    const before = await sessions();
    await lab.lab.kubectl(['delete', 'crd', 'bgppeers.network.kubesphere.io', '--timeout=120s']);
    const noticed = async (): Promise<boolean> =>
      (await lab.replicas.log('n1')).includes('"resource":"bgppeers","state":"absent"');
    await until(noticed, { what: 'the replica to have noticed', explain: () => lab.logTail('n1') });
    await lab.routed(ip);
    await installObjects(lab.lab);
    // What waits for the kind looks for it every so many seconds.
    for (const peer of bgpPeers(lab.lab.routers)) await lab.lab.apply(peer);
    await until(async () => (await rows('bgppeer')).filter((row) => row.includes('1/1')).length === 2, {
      what: 'the new peers to have their status',
      timeoutMs: 90_000,
      explain: async () => JSON.stringify(await rows('bgppeer')),
    });
    await lab.routed(ip);
    assert.deepEqual(await sessions(), before);
  });

  test('a router that goes down is seen in the column, tried seldom, and has its routes soon after it is back', async (t) => {
    const [r1, r2] = [lab.lab.router('r1'), lab.lab.router('r2')];
    const other = await session(r2);
    await r1.stop();
    const start = performance.now();
    const countSyns = await attemptsTo(r1);
    const established = async (): Promise<string> =>
      lab.lab.kubectl(['get', 'bgppeer', 'r1', '-o', 'jsonpath={.status.established}']);
    await until(async () => (await established()) === '0/1', {
      what: 'r1 to be reported as down',
      explain: established,
    });
    await sleep(8_000);
    const seconds = (performance.now() - start) / 1_000;
    const syns = await countSyns();
    t.diagnostic(`${syns} attempts in ${seconds.toFixed(1)} s`);
    // After 1, 2, 4 s and then every 5 s, each up to a quarter sooner.
    assert.ok(syns >= 1 && syns <= 4 + seconds / 3.75, `${syns} attempts in ${seconds} s`);
    await r1.start();
    await backIn(t, r1, undefined);
    await lab.routed(ip, undefined, 60_000);
    assert.deepEqual(await session(r2), other);
    await until(async () => (await established()) === '1/1', { what: 'r1 to be reported as up', explain: established });
  });

  /** Counts the connections that the replica tries to open to a router from now on, as its kernel does. */
  async function attemptsTo(router: Router): Promise<() => Promise<number>> {
    const n1 = lab.lab.node('n1');
    const rule = ['OUTPUT', '-p', 'tcp', '--syn', '-d', router.addresses.ipv4, '--dport', '179'];
    await n1.exec('iptables', '-A', ...rule);
    return async () => {
      const [packets = ''] = (await n1.exec('iptables', '-nvxL', 'OUTPUT')).split('\n').slice(2);
      await n1.exec('iptables', '-D', ...rule);
      return Number(packets.trim().split(/\s+/)[0]);
    };
  }

  test('without a BgpConf nothing is announced; with it everything is again', async () => {
    await lab.lab.api.delete(`${group}/bgpconfs/default`);
    for (const address of await lab.addresses('web')) await lab.routed(address, []);
    await lab.lab.apply(bgpConf());
    for (const address of await lab.addresses('web')) await lab.routed(address, undefined, 60_000);
  });

  test('a password from a Secret: missing, wrong, right; it shows up in no log and no status', async () => {
    const r1 = lab.lab.router('r1');
    await r1.vtysh('configure terminal', `router bgp ${r1.asn}`, `neighbor cluster password ${secret}`);
    const kept = await session(lab.lab.router('r2'));
    await lab.lab.apply(bgpPeer(r1, r1.addresses.ipv4, { passwordSecretRef: { name: 'r1' } }));
    // For a moment it is not known yet whether there is such a Secret, which is told under the same reason.
    const isRead = (message: string): boolean => !message.includes('has not been read yet');
    const missing = await ready('bgppeers/r1', (told) => told.reason === 'PasswordMissing' && isRead(told.message));
    assert.equal(
      missing.message,
      'There is no Secret porterlb-system/r1. The last configuration stays in force until then.',
    );
    const password = (value: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'r1', namespace: 'porterlb-system' },
      stringData: { password: value },
    });
    await lab.lab.apply(password(`${secret}-of-before`));
    await ready('bgppeers/r1', ({ message }) => message.includes('wrong or missing TCP-MD5 password?'));
    await lab.lab.apply(password(secret));
    await ready('bgppeers/r1', ({ status }) => status === 'True');
    await lab.routed(ip);
    assert.deepEqual(await session(lab.lab.router('r2')), kept);
    for (const { status } of await lab.lab.api.list<Configured>(`${group}/bgppeers`)) {
      assert.ok(status !== undefined && !JSON.stringify(status).includes(secret));
    }
    assert.ok(!(await lab.replicas.log('n1')).includes(secret));
  });
});
