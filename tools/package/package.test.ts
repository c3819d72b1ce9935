import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { REPOSITORY } from '../docs/site/repository.ts';
import type { ExtensionMetadata } from './metadata.ts';
import { publishManifest } from './publish-manifest.ts';
import { MAX_PACKED_BYTES } from './size.ts';
import { stageExtension, stagePlainChart } from './stage.ts';
import { tarball } from './tarball.ts';

const root = join(import.meta.dirname, '../..');
const extension = stageExtension(root);
const packed = tarball(extension.name, extension.files);
const { version } = extension;

suite('a package', () => {
  test('has the same bytes whenever and in whatever order its files are found', () => {
    const again = stageExtension(root);
    const reversed = new Map([...again.files].reverse());
    assert.ok(tarball(again.name, reversed).equals(packed));
  });

  test('is read by tar as it was staged', () => {
    const options = { input: packed, maxBuffer: 16 * 1024 * 1024 };
    const listed = execFileSync('tar', ['-tzf', '-'], options).toString().trim().split('\n');
    assert.deepEqual(
      listed,
      [...extension.files.keys()].sort().map((path) => `porterlb/${path}`),
    );
    const manifest = execFileSync('tar', ['-xzOf', '-', 'porterlb/extension.yaml'], options);
    assert.ok(manifest.equals(extension.files.get('extension.yaml') ?? Buffer.alloc(0)));
    assert.equal(gunzipSync(packed).length % 512, 0);
  });

  test('refuses paths that a tar header has no room for', () => {
    assert.throws(() => tarball('top', new Map([['x'.repeat(100), Buffer.alloc(0)]])), /longer than 100 bytes/);
  });

  test('has its parts beside the manifest, which names them there', () => {
    const manifest = parse(extension.files.get('extension.yaml')?.toString() ?? '') as { icon: string };
    assert.equal(manifest.icon, 'static/icon.svg');
    for (const path of ['static/icon.svg', 'permissions.yaml', 'values.yaml', 'README_zh.md', 'LICENSE'])
      assert.ok(extension.files.has(path), path);
    assert.ok(extension.files.has('charts/backend/crds/network.kubesphere.io_eips.yaml'));
    const strangers = [...extension.files.keys()].filter((path) =>
      /node_modules|\.test\.|^backend|^extension\//.test(path),
    );
    assert.deepEqual(strangers, []);
    assert.ok(packed.length < MAX_PACKED_BYTES);
  });

  test('is a chart whose subcharts have the version of package.json', () => {
    const chart = parse(extension.files.get('Chart.yaml')?.toString() ?? '') as {
      version: string;
      dependencies: { name: string; version: string; tags: string[] }[];
    };
    assert.equal(chart.version, version);
    assert.deepEqual(chart.dependencies, [
      { name: 'frontend', tags: ['extension'], version },
      { name: 'backend', tags: ['agent'], version },
    ]);
  });
});

test('the plain chart is the backend under the name of the product', () => {
  const plain = stagePlainChart(root);
  const chart = parse(plain.files.get('Chart.yaml')?.toString() ?? '') as { name: string; version: string };
  assert.deepEqual([chart.name, chart.version, plain.name, plain.version], ['porterlb', version, 'porterlb', version]);
  assert.ok(plain.files.has('values.schema.json'));
});

test('what publishes it is the extension, its version with all that the marketplace shows, and the package', () => {
  const text = publishManifest(extension, packed);
  const [first, second, third, ...others] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  assert.deepEqual(others, []);
  const { metadata, spec } = first as { metadata: object; spec: { icon: string; displayName: object } };
  const labels = { 'kubesphere.io/category': 'networking' };
  assert.deepEqual(metadata, { name: 'porterlb', labels: { ...labels, 'kubesphere.io/managed': 'true' } });
  assert.match(spec.icon, /^data:image\/svg\+xml;base64,/);
  const chart = `extension-porterlb-${version}-chart`;
  const published = second as { metadata: object; spec: Record<string, unknown> };
  assert.deepEqual(published.metadata, {
    name: `porterlb-${version}`,
    labels: { ...labels, 'kubesphere.io/extension-ref': 'porterlb' },
  });
  assert.equal(published.spec['installationMode'], 'Multicluster');
  assert.deepEqual(published.spec['chartDataRef'], { namespace: 'kubesphere-system', name: chart, key: 'chart.tgz' });
  assert.deepEqual(published.spec['displayName'], spec.displayName);
  const data = third as { metadata: object; binaryData: Record<string, string> };
  assert.deepEqual(data.metadata, { name: chart, namespace: 'kubesphere-system' });
  assert.ok(Buffer.from(data.binaryData['chart.tgz'] ?? '', 'base64').equals(packed));
  assert.equal(text, publishManifest(extension, packed));
});

/** What ksbuilder publishes beside what we have, too: nothing that the manifest says is lost. */
test('what publishes an extension has its annotations, its external dependencies and, where it is known, when it was made', () => {
  const needs = [{ name: 'whizard-monitoring', type: 'extension', version: '>=1.0.0', required: false }];
  const annotations = { 'executor-hook-image.kubesphere.io/install': 'docker.io/x/y:1' };
  const manifest = parse(extension.files.get('extension.yaml')?.toString() ?? '') as object;
  const text = stringify({ ...manifest, annotations, externalDependencies: needs });
  const files = new Map([...extension.files, ['extension.yaml', Buffer.from(text)]]);
  const created = '2026-01-02T03:04:05Z';
  const documents = parseAllDocuments(publishManifest({ ...extension, files }, packed, created));
  const [first, second] = documents.map(
    (document) => document.toJS() as { metadata: { annotations?: object }; spec: Record<string, unknown> },
  );
  assert.equal(first?.spec['created'], created);
  assert.equal(second?.spec['created'], created);
  assert.deepEqual(second?.spec['externalDependencies'], needs);
  assert.deepEqual(second?.metadata.annotations, annotations);
  assert.equal(first?.metadata.annotations, undefined);
});

test('the marketplace links to where the sources and the documentation are', () => {
  const manifest = parse(extension.files.get('extension.yaml')?.toString() ?? '') as ExtensionMetadata;
  assert.equal(manifest.home, REPOSITORY);
  assert.deepEqual(manifest.sources, [REPOSITORY]);
  assert.equal(manifest.docs, `${REPOSITORY}/blob/main/docs/README.md`);
});

test('links of what the marketplace shows lead to pages that are there', () => {
  for (const path of ['README.md', 'README_zh.md', 'CHANGELOG.md', 'CHANGELOG_zh.md']) {
    const text = extension.files.get(path)?.toString() ?? '';
    const linked = [...text.matchAll(/\]\((https?:[^)#]+)[^)]*\)/g)].map(([, url = '']) => url);
    assert.ok(linked.length > 0, path);
    for (const url of linked) {
      assert.ok(url.startsWith(`${REPOSITORY}/blob/main/`), url);
      assert.ok(existsSync(join(root, url.slice(`${REPOSITORY}/blob/main/`.length))), url);
    }
  }
});
