import { realpathSync } from 'node:fs';
import { run } from '../../lab/toolchain/run.ts';

/** A shared library: the path under which programs look for it, the file that it is, and where that is from. */
export interface Library {
  readonly path: string;
  readonly file: string;
  /** Undefined where that is not known. */
  readonly origin: Origin | undefined;
}

/** A package of the distribution, and the file that states its licence. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  readonly copyright: string;
}

/** The shared libraries (and the loader) that this machine gives `program`, by ldd. */
export async function librariesOf(program: string): Promise<Library[]> {
  const paths = parseLdd(await run('ldd', [program]));
  return Promise.all(
    paths.map(async (path) => {
      const file = realpathSync(path);
      return { path, file, origin: await originOf(file) };
    }),
  );
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

/** The package that a library is from, where the machine has Debian's. */
async function originOf(file: string): Promise<Origin | undefined> {
  // dpkg knows a file by its path before /usr was merged, or after.
  for (const path of [file, file.replace(/^\/usr/, '')]) {
    const owner = await run('dpkg', ['-S', path]).catch(() => '');
    const name = owner.split(':')[0];
    if (name === undefined || name === '') continue;
    const version = (await run('dpkg-query', ['-W', '-f', '${Version}\n', name])).split('\n')[0] ?? '';
    return { name, version, copyright: `/usr/share/doc/${name}/copyright` };
  }
  return undefined;
}
