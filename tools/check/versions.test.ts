import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTree } from '../lint/fixture-tree.ts';
import { readVersions, versionFindings } from './versions.ts';

test('every file that states another version than package.json is named', async () => {
  const tree = {
    'package.json': '{"version": "1.2.0", "workspaces": ["backend", "lab"]}',
    'backend/package.json': '{"version": "1.2.0"}',
    'lab/package.json': '{"version": "1.1.0"}',
    'charts/backend/Chart.yaml': 'version: 1.2.0\nappVersion: "1.1.9"\n',
    'charts/README.md': 'not a chart',
    'extension.yaml': 'metadata:\n  name: porterlb\n',
  };
  const findings = await withTree(tree, (root) => {
    const { source, stated } = readVersions(root);
    return Promise.resolve(versionFindings(source, stated));
  });
  assert.deepEqual(findings, [
    'lab/package.json: 1.1.0, but package.json says 1.2.0',
    'charts/backend/Chart.yaml (appVersion): 1.1.9, but package.json says 1.2.0',
    'extension.yaml: undefined, but package.json says 1.2.0',
  ]);
});
