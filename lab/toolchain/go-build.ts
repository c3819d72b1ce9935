import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, keyOf } from './cache.ts';
import { findProgram } from './programs.ts';
import { MissingRequirements } from './progress.ts';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

export interface GoBuild {
  readonly name: string;
  /** Folder of the Go module. */
  readonly module: string;
  /** Source files of ours beside go.mod and go.sum. */
  readonly sources: readonly string[];
  /** Package to build: `.`, or the path of a command that the module requires. */
  readonly target: string;
  /** Variables that the linker sets (`-X`), by full name. */
  readonly stamps: Readonly<Record<string, string>>;
  /** How long it usually takes, for people. */
  readonly duration: string;
}

/** Builds a static Go program once per version of Go and of its sources. Returns the program's path. */
export async function goBuild(build: GoBuild, progress: Progress): Promise<string> {
  const version = await goVersion();
  const moduleFiles = ['go.mod', ...build.sources].map((file) => join(build.module, file));
  const key = await keyOf([version, build.target, JSON.stringify(build.stamps)], moduleFiles);
  const announcement = `building ${build.name} from source with ${version} (${build.duration}; once, then cached)`;
  const folder = await cached({ name: build.name, key, announcement }, progress, async (output) => {
    const stamps = Object.entries(build.stamps).map(([name, value]) => `-X ${name}=${value}`);
    const ldflags = ['-s', '-w', ...stamps].join(' ');
    const args = [
      'build',
      '-buildvcs=false',
      '-trimpath',
      '-ldflags',
      ldflags,
      '-o',
      join(output, build.name),
      build.target,
    ];
    await run('go', args, { cwd: build.module, env: { CGO_ENABLED: '0', GOWORK: 'off' } });
  });
  return join(folder, build.name);
}

/** The version of a requirement in a go.mod file, such as `v1.35.4`. */
export async function requiredVersion(module: string, requirement: string): Promise<string> {
  const text = await readFile(join(module, 'go.mod'), 'utf8');
  const line = text
    .split('\n')
    .find((candidate) => candidate.replace('require', '').trim().startsWith(`${requirement} v`));
  const version = line
    ?.trim()
    .split(/\s+/)
    .find((word) => /^v\d/.test(word));
  if (version === undefined) throw new Error(`${module}/go.mod requires no ${requirement}`);
  return version;
}

async function goVersion(): Promise<string> {
  const wanted = 'The lab builds Kubernetes from source and needs Go 1.25 or later in PATH';
  if (findProgram('go') === undefined) throw new MissingRequirements(`${wanted}; there is no go.`);
  const version = (await run('go', ['env', 'GOVERSION'])).trim();
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) === 1 && Number(minor) < 25) throw new MissingRequirements(`${wanted}; this is ${version}.`);
  return version;
}
