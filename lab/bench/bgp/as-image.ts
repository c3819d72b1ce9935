import { join, resolve } from 'node:path';
import { managerConfig, nodeFlags } from '../../../tools/image/manager-config.ts';

/**
 * A command that runs a program of the bench as the image runs the manager: flags, allocator, and from the second time on a compile cache instead of
 * TypeScript.
 *
 * @param folder where the compile cache is
 * @param program its path, absolute or from this folder
 */
export function asImage(
  folder: string,
  flags: readonly string[],
  program: string,
  ...args: readonly string[]
): string[] {
  const { PATH: _inside, ...environment } = managerConfig('bench', 'amd64').env;
  const variables = Object.entries({ ...environment, NODE_COMPILE_CACHE: join(folder, 'compile-cache') });
  const path = resolve(import.meta.dirname, program);
  return [
    'env',
    ...variables.map(([name, value]) => `${name}=${value}`),
    process.execPath,
    ...nodeFlags,
    ...flags,
    path,
    ...args,
  ];
}
