import { join } from 'node:path';
import { build } from 'esbuild';
import { styleSheet } from '../../tools/console/bundle.ts';

const root = join(import.meta.dirname, '../..');
const standIns = join(root, 'frontend/src/testing/stand-ins');

export type ReactVersion = 17 | 18;

/** A document that shows stories of the console's pages one by one, with React of that version. */
export async function storiesPage(react: ReactVersion): Promise<string> {
  const older = react === 17 ? { react: 'react-17', 'react-dom': 'react-dom-17' } : {};
  const { outputFiles } = await build({
    ...{ absWorkingDir: root, entryPoints: ['frontend/src/stories/browser-stage.ts'], bundle: true, write: false },
    ...{ format: 'iife', platform: 'browser', target: 'es2022', jsx: 'transform', logLevel: 'silent' },
    alias: {
      ...older,
      '@ks-console/shared': join(standIns, 'console-shared.ts'),
      '@kubed/components': join(standIns, 'kubed-components.tsx'),
    },
    // React 17 has none.
    external: react === 17 ? ['react-dom-17/client'] : [],
    // Tests are told that everything is drawn by builds for development only.
    define: { 'process.env.NODE_ENV': '"development"', PORTERLB_STYLE: JSON.stringify(styleSheet(root)) },
  });
  const script = outputFiles[0]?.text.replaceAll('</script', String.raw`<\/script`) ?? '';
  const style = 'body { background: #eff4f9; font-family: Liberation Sans, sans-serif; }';
  return `<!doctype html><html lang="en"><head><title>PorterLB</title><style>${style}</style></head>
<body><script>${script}</script></body></html>`;
}
