import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const languages = ['en', 'zh'];

/**
 * Makes of the installed packages what a browser loads, as the shell's own build does it: the application, the libraries
 * that it lends to extensions by SystemJS, texts and pictures, and the lists by which its server finds them.
 */
export async function bundleShell(packages: string, output: string): Promise<void> {
  const manifest: Record<string, string> = { 'vendor.js': 'nothing.js', 'main.js': 'js/main.js' };
  await mkdir(join(output, 'dll'), { recursive: true });
  await buildApplication(packages, join(output, 'js/main.js'));
  for (const language of languages) manifest[`locales-${language}`] = await mergeTexts(packages, output, language);
  // Its pages name three scripts; here one has it all.
  await writeFile(join(output, 'nothing.js'), '');
  await writeFile(join(output, 'dll/nothing.js'), '');
  await writeFile(join(output, 'dll/manifest.json'), JSON.stringify({ 'common.js': 'nothing.js' }));
  await writeFile(join(output, 'manifest.json'), JSON.stringify(manifest));
  const assets = join(packages, 'node_modules/@ks-console/bootstrap/assets');
  // v3dist: pages of the version before, 38 MB.
  await cp(assets, join(output, 'assets'), {
    recursive: true,
    filter: (path) => !path.startsWith(join(assets, 'v3dist')),
  });
}

async function buildApplication(packages: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents: entry(packages), resolveDir: packages, loader: 'js' },
    outfile,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    mainFields: ['module', 'browser', 'main'],
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    logLevel: 'silent',
  });
}

/** The shell's entry, and behind it each library under the name that import maps of extensions lead to. */
function entry(packages: string): string {
  const require = createRequire(join(packages, 'package.json'));
  const lent = require('@ks-console/server/configs/systemImports') as Readonly<Record<string, string>>;
  const set = ([name, at]: readonly [string, string]): string => {
    const module = `require(${JSON.stringify(name)})`;
    const value = name === 'react' ? `{ default: ${module}, ...${module} }` : module;
    return `System.set(${JSON.stringify(at)}, ${value});`;
  };
  return ["import { run } from '@ks-console/core';", 'run();', ...Object.entries(lent).map(set)].join('\n');
}

/** One file of all texts of a language; returns its path below `output`. */
async function mergeTexts(packages: string, output: string, language: string): Promise<string> {
  const folder = join(packages, 'node_modules/@ks-console/locales/dist', language);
  const texts: Record<string, unknown> = {};
  for (const file of (await readdir(folder)).sort()) {
    Object.assign(texts, JSON.parse(await readFile(join(folder, file), 'utf8')));
  }
  const json = JSON.stringify(texts);
  const path = `locales/${language}.${createHash('sha256').update(json).digest('hex').slice(0, 8)}.json`;
  await mkdir(join(output, 'locales'), { recursive: true });
  await writeFile(join(output, path), json);
  return path;
}
