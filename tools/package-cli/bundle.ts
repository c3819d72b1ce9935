import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface BundledCli {
  readonly path: string;
  readonly bytes: number;
}

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Every Node.js of the last years can read this syntax, and so say what it is too old for. */
const SYNTAX = 'es2019';

/**
 * Makes one file of the plugin and what it needs, to be put on the PATH as it is.
 * @throws {Error} what esbuild has to say
 */
export async function bundleCli(root: string): Promise<BundledCli> {
  const manifest = JSON.parse(readFileSync(join(root, 'cli/package.json'), 'utf8')) as Manifest;
  const folder = join(root, 'build');
  const path = join(folder, 'kubectl-porterlb');
  const result = await build({
    ...{ absWorkingDir: root, entryPoints: ['cli/src/main.ts'], bundle: true, write: false, logLevel: 'silent' },
    // A file without an extension is CommonJS to every Node.js, wherever it lies outside of a package.
    ...{ platform: 'node', format: 'cjs', target: SYNTAX, minify: true, charset: 'utf8' },
    ...{ banner: { js: banner(manifest) }, footer: { js: licences(root, manifest) }, legalComments: 'none' },
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error('esbuild made nothing');
  mkdirSync(folder, { recursive: true });
  // Inside of this repository, whose package.json says otherwise.
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(`${path}.new`, file.contents);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return { path, bytes: statSync(path).size };
}

/** What runs before anything else, in syntax that any Node.js knows. */
function banner({ version, engines }: Manifest): string {
  const major = Number(/\d+/.exec(engines.node)?.[0]);
  return [
    '#!/usr/bin/env node',
    `// kubectl-porterlb ${version}: needs Node.js ${major} or later. Apache-2.0; what it includes is named at the end.`,
    `if (Number(process.versions.node.split('.')[0]) < ${major}) {`,
    `  console.error('error: kubectl porterlb needs Node.js ${major} or later, and this is ' + process.version);`,
    '  process.exit(3);',
    '}',
  ].join('\n');
}

function licences(root: string, { dependencies }: Manifest): string {
  return Object.keys(dependencies)
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
      const text = readFileSync(join(folder, 'LICENSE'), 'utf8').trim().replaceAll('*/', '* /');
      return `/* This file includes ${name} ${version}:\n\n${text}\n*/`;
    })
    .join('\n');
}
