import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../lab.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, type Progress } from '../toolchain/index.ts';

const root = join(import.meta.dirname, '../..');

/** Where every node finds it. Of loopback alone containerd takes images without TLS unless it is told to. */
export const REGISTRY = '127.0.0.1:5000';

/** A site's own registry of images (https://distribution.github.io/distribution/): one on each node, all with the same folder. */
export class SiteRegistry {
  readonly #lab: Lab;
  readonly #folder: string;

  private constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  /** Returns when all of them answer. */
  static async start(lab: Lab, progress: Progress): Promise<SiteRegistry> {
    await ensurePrograms(['skopeo', 'docker-registry'], progress);
    const folder = await mkdtemp(join(tmpdir(), 'porterlb-registry-'));
    const storage = { filesystem: { rootdirectory: join(folder, 'images') } };
    // YAML is a superset of JSON.
    await writeFile(join(folder, 'registry.yaml'), JSON.stringify({ version: 0.1, storage, http: { addr: REGISTRY } }));
    await mkdir(join(folder, '.config/containers'), { recursive: true });
    await writeFile(
      join(folder, '.config/containers/registries.conf'),
      `[[registry]]\nlocation = "${REGISTRY}"\ninsecure = true\n`,
    );
    for (const node of lab.nodes) {
      await node.spawn('registry', ['docker-registry', 'serve', join(folder, 'registry.yaml')]);
      const answers = (): Promise<boolean> =>
        node.exec('curl', '-sSf', `http://${REGISTRY}/v2/`).then(
          () => true,
          () => false,
        );
      await until(answers, { what: `the registry on ${node.name}` });
    }
    return new SiteRegistry(lab, folder);
  }

  /** Types commands where it is reached, in a clone of the repository, as somebody whose skopeo knows that it has no TLS. */
  async type(commands: string): Promise<string> {
    const here = `cd ${root}\nexport HOME=${this.#folder}`;
    return await this.#lab.node('n1').exec('bash', '-euo', 'pipefail', '-c', `${here}\n${commands}`);
  }

  async stop(): Promise<void> {
    for (const node of this.#lab.nodes) await node.stop('registry');
    await rm(this.#folder, { recursive: true });
  }
}
