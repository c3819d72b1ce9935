/** The commands of the pages for operators, typed into a shell as their readers do, in a real cluster. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Lab } from '../lab.ts';
import { addressOf } from '../story/main-job.ts';
import { configuration, service, whoami } from '../story/manifests.ts';
import { PageReader } from '../story/page-reader.ts';
import { REGISTRY, SiteRegistry } from '../story/site-registry.ts';
import { until } from '../state/until.ts';
import { wordOf } from '../../tools/docs/fences.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { heardPaths } from './manager/paths.ts';

const self = 'lab/scenarios/how-to-pages.lab.test.ts';
const release = ['porterlb', '--namespace', 'porterlb-system'] as const;

suite('the pages for operators', () => {
  let lab: Lab;
  let registry: SiteRegistry | undefined;

  before(async () => {
    lab = await Lab.up({ nodes: 2, routers: 1, clients: 0, progress: progressToStderr });
  });
  after(async () => {
    await registry?.stop();
    await lab.down();
  });

  /** Digests of those that hold addresses of the pool that the Service has its own from. */
  const holders = async (): Promise<string> =>
    lab.kubectl(['get', 'eip', 'public', '-o', 'jsonpath={.status.holders}']);

  /** Tests that type the blocks of a page, all of them or some. */
  function typed(page: PageReader, blocks = page.commands): void {
    for (const fence of blocks) test(`${fence.page}, ${PageReader.title(fence)}`, () => page.type(lab, fence));
  }

  const install = new PageReader('docs/install.md', self, { NAME: 'web' });
  const [installed, forced, purged, ...others] = install.commands;
  assert.ok(installed !== undefined && forced !== undefined && purged !== undefined);
  assert.deepEqual(others, [], 'all blocks of install.md have their turn');

  // The image gets to the nodes as the page has it.
  const carried = new PageReader('docs/how-to/air-gapped.md', self, {
    'docker://registry.example': `docker://${REGISTRY}`,
  });
  const ofRegistry = carried.commands.filter((fence) => wordOf(fence, 'on') === 'registry');
  typed(
    carried,
    carried.commands.filter((fence) => !ofRegistry.includes(fence)),
  );
  typed(install, [installed]);

  test('a Service has its address', async () => {
    for (const object of [...configuration(lab), whoami('web', 2), service('web', { app: 'web' })])
      await lab.apply(object);
    await addressOf(lab, 'web');
  });

  typed(new PageReader('docs/troubleshooting.md', self, { NAME: 'web' }));
  typed(new PageReader('docs/how-to/upgrade.md', self));
  typed(new PageReader('docs/how-to/pools-for-tenants.md', self));

  test('a pool has its digests of holders', async () => assert.match(await holders(), /./));
  typed(new PageReader('docs/addresses.md', self, { NAME: 'public' }));
  typed(new PageReader('docs/routers/without-add-path.md', self, { NAME: 'r1' }));

  test('the next leader has written the digests anew', async () => {
    await until(async () => (await holders()) !== '', { what: 'digests of holders', timeoutMs: 60_000 });
  });

  test('the router hears from each node of itself, all with one MED, and uses them all', async () => {
    const ip = await addressOf(lab, 'web');
    const router = lab.router('r1');
    const nodes = lab.nodes.map(({ addresses }) => addresses.ipv4).sort();
    const own = nodes.map((node) => `${node} from ${node}, MED 100`).join('\n');
    const heard = async (): Promise<string> => {
      const paths = (await heardPaths(router, ip)).filter(({ stale }) => !stale);
      return paths
        .map(({ nextHop, from, med }) => `${nextHop} from ${from}, MED ${med}`)
        .sort()
        .join('\n');
    };
    await until(async () => (await heard()) === own, { what: 'a path from each node', explain: heard });
    // FRR before 9.1 takes only one stale path of an address away (its issue 17372), and the session before this one had several.
    await router.vtysh('clear bgp *');
    await until(async () => (await heard()) === own, { what: 'a path from each node again', explain: heard });
    await router.waitForRoutes(ip, nodes);
  });

  typed(install, [forced]);

  test('a Service that was freed by hand can be deleted without us', async () => {
    await lab.kubectl(['delete', 'service', 'web', '--timeout=120s']);
  });

  typed(new PageReader('README.md', self));

  // Last: from then on the kubelet takes this image for one that has to be pulled, whatever its name (KEP-2535).
  test("with the image in the site's own registry every Pod and every hook is of that", async () => {
    registry = await SiteRegistry.start(lab, progressToStderr);
    for (const fence of ofRegistry) await registry.type(carried.text(fence));
    // Nobody here has to wait for routers between two Pods.
    const values = [`global.imageRegistry=${REGISTRY}`, 'minReadySeconds=0'].flatMap((value) => ['--set', value]);
    const [name, ...where] = release;
    await lab.helm(['upgrade', name, 'charts/backend', ...where, '--reset-then-reuse-values', ...values, '--wait']);
    await lab.kubectl(['rollout', 'status', 'deployment/porter-manager', ...where, '--timeout=300s']);
    const pulled = await lab.kubectl(['get', 'events', '-A', '--field-selector', 'reason=Pulled', '-o', 'wide']);
    assert.match(pulled, new RegExp(`pod/porter-manager-upgrade-crds-.* pulled image "${REGISTRY}/`));
    assert.match(pulled, new RegExp(`pod/porter-manager-(?!upgrade).* pulled image "${REGISTRY}/`));
  });

  test('after an installation that is removed as it should be', async () => {
    await lab.kubectl(['rollout', 'status', 'deployment/porter-manager', ...release.slice(1), '--timeout=300s']);
    await lab.kubectl(['delete', 'namespace', 'shop', 'bank', '--timeout=120s']);
    await lab.helm(['uninstall', ...release, '--wait']);
  });

  typed(install, [purged]);

  test('nothing of ours is left', async () => {
    const left = await lab.kubectl(['get', 'crd,clusterrole,clusterrolebinding', '-o', 'name']);
    assert.doesNotMatch(left, /porter|network\.kubesphere\.io/);
  });
});
