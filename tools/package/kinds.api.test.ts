/** What the charts make of KubeSphere's kinds and its monitoring's, before an API server that knows their fields and takes no others. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { LightLab } from '../../lab/index.ts';
import { kubeSphereKinds, marketplaceKinds } from '../../lab/kubesphere/kinds.ts';
import { ensureHelm } from '../../lab/toolchain/index.ts';
import { subjectOf } from './lint.ts';
import type { Rendered } from './lint/subject.ts';
import { publishManifest } from './publish-manifest.ts';
import { stageExtension } from './stage.ts';
import { tarball } from './tarball.ts';

interface Names {
  readonly group: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly scope: string;
}

/** Of an InstallPlan we make none: whoever installs does. */
const kinds = [...kubeSphereKinds, ...marketplaceKinds].filter(({ metadata }) => !/^installplans/.test(metadata.name));

const namesOf = new Map(
  kinds.map((crd) => {
    const names = crd['spec'] as Names;
    return [names.names.kind, names];
  }),
);

suite('objects of KubeSphere’s kinds', () => {
  let lab: LightLab;
  /** By kind; each in all variants of the chart. */
  const rendered = new Map<string, Rendered[]>();

  before(async () => {
    const extension = stageExtension(join(import.meta.dirname, '../..'));
    const { renderings } = await subjectOf(extension, await ensureHelm());
    const published = parseAllDocuments(publishManifest(extension, tarball(extension.name, extension.files)));
    const all = [
      ...renderings.flatMap(({ objects }) => objects),
      ...published.map((document) => document.toJS() as Rendered),
    ];
    for (const object of all) {
      if (namesOf.get(object.kind)?.group !== object.apiVersion.split('/')[0]) continue;
      rendered.set(object.kind, [...(rendered.get(object.kind) ?? []), object]);
    }
    lab = await LightLab.up();
    for (const kind of kinds) await lab.apply(kind);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
    await lab.kubectl(['create', 'namespace', 'extension-porterlb']);
  });
  after(() => lab.down());

  /** What the API server has against it; it keeps nothing. */
  async function refusal(object: Rendered): Promise<string | undefined> {
    const { names, scope } = namesOf.get(object.kind) ?? {};
    const namespace = scope === 'Namespaced' ? `namespaces/${object.metadata.namespace ?? ''}/` : '';
    const path = `/apis/${object.apiVersion}/${namespace}${names?.plural ?? ''}?dryRun=All&fieldValidation=Strict`;
    const { status, body } = await lab.api.request('POST', path, { body: object });
    return status === 201 ? undefined : `${status} ${JSON.stringify(body)}`;
  }

  for (const kind of namesOf.keys()) {
    test(`${kind}: is taken as it is, and with a field more it is not`, async () => {
      const objects = rendered.get(kind) ?? [];
      assert.ok(objects.length > 0, 'we make none');
      for (const object of objects) assert.equal(await refusal(object), undefined, object.metadata.name);
      const [object] = objects;
      assert.ok(object !== undefined);
      const strange = { ...object, spec: { ...(object['spec'] as object), strange: true } };
      assert.match((await refusal(strange)) ?? '', /unknown field \\"spec\.strange\\"/);
    });
  }
});
