import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** What the console gives its extensions, and nothing else: a module that asks for more does not load. */
export const EXTERNALS: readonly string[] = [
  ...['@ks-console/shared', '@kubed/charts', '@kubed/code-editor', '@kubed/components', '@kubed/hooks', '@kubed/icons'],
  ...['react', 'react-dom', 'react-query', 'react-router-dom', 'styled-components', 'wujie-react'],
];

/**
 * Makes one SystemJS module of the console's pages. The same sources make the same bytes.
 * @throws {Error} what esbuild has to say
 */
export function bundleConsole(root: string): Buffer {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const result = buildSync({
    ...{ absWorkingDir: root, entryPoints: ['frontend/src/index.ts'], bundle: true, write: false, logLevel: 'silent' },
    ...{ format: 'cjs', platform: 'browser', target: 'es2020', minify: true, charset: 'utf8', legalComments: 'none' },
    // The console has no react/jsx-runtime. Elements are made by names of one letter, which the module gets below: a tenth of it would be React's.
    ...{ jsx: 'transform', jsxFactory: 'h', jsxFragment: 'F', tsconfigRaw: {} },
    ...{ external: [...EXTERNALS], metafile: true },
    define: {
      PORTERLB_VERSION: JSON.stringify(version),
      PORTERLB_STYLE: JSON.stringify(styleSheet(root)),
      PORTERLB_TEXTS: JSON.stringify(textTable(root)),
    },
  });
  const [file] = result.outputFiles;
  const [output] = Object.values(result.metafile.outputs);
  if (file === undefined || output === undefined) throw new Error('esbuild made nothing');
  const externals = output.imports.filter(({ external }) => external === true).map(({ path }) => path);
  return Buffer.from(systemModule([...new Set(externals)].sort(), file.text.trim(), version));
}

/**
 * The pages' texts: a line each, with its key, its English and its Chinese text between tabs. So each key is there once, without a quotation mark,
 * which saves 7 kB.
 * @throws {Error} where a text has a tab or a line break
 */
export function textTable(root: string): string {
  const [en = {}, zh = {}] = ['en', 'zh'].map(
    (language) =>
      JSON.parse(readFileSync(join(root, 'locales', language, 'console.json'), 'utf8')) as Record<string, string>,
  );
  const rows = Object.entries(en).map(([key, text]) => [key, text, zh[key] ?? text]);
  const broken = rows.find((row) => row.some((text) => /[\t\n]/.test(text)));
  if (broken !== undefined) throw new Error(`${broken[0]}: a text of the console may have no tab and no line break`);
  return rows.map((row) => row.join('\t')).join('\n');
}

/** All styles of the pages as one sheet, which they put into the document themselves: the console loads no file of it. */
export function styleSheet(root: string): string {
  const { outputFiles } = buildSync({
    ...{ absWorkingDir: root, entryPoints: ['frontend/src/style/style.css'], bundle: true, minify: true },
    ...{ write: false, charset: 'utf8', target: 'es2020' },
  });
  return outputFiles[0]?.text.trim() ?? '';
}

/**
 * esbuild writes no SystemJS. Some of the console's libraries are modules with a default, some a default alone, and some have names only: whichever way
 * they are asked for, each is one object with all that it has.
 */
function systemModule(externals: readonly string[], code: string, version: string): string {
  const setters = externals.map((name) => `function(m){set(${JSON.stringify(name)},m)}`);
  return [
    `// PorterLB ${version}, pages of the KubeSphere console. Apache-2.0.`,
    `System.register(${JSON.stringify(externals)},function(exports){"use strict";var libraries={};`,
    'function set(name,m){libraries[name]=Object.assign({},m&&typeof m.default==="object"?m.default:null,m)}',
    `return{setters:[${setters.join(',')}],execute:function(){var module={exports:{}};`,
    `(function(require,module,exports,h,F){${code}\n})(function(name){return libraries[name]},module,module.exports,`,
    'libraries.react.createElement,libraries.react.Fragment);',
    'exports("default",module.exports.default)}}});',
    '',
  ].join('\n');
}
