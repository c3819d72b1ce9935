import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** File contents by path relative to the root of the tree. */
export type Tree = Readonly<Record<string, string>>;

/**
 * Writes a miniature of this repository, hands its root to `use` and removes it again. It lies under build/, so that it
 * sees the repository's node_modules, and has a tsconfig.json and a backend/package.json as the repository has.
 */
export async function withTree<T>(tree: Tree, use: (root: string) => Promise<T>): Promise<T> {
  mkdirSync(join(repository, 'build'), { recursive: true });
  const root = mkdtempSync(join(repository, 'build', 'lint-fixture-'));
  try {
    writeTree(root, {
      'tsconfig.json': JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts'], exclude: [] }),
      'package.json': JSON.stringify({ name: 'fixture', devDependencies: { 'fast-check': '4.10.2' } }),
      'backend/package.json': JSON.stringify({
        name: 'fixture-backend',
        type: 'module',
        dependencies: {
          '@kubernetes/client-node': '2.0.1',
          'ipaddr.js': '2.5.0',
          'prom-client': '15.1.3',
          undici: '8.12.4',
        },
      }),
      ...tree,
    });
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'), 'junction');
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function writeTree(root: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
