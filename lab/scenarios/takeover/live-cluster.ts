/**
 * A live cluster moves from OpenELB to PorterLB, and back, under traffic: with CRDs, objects and names as a version of OpenELB leaves them, and
 * a stand-in that announces what OpenELB's ledger says. See docs/how-to/takeover-openelb.md.
 */
import assert from 'node:assert/strict';
import { delimiter, dirname } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { buildManagerImage } from '../../../tools/image/build.ts';
import type { KubeObject } from '../../cluster/api-client.ts';
import { Lab } from '../../lab.ts';
import { Asker } from '../../lan/asker.ts';
import type { Sniffer } from '../../lan/sniffer.ts';
import { until } from '../../state/until.ts';
import type { Client } from '../../network/client.ts';
import { extensionNamespace, InstalledExtension } from '../../story/extension.ts';
import { managerNamespace, managerPods } from '../../story/install.ts';
import { addressOf } from '../../story/main-job.ts';
import { service, whoami } from '../../story/manifests.ts';
import { longestGap, PacedTraffic, request } from '../../story/traffic.ts';
import { progressToStderr } from '../../toolchain/index.ts';
import { LinkWatch, noticedText, speakersFor, type Noticed } from './link-watch.ts';
import * as openelb from './openelb.ts';
import type { HowTo } from './how-to.ts';
import { pluginPath, Terminal, type Ended } from './plugin.ts';
import { announcers, betweenSessions, RouterWatch, type Seen } from './router-watch.ts';

const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';
/** What takes longer is no switch-over any more, but an outage; how long it takes on a machine that does nothing else is in the how-to. */
const OUTAGE_MS = 60_000;

const NETWORK = '172.30.';
/** On the nodes' network: an address of each kind of pool there, and one that stays on a node whose keepalived was killed. */
const ON_LINK: Readonly<Record<string, string>> = {
  ...{ layer2: '10.50.0.213', vip: '10.50.0.203', 'vip, keepalived killed': openelb.LEFT.ip },
};
/** Those for which nobody speaks but the programs of the two. */
const SPOKEN_FOR = Object.values(ON_LINK).filter((ip) => ip !== openelb.LEFT.ip);
const ROUTED = openelb.HELD.filter(({ pool }) => pool === 'public');

/** Until Pods run that have just been made, on a machine that has far more to do than it can. */
const START_MS = 180_000;

/** The way of KubeSphere in the one, with two replicas, that of helm in the other, with a DaemonSet, as OpenELB itself. */
const NAMESPACE: Readonly<Record<openelb.Version, string>> = { '0.5': extensionNamespace, '0.6': managerNamespace };
/** ks-core's helm waits for so long; a busy machine takes its time. */
const KUBESPHERE_TIMEOUT = '15m';

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

/** What all replicas say at /readyz: one line for each that they wait for, in the order of the alphabet. */
async function allWaitFor(lab: Lab, namespace: string, whom: readonly string[]): Promise<void> {
  const waiting = [...whom].sort().map((what) => `waiting for the end of another load balancer: ${what}\n`);
  const expected = Array(2)
    .fill(`503\n${waiting.join('')}`)
    .join();
  let said = '';
  const allSay = async (): Promise<boolean> => {
    const pods = await managerPods(lab, namespace);
    const answers = await Promise.all(
      pods.map(async ({ name }) => {
        const path = `/api/v1/namespaces/${namespace}/pods/${name}:17980/proxy/readyz`;
        const { status, body } = await lab.api.request('GET', path);
        return `${status}\n${String(body)}`;
      }),
    );
    said = answers.join();
    return said === expected;
  };
  const what = `two replicas to say at /readyz that they wait: ${expected}`;
  await until(allSay, { what, timeoutMs: START_MS, explain: () => said });
}

type Speaker = 'OpenELB' | 'PorterLB';

interface SeenAround extends Seen {
  /** When it began. */
  readonly since: number;
}

type Kept = KubeObject & { readonly metadata: { readonly finalizers?: readonly string[] } };

/** The commands where no page is followed. */
const PLAIN: Pick<HowTo, 'dryRun' | 'apply' | 'rollback'> = {
  dryRun: 'kubectl porterlb takeover openelb --dry-run',
  apply: 'kubectl porterlb takeover openelb --apply',
  rollback: 'kubectl porterlb takeover openelb --rollback',
};

/** @param howTo whose commands are typed, with helm; without: the way of KubeSphere */
export function movesFrom(version: openelb.Version, howTo?: HowTo): void {
  suite(`a cluster of OpenELB ${version}`, () => {
    let lab: Lab;
    let terminal: Terminal;
    let sniffer: Sniffer;
    let extension: InstalledExtension | undefined;
    /** What ks-core's helm does, which ends when the replicas are Ready. */
    let installing: Promise<void> | undefined;
    const namespace = NAMESPACE[version];
    const askers: Asker[] = [];

    before(async () => {
      lab = await Lab.up({ nodes: 2, routers: 1, clients: 1, hosts: 2, progress: progressToStderr });
      const image = await buildManagerImage(progressToStderr);
      await lab.loadImage(image.tar);
      const programs = [await pluginPath(lab), dirname(await lab.helmProgram())];
      terminal = new Terminal(programs.join(delimiter), lab.kubeconfig);
      await lab.apply(whoami('whoami', 2));
      await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=300s']);
      await openelb.makeObjects(lab, version, lab.routers);
      for (const object of openelb.program(lab, version, image.name)) await lab.apply(object);
      await lab.node(openelb.LEFT.node).exec('ip', 'address', 'add', `${openelb.LEFT.ip}/32`, 'dev', 'eth0');
      await throughNodes();
      askers.push(...Object.keys(ON_LINK).map(() => new Asker(lab.host('h2'))));
      sniffer = await lab.sniff();
    });
    after(async () => {
      extension?.close();
      for (const asker of askers) asker.close();
      await lab.down();
    });

    async function throughNodes(): Promise<void> {
      const gateways = lab.nodes.map(({ addresses }) => addresses.ipv4);
      for (const { ip } of ROUTED) await lab.router('r1').waitForRoutes(ip, gateways, { timeoutMs: 90_000 });
      for (const { ip, port = 80 } of ROUTED) await answered(ip, port);
      for (const ip of Object.values(ON_LINK)) await answered(ip, 80, lab.host('h1'));
    }

    /** kube-proxies may be some seconds behind. */
    async function answered(ip: string, port = 80, client: Client = lab.client('c1')): Promise<void> {
      const get = (): Promise<boolean> =>
        client.get(ip, { port }).then(
          ({ status }) => status === 200,
          () => false,
        );
      await until(get, { what: `an answer of ${ip}:${port}`, timeoutMs: 120_000 });
    }

    /** Returns when its replicas are about to start: KubeSphere's helm, with `--wait`, goes on. */
    async function install(): Promise<void> {
      if (howTo === undefined) {
        extension = await InstalledExtension.prepare(lab, progressToStderr);
        installing = extension.install([], undefined, KUBESPHERE_TIMEOUT);
        // Whoever waits for it is told.
        installing.catch(() => undefined);
        return;
      }
      assert.match(await terminal.typed(howTo.bindings), /openelb-x7k2p-speaker/);
      const values = ['image.pullPolicy=Never', 'minReadySeconds=0', 'workload=DaemonSet'];
      await terminal.typed(howTo.install(...values.map((value) => `--set ${value}`)));
    }

    /** Does it under traffic; says how long a client went without an answer, and what the router saw. */
    async function underTraffic(what: string, action: () => Promise<void>): Promise<SeenAround> {
      const since = Date.now();
      const watch = await RouterWatch.start(lab.router('r1'), NETWORK);
      const traffic = new PacedTraffic(lab.client('c1'), openelb.HELD[0]?.ip ?? '');
      const onLink = Object.entries(ON_LINK).map(([kind, ip], i) => {
        return { kind, watch: new LinkWatch(ip, { user: lab.host('h1'), asker: askers[i] as Asker }) };
      });
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
        for (const { kind, watch: link } of onLink) bearable(`${what}, ${kind}`, await link.stop());
      }
      return { ...seen, since };
    }

    function bearable(what: string, noticed: Noticed): void {
      progressToStderr(`${what}: ${noticedText(noticed)}`);
      assert.ok(Math.max(noticed.requestsMs, noticed.arpMs) < OUTAGE_MS, noticedText(noticed));
    }

    /**
     * In turn, with nobody in between: by all that the router had in its table, and by each of its sessions; and by all that was said on the link, where
     * a host asked all the time.
     */
    async function neverTwoAnnouncers(seen: SeenAround, from: Speaker, to: Speaker): Promise<void> {
      // Its table is looked at a few times a second, and may be full again by the next time; of its sessions it has told all.
      const announced = seen.tables.filter((whose) => whose !== '');
      assert.deepEqual(announced, [from, to], JSON.stringify(seen));
      assert.ok(betweenSessions(seen) !== undefined, JSON.stringify(seen));
      for (const ip of SPOKEN_FOR) {
        const spoke = (): Speaker[] => speakersFor(sniffer.records, ip, seen.since);
        await until(async () => spoke().includes(to), { what: `${to} to speak for ${ip} on the link` });
        assert.deepEqual([ip, spoke()], [ip, [from, to]]);
      }
    }

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
      await install();
      const beside = BESIDE[version];
      await allWaitFor(lab, namespace, beside);
      for (const { name } of await managerPods(lab, namespace)) {
        const log = await lab.kubectl(['logs', '-n', namespace, name]);
        const words = /not announcing: another load balancer of this kind runs in this cluster/;
        const said = log.split('\n').filter((line) => words.test(line));
        for (const what of beside) assert.match(said.at(-1) ?? log, new RegExp(`"${what}"`));
      }
      const asked = async (): Promise<Ended | false> => {
        const ended = await terminal.porterlb('preflight');
        return ended.code === 1 && ended;
      };
      const { stdout } = await until(asked, { what: 'an answer of a replica that waits', timeoutMs: 120_000 });
      assert.match(stdout, /loadBalancers +failed +OpenELB[^]*kubectl porterlb takeover openelb/);
      assert.equal(await announcers(lab.router('r1'), NETWORK), 'OpenELB');
      for (const ip of SPOKEN_FOR) assert.ok(!speakersFor(sniffer.records, ip, 0).includes('PorterLB'), ip);
      for (const object of openelb.webhooks(version)) await lab.apply(object);
      await addressesAreKept();
    });

    if (howTo !== undefined) {
      test('replicas that are let look, as the page has it, see the workload, until nobody lets them', async () => {
        const [daemonSet = '', deployment = ''] = BESIDE[version];
        const name = 'openelb-x7k2p-controller';
        await terminal.typed(howTo.letLook(openelb.openelbNamespace, name));
        await allWaitFor(lab, namespace, [daemonSet, `Deployment ${openelb.openelbNamespace}/${name} runs`]);
        const look = 'rolebinding/porter-manager-look';
        await lab.kubectl(['delete', '-n', openelb.openelbNamespace, look, 'role/porter-manager-look']);
        await allWaitFor(lab, namespace, [daemonSet, deployment]);
      });
    }

    test('a dry run says what would be done, and does nothing', async () => {
      const before = await objects();
      const stdout = await terminal.typed((howTo ?? PLAIN).dryRun);
      assert.match(stdout, /\d+ steps; nothing was done/);
      assert.match(stdout, /protocol vip are served as layer2/);
      assert.deepEqual(await objects(), before);
    });

    test('the takeover keeps every address, and the router never has two announcers', async () => {
      for (const ip of SPOKEN_FOR) assert.ok(!speakersFor(sniffer.records, ip, 0).includes('PorterLB'), ip);
      const seen = await underTraffic(`OpenELB ${version} to PorterLB`, async () => {
        const stdout = await terminal.typed((howTo ?? PLAIN).apply);
        assert.match(stdout, /Done\. 7 of 7 Services have the address that they had/);
      });
      await neverTwoAnnouncers(seen, 'OpenELB', 'PorterLB');
      await addressesAreKept();
      const ours = ['lb.kubesphere.io/in-use', CLEANUP].join();
      await until(async () => (await finalizers()).join() === ours, { what: `the finalizers ${ours} alone` });
      const again = await terminal.porterlb('takeover', 'openelb', '--dry-run');
      assert.match(again.stdout, /There is nothing to do/, again.stderr);
      await installing;
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
      const pool = { apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'late' } };
      await lab.apply({ ...pool, spec: { address: '172.31.0.0/28' } });
      await lab.apply(service('late', { app: 'whoami', pool: 'late' }));
      await answered(await addressOf(lab, 'late'));
      await lab.kubectl(['delete', 'service', 'late', '--timeout=120s']);
      await lab.kubectl(['delete', 'eip', 'late', '--timeout=120s']);
    });

    test('the way back keeps every address, too, and OpenELB finds its objects as they were', async () => {
      const { code, stdout, stderr } = await terminal.porterlb('takeover', 'openelb', '--rollback', '--dry-run');
      assert.equal(code, 0, stdout + stderr);
      const seen = await underTraffic(`PorterLB to OpenELB ${version}`, async () => {
        await terminal.typed((howTo ?? PLAIN).rollback);
      });
      assert.deepEqual(await managerPods(lab, namespace), []);
      await neverTwoAnnouncers(seen, 'PorterLB', 'OpenELB');
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
        await terminal.typed((howTo ?? PLAIN).apply);
      });
      await neverTwoAnnouncers(seen, 'OpenELB', 'PorterLB');
      await addressesAreKept();
      assert.equal((await request(lab.client('c1'), openelb.HELD[0]?.ip ?? '', 50)).size, 2);
    });

    if (howTo !== undefined) followsToTheEnd(howTo);

    /** What else the page has: what one sees, and what is left of OpenELB. */
    function followsToTheEnd(page: HowTo): void {
      test('the other commands of the page: all is well without what is left of OpenELB', async () => {
        assert.match((await terminal.type(page.look)).stdout, /Services +7 served, 7 with an address/);
        const [web] = openelb.HELD;
        await terminal.typed(page.keepByHand('default', web?.name ?? '', web?.ip ?? ''));
        await terminal.typed(page.remove);
        assert.doesNotMatch(
          await lab.kubectl(['get', 'namespaces,deployments,daemonsets', '-A', '-o', 'name']),
          /openelb/,
        );
        await addressesAreKept();
        await throughNodes();
      });
    }
  });
}
