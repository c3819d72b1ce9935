// Loaded before every test of components (`--import`): lets Node.js read TSX, gives it a document, and puts stand-ins
// in the place of what the console supplies. A test whose name has `.react-17.` runs with the React of consoles up to 4.1.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { Window } from 'happy-dom';

const isReact17 = process.argv[1]?.includes('.react-17.') === true;

const STAND_INS = new Map([
  ['@ks-console/shared', new URL('./stand-ins/console-shared.ts', import.meta.url).href],
  ['@kubed/components', new URL('./stand-ins/kubed-components.tsx', import.meta.url).href],
]);

function ofReact17(specifier: string): string {
  const renamed = specifier.replace(/^react(-dom)?(?=\/|$)/, '$&-17');
  // It tells nothing of its files by a map of exports.
  return renamed.includes('-17/') && !renamed.endsWith('.js') ? `${renamed}.js` : renamed;
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const standIn = STAND_INS.get(specifier);
    if (standIn !== undefined) return { url: standIn, shortCircuit: true };
    return nextResolve(isReact17 ? ofReact17(specifier) : specifier, context);
  },
  load(url, context, nextLoad) {
    if (!url.endsWith('.tsx')) return nextLoad(url, context);
    const path = fileURLToPath(url);
    const options = { loader: 'tsx', format: 'esm', jsx: 'transform', sourcemap: 'inline', sourcefile: path } as const;
    const { code } = transformSync(readFileSync(path, 'utf8'), { ...options, target: 'es2022' });
    return { format: 'module', source: code, shortCircuit: true };
  },
});

const window = new Window({ url: 'http://console.test/' });
for (const name of Object.getOwnPropertyNames(window)) {
  if (name in globalThis || name.startsWith('_')) continue;
  const value = (window as unknown as Record<string, unknown>)[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
// Node.js has events and a navigator of its own, which a document does not take.
for (const name of ['window', 'document', 'navigator', 'location', 'Event', 'EventTarget', 'CustomEvent'] as const) {
  const value: unknown = name === 'window' ? globalThis : (window as unknown as Record<string, unknown>)[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
// A channel that React 17 opened and never closes would keep a test from ending.
if (isReact17) Reflect.deleteProperty(globalThis, 'MessageChannel');
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
