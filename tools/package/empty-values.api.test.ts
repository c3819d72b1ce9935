/** Who edits the values that the marketplace shows leaves lines empty: that does what it looks like, or says where it is wrong. Needs helm. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { run } from '../../lab/index.ts';
import { ensureHelm } from '../../lab/toolchain/index.ts';
import { podSpecOf } from './lint/pods.ts';
import type { Rendered } from './lint/subject.ts';
import { stageExtension } from './stage.ts';
import { tarball } from './tarball.ts';

const root = join(import.meta.dirname, '../..');
const values = parse(readFileSync(join(root, 'charts/backend/values.yaml'), 'utf8')) as Record<string, unknown>;
/** What may be empty, and then is none. */
const optional = new Set(['global', 'resources']);
const sections = Object.entries(values)
  .filter(([, value]) => typeof value === 'object' && !Array.isArray(value) && Object.keys(value ?? {}).length > 0)
  .map(([name]) => name)
  .filter((name) => !optional.has(name));

/** Lines that say something, by the way to them. */
const lines = Object.entries(values).flatMap(([name, value]): (readonly string[])[] => {
  if (optional.has(name) || name === 'priorityClassName') return [];
  if (typeof value !== 'object') return [[name]];
  const below = sections.includes(name) ? Object.entries(value ?? {}) : [];
  return below.filter(([, each]) => typeof each !== 'object' && each !== '').map(([each]) => [name, each]);
});

suite('values that were left empty', () => {
  let helm = '';
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-empty-'));
  const tgz = join(folder, 'extension.tgz');
  before(async () => {
    helm = await ensureHelm();
    const { name, files } = stageExtension(root);
    writeFileSync(tgz, tarball(name, files));
  });
  after(() => rmSync(folder, { recursive: true }));

  async function render(config: object): Promise<Rendered[]> {
    const file = join(folder, 'values.yaml');
    writeFileSync(file, stringify(config));
    const tags = ['--set', 'tags.agent=true,tags.extension=false', '--kube-version', '1.28.0'];
    const text = await run(helm, ['template', 'porterlb-agent', tgz, '-f', file, ...tags]);
    return parseAllDocuments(text).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
  }

  for (const line of [...sections.map((section) => [section]), ...lines]) {
    test(`${line.join('.')}: the answer names it, and no line of a template`, async () => {
      const refused = render({
        backend: line.reduceRight<unknown>((value, each) => ({ [each]: value }), null) as object,
      });
      await assert.rejects(refused, ({ message }: Error) => {
        assert.match(message, new RegExp(`'${line.at(-1)}'`));
        assert.doesNotMatch(message, /nil pointer|template:/);
        return true;
      });
    });
  }

  test('an empty selector, toleration or limit is none', async () => {
    const none = { nodeSelector: null, tolerations: null, resources: null, priorityClassName: null };
    const pods = (await render({ global: null, backend: none })).flatMap((object) => podSpecOf(object) ?? []);
    assert.equal(pods.length, 3);
    for (const pod of pods) assert.equal(pod.nodeSelector, undefined);
  });
});
