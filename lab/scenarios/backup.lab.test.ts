/** A cluster is lost, and made anew from what a backup tool or Git has of it: its objects, without what the cluster itself wrote. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { Fence } from '../../tools/docs/fences.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import { eip, ours, service, type ServiceWishes } from '../local/objects.ts';
import { PageReader } from '../story/page-reader.ts';
import { run } from '../toolchain/run.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { inPool } from './manager/pools.ts';

const kinds = 'eips.network.kubesphere.io,bgpconfs.network.kubesphere.io,bgppeers.network.kubesphere.io';
const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' };

/** What people have written of the Services, by name; `web` for all others. */
const inGit: Readonly<Record<string, ServiceWishes>> = {
  web: { spec: ours },
  teams: { spec: ours, annotations: inPool('teams') },
  dual: { spec: { ...ours, ...both } },
  wished: { spec: ours, annotations: { 'lb.kubesphere.io/ips': '172.30.0.77' } },
};

interface Exported extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly labels?: object;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** As backup tools keep an object: no status, no identity, no addresses that the cluster gave. */
function kept({ apiVersion, kind, metadata, spec }: Exported): KubeObject {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const { clusterIP: _one, clusterIPs: _all, ...rest } = spec;
  return { apiVersion, kind, metadata: { name, namespace, labels, annotations, finalizers }, spec: rest } as KubeObject;
}

const page = new PageReader('docs/backup.md', 'lab/scenarios/backup.lab.test.ts');
const [save, restore, ...others] = page.commands;
assert.ok(save !== undefined && restore !== undefined);
assert.deepEqual(others, [], 'all blocks of the page have their turn');

/** Types a block of the page where the cluster is known by the name that the page calls it. */
async function typed(fence: Fence, { lab }: ManagerLab, context: string, folder: string): Promise<void> {
  const config = parse(readFileSync(lab.kubeconfig, 'utf8')) as { contexts: { name: string }[] };
  const contexts = config.contexts.map((each) => ({ ...each, name: context }));
  const kubeconfig = join(folder, `${context}.kubeconfig`);
  writeFileSync(kubeconfig, stringify({ ...config, contexts }), { mode: 0o600 });
  const path = [dirname(lab.kubectlProgram), process.env['PATH'] ?? ''].join(delimiter);
  const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(folder, context), PATH: path };
  await run('bash', ['-euo', 'pipefail', '-c', page.text(fence)], { cwd: folder, env });
}

suite('a cluster that is made anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-backup-'));
  let lost: ManagerLab;
  let anew: ManagerLab;
  let pools: readonly KubeObject[];
  let services: readonly KubeObject[];
  const had = new Map<string, readonly string[]>();

  before(async () => {
    lost = await ManagerLab.up();
    await lost.lab.apply(eip('teams', { address: '172.31.5.0/28' }));
    // Not simply the first addresses in the order of age: some are gone meanwhile, some were wished for.
    for (let i = 0; i < 8; i++) await lost.create(`web-${i}`, inGit['web']);
    for (const name of ['teams', 'dual', 'wished']) await lost.create(name, inGit[name]);
    for (const name of ['web-1', 'web-2', 'web-5']) {
      await lost.addresses(name);
      await lost.deleteService(name);
      await lost.gone(name);
    }
    await lost.create('late', inGit['web']);
    const names = ['web-0', 'web-3', 'web-4', 'web-6', 'web-7', 'teams', 'dual', 'wished', 'late'];
    for (const name of names) had.set(name, await lost.addresses(name));
    const list = async (what: string): Promise<KubeObject[]> => {
      const text = await lost.lab.kubectl(['get', what, '-o', 'json']);
      return (JSON.parse(text) as { items: Exported[] }).items.map(kept);
    };
    pools = await list(kinds);
    services = (await list('services')).filter(({ metadata }) => had.has(metadata.name));
    assert.equal(services.length, had.size);
    await typed(save, lost, 'OLD', folder);
    await lost.down();
    anew = await ManagerLab.up();
  });
  after(async () => {
    await anew.down();
    rmSync(folder, { recursive: true });
  });

  test('from a backup: every Service has its address, in whichever order they come', async () => {
    for (const object of [...services].reverse()) await anew.lab.api.create(object);
    for (const object of pools) await anew.lab.apply(object);
    for (const [name, ips] of had) assert.deepEqual([name, await anew.addresses(name)], [name, ips]);
  });

  test('and a new one gets none of theirs', async () => {
    await anew.lab.api.create(service('new', { spec: ours }));
    const [ip] = await anew.addresses('new');
    assert.ok(ip !== undefined && ![...had.values()].flat().includes(ip), ip);
  });

  test('by hand, as the page does it: every Service has its address as well', async () => {
    await anew.down();
    anew = await ManagerLab.up();
    await typed(restore, anew, 'NEW', folder);
    for (const [name, ips] of had) assert.deepEqual([name, await anew.addresses(name)], [name, ips]);
  });

  for (const how of ['', '--server-side --force-conflicts'])
    test(`Git, which has none of our annotations, over what was restored (kubectl apply ${how}): no address moves`, async () => {
      const file = join(folder, 'git.yaml');
      writeFileSync(
        file,
        [...had.keys()].map((name) => stringify(service(name, inGit[name] ?? inGit['web']))).join('---\n'),
      );
      await anew.lab.kubectl(['apply', '-f', file, ...how.split(' ').filter((word) => word !== '')]);
      // Who comes later has an address when all that came before was looked at.
      const name = `after-git${how === '' ? '' : '-again'}`;
      await anew.create(name, inGit['web']);
      await anew.addresses(name);
      for (const [name, ips] of had) {
        assert.deepEqual([name, await anew.addresses(name)], [name, ips]);
        const { annotations } = (await anew.service(name)).metadata;
        assert.match(annotations?.['lb.kubesphere.io/assigned'] ?? '', new RegExp(ips.join('|')), name);
      }
    });
});
