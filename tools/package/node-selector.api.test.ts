/** The node selector of ks-core's configuration on its way to the Pods: by --set, through a shell that nothing is quoted for. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../lab/toolchain/index.ts';
import { injectedNodeSelector, ksCoreHelm } from './ks-core-helm.ts';
import { podSpecOf } from './lint/pods.ts';
import type { Rendered } from './lint/subject.ts';

const chart = join(import.meta.dirname, '../../charts/backend');

suite('global.nodeSelector', () => {
  let helm = '';
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-selector-'));
  before(async () => {
    helm = await ensureHelm();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The node selectors of the manager's Pods and of all hooks. */
  async function selectors(...args: string[]): Promise<Readonly<Record<string, object | undefined>>> {
    const text = await ksCoreHelm(helm, ['template', 'porterlb', chart, '--kube-version', '1.28.0', ...args]);
    const objects = parseAllDocuments(text).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
    const found = objects.flatMap((object) => {
      const pod = podSpecOf(object);
      return pod === undefined ? [] : [[object.metadata.name, pod.nodeSelector] as const];
    });
    return Object.fromEntries(found);
  }

  const everywhere = (selector: object | undefined): object => ({
    'porter-manager': selector,
    'porter-manager-release-all': selector,
    'porter-manager-upgrade-crds': selector,
  });
  const set = (...flags: string[]): string[] => flags.flatMap((flag) => ['--set', flag]);

  test('reaches the manager and the hooks whatever its keys and values look like', async () => {
    const labels = {
      'kubernetes.io/os': 'linux',
      'node-role.kubernetes.io/worker': 'true',
      'node-role.kubernetes.io/edge': '',
      'a.b.c.example/d': '0123',
      zone: '1',
      big: '12345678',
      on: 'false',
      plain: 'x',
    };
    const flags = injectedNodeSelector(labels);
    assert.ok(flags.includes(String.raw`global.nodeSelector.kubernetes\.io/os=linux`));
    assert.deepEqual(await selectors(...set(...flags)), everywhere(labels));
  });

  test('stands beside nodeSelector, which counts where both name a label; without either Pods have none', async () => {
    const both = [...injectedNodeSelector({ zone: '1', os: 'linux' }), 'nodeSelector.os=other', 'nodeSelector.rack=r'];
    assert.deepEqual(await selectors(...set(...both)), everywhere({ zone: '1', os: 'other', rack: 'r' }));
    assert.deepEqual(await selectors(...set('global.nodeSelector=null')), everywhere(undefined));
  });

  test('may be written in a file of values, with dots or levels, numbers and truths', async () => {
    const file = join(folder, 'values.yaml');
    const labels = {
      'kubernetes.io/arch': 'arm64',
      kubernetes: { 'io/os': 'linux' },
      zone: 1,
      big: 12345678,
      on: true,
    };
    writeFileSync(file, JSON.stringify({ global: { nodeSelector: labels } }));
    const arch = { 'kubernetes.io/arch': 'arm64', 'kubernetes.io/os': 'linux' };
    assert.deepEqual(await selectors('-f', file), everywhere({ ...arch, zone: '1', big: '12345678', on: 'true' }));
  });

  test('is refused where no label could be meant', async () => {
    await assert.rejects(selectors(...set('global.nodeSelector.zone={a,b}')), /nodeSelector/);
  });
});
