import { join } from 'node:path';
import { cached, keyOf } from './cache.ts';
import { ensurePrograms } from './debian.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

const requirements = join(import.meta.dirname, 'schemathesis-requirements.txt');

/** Schemathesis with all that it needs, in a folder of its own: returns how to run it. */
export async function ensureSchemathesis(progress: Progress): Promise<PythonProgram> {
  await ensurePrograms(['python3', 'pip3'], progress);
  const python = (await run('python3', ['-c', 'import sys; print(sys.version_info[:2])'])).trim();
  const key = await keyOf([`${process.platform}-${process.arch}-${python}`], [requirements]);
  const announcement = 'fetching schemathesis (27 wheels of 15 MB, some ten seconds)';
  const folder = await cached({ name: 'schemathesis', key, announcement }, progress, async (output) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '--root-user-action=ignore'];
    await run('python3', [...pip, '--target', output, '--requirement', requirements]);
  });
  return { program: 'python3', args: ['-m', 'schemathesis.cli'], env: { PYTHONPATH: folder } };
}

export interface PythonProgram {
  readonly program: string;
  /** Before its own arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}
