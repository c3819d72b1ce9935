// npm run console:build: the console's pages as one SystemJS module, where the frontend's chart has it. `npm run package` makes its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleConsole } from './console/bundle.ts';
import { CONSOLE_BUNDLE } from './package/stage.ts';

const root = dirname(import.meta.dirname);
const bundle = bundleConsole(root);
const path = join(root, CONSOLE_BUNDLE);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, bundle);
console.log(`console:build: ${CONSOLE_BUNDLE}, ${(bundle.length / 1000).toFixed(1)} kB`);
