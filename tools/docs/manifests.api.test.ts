/** What pages tell to write into manifests is what the API server takes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { LightLab } from '../../lab/index.ts';
import type { KubeObject } from '../../lab/index.ts';
import { fencesOf, type Fence } from './fences.ts';
import { pagesBelow } from './pages.ts';

const root = join(import.meta.dirname, '../..');
/** Kinds that every cluster with PorterLB has; those of Argo CD and Flux are the reader's. */
const KNOWN = ['network.kubesphere.io/v1alpha2', 'v1', 'apps/v1'];

/** The documents of a block of YAML, and those that a shell hands to kubectl as they stand in the block. */
function documentsOf({ language, text }: Fence): KubeObject[] {
  const texts =
    language === 'yaml' ? [text] : [...text.matchAll(/<<'EOT'\n([\s\S]*?)^EOT$/gm)].map(([, inner = '']) => inner);
  return texts.flatMap((each) => parseAllDocuments(each)).map((document) => document.toJS() as KubeObject);
}

suite('manifests in our pages', () => {
  let lab: LightLab;
  const manifests = pagesBelow(root)
    .flatMap(({ path, text }) => fencesOf(path, text))
    .flatMap((fence) => documentsOf(fence).map((object) => ({ where: `${fence.page}:${fence.line}`, object })))
    .filter(({ object }) => KNOWN.includes(object.apiVersion));

  before(async () => {
    lab = await LightLab.up({ nodes: [] });
    await lab.kubectl(['apply', '--server-side', '-f', join(root, 'charts/backend/crds')]);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    for (const namespace of ['shop', 'bank']) await lab.kubectl(['create', 'namespace', namespace]);
  });
  after(() => lab.down());

  test('there are some', () => {
    assert.ok(manifests.length > 15, `${manifests.length}`);
  });

  for (const { where, object } of manifests) {
    test(`${where}, ${object.kind} ${object.metadata.name}: every field is known and has a value that may stand there`, async () => {
      const strict = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
      await lab.kubectl(strict, { stdin: stringify(object) });
    });
  }
});
