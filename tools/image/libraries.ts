import { realpathSync } from 'node:fs';
import { run } from '../../lab/toolchain/run.ts';

/** A shared library: the path under which programs look for it, and the file that it is. */
export interface Library {
  readonly path: string;
  readonly file: string;
}

/** The shared libraries (and the loader) that this machine gives `program`, by ldd. */
export async function librariesOf(program: string): Promise<Library[]> {
  return parseLdd(await run('ldd', [program])).map((path) => ({ path, file: realpathSync(path) }));
}

/**
 * The paths in ldd's output. The kernel's own vdso has none.
 * @throws {Error} when a library is missing
 */
export function parseLdd(output: string): string[] {
  const missing = /^\s*(\S+) => not found/m.exec(output);
  if (missing !== null) throw new Error(`this machine has no ${missing[1]}`);
  const paths = output.split('\n').map((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1]);
  return paths.filter((path) => path !== undefined).sort();
}

/** A package of the distribution, and the file that states its licence. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  readonly copyright: string;
}

/** The package that a library is from, where the machine has Debian's. */
export async function originOf(library: Library): Promise<Origin | undefined> {
  // dpkg knows a file by its path before /usr was merged, or after.
  for (const path of [library.file, library.file.replace(/^\/usr/, '')]) {
    const owner = await run('dpkg', ['-S', path]).catch(() => '');
    const name = owner.split(':')[0];
    if (name === undefined || name === '') continue;
    const version = (await run('dpkg-query', ['-W', '-f', '${Version}\n', name])).split('\n')[0] ?? '';
    return { name, version, copyright: `/usr/share/doc/${name}/copyright` };
  }
  return undefined;
}
