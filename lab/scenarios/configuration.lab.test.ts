import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { KubeObject } from '../cluster/api-client.ts';
import { bgpConf, bgpPeer, bgpPeers, eip, ours } from '../local/objects.ts';
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

  test('a router that goes down is seen in the column, and has its routes soon after it is back', async () => {
    const r1 = lab.lab.router('r1');
    await r1.stop();
    const established = async (): Promise<string> =>
      lab.lab.kubectl(['get', 'bgppeer', 'r1', '-o', 'jsonpath={.status.established}']);
    await until(async () => (await established()) === '0/1', {
      what: 'r1 to be reported as down',
      explain: established,
    });
    await r1.start();
    await lab.routed(ip, undefined, 60_000);
    await until(async () => (await established()) === '1/1', { what: 'r1 to be reported as up', explain: established });
  });

  test('without a BgpConf nothing is announced; with it everything is again', async () => {
    await lab.lab.api.delete(`${group}/bgpconfs/default`);
    for (const address of await lab.addresses('web')) await lab.routed(address, []);
    await lab.lab.apply(bgpConf());
    for (const address of await lab.addresses('web')) await lab.routed(address, undefined, 60_000);
  });

  test('a password shows up in no log and no status', async () => {
    const r1 = lab.lab.router('r1');
    const peer = bgpPeers([r1])[0];
    assert.ok(peer);
    const conf = { peerAs: r1.asn, neighborAddress: r1.addresses.ipv4, authPassword: secret };
    await lab.lab.apply({ ...peer, spec: { conf } });
    // No session rather than one without the password; what is said of it must not quote it.
    await ready('bgppeers/r1', ({ reason }) => reason === 'PasswordNotSupported');
    for (const { status } of await lab.lab.api.list<Configured>(`${group}/bgppeers`)) {
      assert.ok(status !== undefined && !JSON.stringify(status).includes(secret));
    }
    assert.ok(!(await lab.replicas.log('n1')).includes(secret));
  });
});
