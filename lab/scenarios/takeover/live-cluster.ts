/**
 * A live cluster moves from OpenELB to PorterLB, and back, under traffic: with CRDs, objects and names as a version of OpenELB leaves them, and
 * a stand-in that announces what OpenELB's ledger says. See docs/how-to/takeover-openelb.md.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { buildManagerImage } from '../../../tools/image/build.ts';
import type { KubeObject } from '../../cluster/api-client.ts';
import { Lab } from '../../lab.ts';
import { claimsOf } from '../../lan/claims.ts';
import type { Sniffer } from '../../lan/sniffer.ts';
import { until } from '../../state/until.ts';
import { managerNamespace, managerPods } from '../../story/install.ts';
import { addressOf } from '../../story/main-job.ts';
import { service, whoami } from '../../story/manifests.ts';
import { longestGap, PacedTraffic, request } from '../../story/traffic.ts';
import { progressToStderr } from '../../toolchain/index.ts';
import * as openelb from './openelb.ts';
import { pluginPath, runPlugin, type Ended } from './plugin.ts';
import { announcers, betweenSessions, RouterWatch, type Seen } from './router-watch.ts';

const root = join(import.meta.dirname, '../../..');
const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';
/** What takes longer is no switch-over any more, but an outage; how long it takes on a machine that does nothing else is in the how-to. */
const OUTAGE_MS = 60_000;

const NETWORK = '172.30.';
/** On the nodes' network. */
const LINK_IP = '10.50.0.203';
const ROUTED = openelb.HELD.filter(({ pool }) => pool === 'public');

/** Until Pods run that have just been made, on a machine that has far more to do than it can. */
const START_MS = 180_000;

/** As OpenELB itself: so that routers get no new neighbours. */
const WORKLOAD: Readonly<Record<openelb.Version, string>> = { '0.5': 'Deployment', '0.6': 'DaemonSet' };

/** What they say of a workload that has the name of its ClusterRoleBinding, and that they may not look at. */
function unseen(kind: string, name: string): string {
  return (
    `${kind} openelb-system/${name} may run, and may not be looked at: let the ServiceAccount ` +
    `${managerNamespace}/porter-manager get it, or delete the ClusterRoleBinding ${name}`
  );
}

/** Whom the replicas of PorterLB wait for: that of 0.6 has a release of another name, which they may not look at before the takeover. */
const BESIDE: Readonly<Record<openelb.Version, readonly string[]>> = {
  '0.5': ['Deployment openelb-system/openelb-manager runs'],
  '0.6': [unseen('DaemonSet', 'openelb-x7k2p-speaker'), unseen('Deployment', 'openelb-x7k2p-controller')],
};

type Kept = KubeObject & { readonly metadata: { readonly finalizers?: readonly string[] } };

export function movesFrom(version: openelb.Version): void {
  suite(`a cluster of OpenELB ${version}`, () => {
    let lab: Lab;
    let plugin: string;
    let sniffer: Sniffer;

    before(async () => {
      lab = await Lab.up({ nodes: 2, routers: 1, clients: 1, progress: progressToStderr });
      const image = await buildManagerImage(progressToStderr);
      await lab.loadImage(image.tar);
      plugin = await pluginPath(lab);
      await lab.apply(whoami('whoami', 2));
      await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=120s']);
      await openelb.makeObjects(lab, version, lab.routers);
      for (const object of openelb.program(lab, version, image.name)) await lab.apply(object);
      await throughNodes();
      sniffer = await lab.sniff();
    });
    after(() => lab.down());

    async function throughNodes(): Promise<void> {
      const gateways = lab.nodes.map(({ addresses }) => addresses.ipv4);
      for (const { ip } of ROUTED) await lab.router('r1').waitForRoutes(ip, gateways, { timeoutMs: 90_000 });
      for (const { ip, port = 80 } of ROUTED) await answered(ip, port);
    }

    /** kube-proxies may be some seconds behind. */
    async function answered(ip: string, port = 80): Promise<void> {
      const get = (): Promise<boolean> =>
        lab
          .client('c1')
          .get(ip, { port })
          .then(
            ({ status }) => status === 200,
            () => false,
          );
      await until(get, { what: `an answer of ${ip}:${port}`, timeoutMs: 60_000 });
    }

    const porterlb = async (...args: string[]): Promise<Ended> => await runPlugin(plugin, lab.kubeconfig, args);

    const ofRouter = async (): Promise<string> => await announcers(lab.router('r1'), NETWORK);

    /** Does it under traffic; says how long a client went without an answer, and what the router saw. */
    async function underTraffic(what: string, action: () => Promise<void>): Promise<Seen> {
      const watch = await RouterWatch.start(lab.router('r1'), NETWORK);
      const traffic = new PacedTraffic(lab.client('c1'), openelb.HELD[0]?.ip ?? '');
      let seen: Seen;
      try {
        await action();
        await throughNodes();
      } finally {
        seen = await watch.stop();
        const gap = longestGap(await traffic.stop());
        const lost = gap === undefined ? 'no request lost' : `${gap.ms} ms without an answer, ${gap.lost} requests`;
        progressToStderr(`${what}: ${lost}; the router without a session for ${betweenSessions(seen)} ms`);
        assert.ok((gap?.ms ?? 0) < OUTAGE_MS, `${gap?.ms} ms`);
      }
      return seen;
    }

    /** In turn, with nobody in between: by all that the router had in its table, and by each of its sessions. */
    function neverTwoAnnouncers(seen: Seen, from: string, to: string): void {
      assert.deepEqual(seen.tables, [from, '', to]);
      assert.ok(betweenSessions(seen) !== undefined, JSON.stringify(seen));
    }

    /** When PorterLB spoke for the address on the link, since a moment; all in milliseconds since the epoch. */
    function claimsSince(since: number): number[] {
      return claimsOf(sniffer.records, LINK_IP).flatMap(({ at }) => (at >= since ? [at] : []));
    }

    const ups = ({ changes }: Seen): number[] => changes.flatMap(({ at, isUp }) => (isUp ? [at] : []));
    const downs = ({ changes }: Seen): number[] => changes.flatMap(({ at, isUp }) => (isUp ? [] : [at]));

    async function objects(): Promise<Kept[]> {
      const kinds = 'services,eips.network.kubesphere.io,bgpconfs.network.kubesphere.io,bgppeers.network.kubesphere.io';
      const text = await lab.kubectl(['get', kinds, '-o', 'json']);
      return (JSON.parse(text) as { items: Kept[] }).items.filter(({ metadata }) => metadata.name !== 'kubernetes');
    }

    async function finalizers(): Promise<string[]> {
      return [...new Set((await objects()).flatMap(({ metadata }) => metadata.finalizers ?? []))].sort();
    }

    async function addressesAreKept(): Promise<void> {
      for (const { name, ip } of openelb.HELD) assert.deepEqual([name, await addressOf(lab, name)], [name, ip]);
    }

    test('PorterLB that is installed beside it waits, announces nothing and says why', async () => {
      const values = ['image.pullPolicy=Never', 'minReadySeconds=0', `workload=${WORKLOAD[version]}`];
      const set = values.flatMap((value) => ['--set', value]);
      const where = ['--namespace', managerNamespace, '--create-namespace'];
      await lab.helm(['install', 'porterlb', join(root, 'charts/backend'), ...where, ...set]);
      const beside = BESIDE[version];
      const waiting = beside.map((what) => `waiting for the end of another load balancer: ${what}\n`).join('');
      const allSay = async (): Promise<boolean> => {
        const pods = await managerPods(lab);
        const answers = await Promise.all(
          pods.map(async ({ name }) => {
            const path = `/api/v1/namespaces/${managerNamespace}/pods/${name}:17980/proxy/readyz`;
            const { status, body } = await lab.api.request('GET', path);
            return `${status}\n${String(body)}`;
          }),
        );
        return answers.join() === Array(2).fill(`503\n${waiting}`).join();
      };
      await until(allSay, { what: 'two replicas to say at /readyz that they wait', timeoutMs: START_MS });
      for (const { name } of await managerPods(lab)) {
        const log = await lab.kubectl(['logs', '-n', managerNamespace, name]);
        const words = /not announcing: another load balancer of this kind runs in this cluster/;
        const said = log.split('\n').filter((line) => words.test(line));
        for (const what of beside) assert.match(said.at(-1) ?? log, new RegExp(`"${what}"`));
      }
      const asked = async (): Promise<Ended | false> => {
        const ended = await porterlb('preflight');
        return ended.code === 1 && ended;
      };
      const { stdout } = await until(asked, { what: 'an answer of a replica that waits', timeoutMs: 60_000 });
      assert.match(stdout, /loadBalancers +failed +OpenELB[^]*kubectl porterlb takeover openelb/);
      assert.equal(await ofRouter(), 'OpenELB');
      assert.deepEqual(claimsSince(0), []);
      for (const object of openelb.webhooks(version)) await lab.apply(object);
      await addressesAreKept();
    });

    test('a dry run says what would be done, and does nothing', async () => {
      const before = await objects();
      const { code, stdout, stderr } = await porterlb('takeover', 'openelb', '--dry-run');
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /\d+ steps; nothing was done/);
      assert.match(stdout, /protocol vip are served as layer2/);
      assert.deepEqual(await objects(), before);
    });

    test('the takeover keeps every address, and the router never has two announcers', async () => {
      const seen = await underTraffic(`OpenELB ${version} to PorterLB`, async () => {
        const { code, stdout, stderr } = await porterlb('takeover', 'openelb', '--apply');
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /Done\. 5 of 5 Services have the address that they had/);
      });
      neverTwoAnnouncers(seen, 'OpenELB', 'PorterLB');
      await until(async () => claimsSince(0).length > 0, { what: `PorterLB to speak for ${LINK_IP} on the link` });
      assert.ok(Math.min(...claimsSince(0)) > Math.max(...downs(seen)), 'not before the last of OpenELB had gone');
      await addressesAreKept();
      const ours = ['lb.kubesphere.io/in-use', CLEANUP].join();
      await until(async () => (await finalizers()).join() === ours, { what: `the finalizers ${ours} alone` });
      const again = await porterlb('takeover', 'openelb', '--dry-run');
      assert.match(again.stdout, /There is nothing to do/, again.stderr);
    });

    test('nothing of it is in the way any more: kinds, webhooks, pools of protocol vip', async () => {
      for (const plural of ['eips', 'bgpconfs', 'bgppeers']) {
        const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.network.kubesphere.io`;
        const { metadata, status } = await lab.api.get<{
          metadata: { labels?: object; annotations: object };
          status: { storedVersions: string[] };
        }>(path);
        assert.deepEqual([plural, status.storedVersions], [plural, ['v1alpha2']]);
        assert.doesNotMatch(JSON.stringify([metadata.labels, metadata.annotations]), /meta\.helm\.sh|managed-by/);
      }
      await answered(LINK_IP);
      const pool = { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'late' } };
      await lab.apply({ ...pool, spec: { address: '172.31.0.0/28' } });
      await lab.apply(service('late', { app: 'whoami', pool: 'late' }));
      await answered(await addressOf(lab, 'late'));
      await lab.kubectl(['delete', 'service', 'late', '--timeout=60s']);
      await lab.kubectl(['delete', 'eip', 'late', '--timeout=60s']);
    });

    test('the way back keeps every address, too, and OpenELB finds its objects as they were', async () => {
      const { code, stdout, stderr } = await porterlb('takeover', 'openelb', '--rollback', '--dry-run');
      assert.equal(code, 0, stdout + stderr);
      const seen = await underTraffic(`PorterLB to OpenELB ${version}`, async () => {
        const ended = await porterlb('takeover', 'openelb', '--rollback');
        assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      });
      assert.deepEqual(await managerPods(lab), []);
      neverTwoAnnouncers(seen, 'PorterLB', 'OpenELB');
      assert.deepEqual(claimsSince(Math.min(...ups(seen))), []);
      await addressesAreKept();
      assert.deepEqual(await finalizers(), Object.values(openelb.OLD_FINALIZERS).sort());
      const eips = await lab.api.list<{ metadata: { name: string }; status: { used: object } }>(
        '/apis/network.kubesphere.io/v1alpha2/eips',
      );
      const expected = openelb
        .pools(version)
        .map((pool) => [pool.metadata.name, (pool['status'] as { used: object }).used]);
      assert.deepEqual(
        new Map(eips.map(({ metadata, status }) => [metadata.name, status.used])),
        new Map(expected as never),
      );
      const webhooks = await lab.kubectl(['get', 'validatingwebhookconfigurations', '-o', 'name']);
      assert.match(webhooks, /openelb-admission/);
    });

    test('nothing of PorterLB is left in the router: what OpenELB gives up is gone', async () => {
      const ip = '172.30.0.7';
      const path = '/apis/network.kubesphere.io/v1alpha2/eips/public/status';
      const used = async (by: string | null): Promise<unknown> =>
        await lab.api.patch(path, { status: { used: { [ip]: by } } });
      await used(null);
      await lab.router('r1').waitForRoutes(ip, []);
      await used('default/old');
      await throughNodes();
    });

    test('and forth again', async () => {
      const seen = await underTraffic(`OpenELB ${version} to PorterLB, again`, async () => {
        const { code, stdout, stderr } = await porterlb('takeover', 'openelb', '--apply');
        assert.equal(code, 0, stdout + stderr);
      });
      neverTwoAnnouncers(seen, 'OpenELB', 'PorterLB');
      await addressesAreKept();
      assert.equal((await request(lab.client('c1'), openelb.HELD[0]?.ip ?? '', 50)).size, 2);
    });
  });
}
