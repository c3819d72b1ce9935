// Runs inside the image's file system, under the image's own node and flags, when the image is built: fills the compile
// cache with every module of the backend, so that a container neither strips types nor compiles at start (and never
// loads the WebAssembly module that strips types). Nothing of the backend is executed.
//
//   NODE_COMPILE_CACHE=<folder> node <flags> /app/warm.mjs <backend/src> <package to load as well ...>
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [sources = '', ...packages] = process.argv.slice(2);
const modules = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => pathToFileURL(join(sources, path)).href);

for (const name of packages) await import(name);

// All modules of a graph are compiled before the first is executed, and the first one here throws.
const stop = 'data:text/javascript,throw "compiled"';
const all = [stop, ...modules].map((href) => `import ${JSON.stringify(href)};`).join('\n');
try {
  await import(`data:text/javascript,${encodeURIComponent(all)}`);
} catch (error) {
  if (error !== 'compiled') throw error;
}
