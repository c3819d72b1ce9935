import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTree } from '../lint/fixture-tree.ts';
import { billOfMaterials, debianComponent, nodeComponent, npmComponent } from './sbom.ts';

test('a bill of materials names every part with version, licence and checksum, and is the same for the same parts', async () => {
  const integrity = `sha512-${Buffer.from('ab', 'hex').toString('base64')}`;
  const tree = { 'packages/node_modules/@a/b/package.json': '{"license": "MIT"}' };
  const npm = await withTree(tree, (root) =>
    Promise.resolve(
      npmComponent(`${root}/packages/node_modules/@a/b`, {
        path: 'packages/node_modules/@a/b',
        version: '1.0.0',
        integrity,
      }),
    ),
  );
  const parts = [nodeComponent('24.1.0'), npm, debianComponent('libc6', '2.36-9+deb12u10')];
  const product = { type: 'application', name: 'porter-manager', version: '1.2.3', purl: 'pkg:oci/x@1.2.3' } as const;
  const text = billOfMaterials(product, parts);
  assert.equal(text, billOfMaterials(product, [...parts].reverse()));
  const { specVersion, metadata, components } = JSON.parse(text) as {
    specVersion: string;
    metadata: { component: { name: string } };
    components: unknown[];
  };
  assert.deepEqual([specVersion, metadata.component.name], ['1.6', 'porter-manager']);
  assert.deepEqual(components, [
    {
      'bom-ref': 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10',
      type: 'library',
      name: 'libc6',
      version: '2.36-9+deb12u10',
      purl: 'pkg:deb/debian/libc6@2.36-9%2Bdeb12u10',
    },
    {
      'bom-ref': 'pkg:generic/node@24.1.0',
      type: 'platform',
      name: 'node',
      version: '24.1.0',
      purl: 'pkg:generic/node@24.1.0',
      licenses: [{ expression: 'MIT' }],
    },
    {
      'bom-ref': 'pkg:npm/%40a/b@1.0.0',
      type: 'library',
      name: '@a/b',
      version: '1.0.0',
      purl: 'pkg:npm/%40a/b@1.0.0',
      licenses: [{ expression: 'MIT' }],
      hashes: [{ alg: 'SHA-512', content: 'ab' }],
    },
  ]);
});
