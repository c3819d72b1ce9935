import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/toolchain/run.ts';

const root = join(import.meta.dirname, '../..');

/**
 * A clone of what is here, committed or not, as one commit of its own below `build`, where somebody has run a first command already: the locked
 * packages are there. Who calls removes it.
 */
export async function cloneOfRepository(name: string): Promise<string> {
  mkdirSync(join(root, 'build'), { recursive: true });
  const clone = mkdtempSync(join(root, `build/${name}-`));
  const files = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.trim().split('\n')) cpSync(join(root, file), join(clone, file), { recursive: true });
  await run('cp', ['-al', join(root, 'node_modules'), join(clone, 'node_modules')]);
  const who = `-c user.name=${name} -c user.email=${name}@example.org`;
  await typed(clone, `git init -q && git add -A && git ${who} commit -q -m clone`);
  return clone;
}

/**
 * What a shell prints that ends at the first command that fails. It is bash's first where nobody has one, and its input a socket: it would read the
 * machine's bashrc, which complains of what is not set.
 */
export async function typed(folder: string, commands: string): Promise<string> {
  return await run('bash', ['--norc', '-euo', 'pipefail', '-c', commands], { cwd: folder });
}
