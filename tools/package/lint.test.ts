import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { suite, test } from 'node:test';
import { stringify } from 'yaml';
import { covers, type PolicyRule } from './helm-executor.ts';
import { findingsOf, RULES } from './lint.ts';
import { MIRRORED, type Rendered, type Rendering, type Subject } from './lint/subject.ts';
import type { ExtensionMetadata } from './metadata.ts';

const metadata: ExtensionMetadata = {
  apiVersion: 'kubesphere.io/v1alpha1',
  name: 'good',
  version: '1.2.0',
  displayName: { en: 'Good', zh: '好' },
  description: { en: 'Good.', zh: '好。' },
  category: 'networking',
  provider: { en: { name: 'We' }, zh: { name: '我们' } },
  icon: 'static/icon.svg',
  screenshots: ['static/screenshots/pools.webp'],
  home: 'https://good.example',
  docs: 'https://good.example/docs',
  kubeVersion: '>=1.28.0-0',
  ksVersion: '>=4.1.1-0 <4.3.0-0',
  images: ['docker.io/good/manager:1.2.0'],
  dependencies: [{ name: 'backend', tags: ['agent'] }],
};

const sections = (names: readonly string[]): string => names.map((name) => `## ${name}\n\nText.\n`).join('\n');
const permissions = [
  {
    kind: 'ClusterRole',
    rules: [
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        verbs: ['create'],
      },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['manager'],
        verbs: ['get', 'update', 'patch', 'delete'],
      },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] },
    ],
  },
  { kind: 'Role', rules: [] },
];
const files: Readonly<Record<string, string>> = {
  'static/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>',
  'static/screenshots/pools.webp': 'RIFF1234WEBPVP8 ',
  'README.md': sections([
    'Features',
    'Prerequisites',
    'Installation',
    'Quick start',
    'Configuration',
    'Uninstallation',
  ]),
  'README_zh.md': sections(['功能', '前提条件', '安装', '快速开始', '配置', '卸载']),
  'CHANGELOG.md': '# Changelog\n\n## 1.2.0\n\n## 1.1.0\n',
  'CHANGELOG_zh.md': '# 更新日志\n\n## 1.2.0\n',
  'permissions.yaml': permissions.map((document) => stringify(document)).join('---\n'),
  'values.yaml': '# All.\nglobal:\n  # Where from.\n  imageRegistry: ""\nbackend:\n  # How many.\n  replicas: 2\n',
  'charts/backend/Chart.yaml': 'name: backend\n',
  'charts/backend/values.yaml': 'global:\n  imageRegistry: ""\nreplicas: 2\n',
};

const role = (rule: object): Rendered => ({
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'manager' } },
  rules: [rule],
});

function binding(kind: string, name: string): Rendered {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return { apiVersion, kind: 'RoleBinding', metadata: { name: 'manager' }, roleRef: { kind, name } };
}

function deployment(pod: object): Rendered {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'manager' },
    spec: { template: { spec: pod } },
  };
}

function rendering(mirrored: boolean, objects: readonly Rendered[], pass: Rendering['pass'] = 'agent'): Rendering {
  return { pass, values: 'defaults', mirrored, objects };
}

const image = 'docker.io/good/manager:1.2.0';
const mirroredPod = {
  containers: [{ name: 'a', image: image.replace('docker.io', MIRRORED.imageRegistry) }],
  nodeSelector: { ...MIRRORED.nodeSelector, more: 'x' },
  imagePullSecrets: [{ name: MIRRORED.imagePullSecret }],
};
const plain = rendering(false, [
  deployment({ containers: [{ name: 'a', image }] }),
  role({ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] }),
]);

interface Change {
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Null: without it. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly packedBytes?: number;
  readonly plain?: readonly Rendered[];
  readonly mirroredPod?: object;
  readonly extension?: readonly Rendered[];
}

const anyRole = { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] };

/** With one more wish in permissions.yaml. */
function asked(kind: string, rule: object): Change {
  const text = [...permissions, { kind, rules: [rule] }].map((document) => stringify(document)).join('---\n');
  return { files: { 'permissions.yaml': text } };
}

/** The package in which nothing is wrong, with a change. */
function subject(change: Change = {}): Subject {
  const texts = Object.entries({ ...files, ...change.files }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    metadata: { ...metadata, ...change.metadata },
    files: new Map(texts.map(([path, text]) => [path, Buffer.from(text)])),
    packedBytes: change.packedBytes ?? 30_000,
    renderings: [
      change.plain === undefined ? plain : rendering(false, [...plain.objects, ...change.plain]),
      rendering(true, [deployment({ ...mirroredPod, ...change.mirroredPod })]),
      rendering(false, change.extension ?? [], 'extension'),
    ],
  };
}

test('nothing is said against a package in which nothing is wrong', () => {
  assert.deepEqual(findingsOf(subject()), []);
});

const oneIcon = (svg: string): Change => ({ files: { 'static/icon.svg': svg } });

function named(
  apiVersion: string,
  kind: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Rendered {
  return { apiVersion, kind, metadata: { name, ...{ labels } } };
}

const bundle = (link: string | undefined): Rendered => ({
  ...named('extensions.kubesphere.io/v1alpha1', 'JSBundle', 'x'),
  status: { state: 'Available', ...(link === undefined ? {} : { link }) },
});
const apiService = (name: string, group: string): Rendered => ({
  ...named('extensions.kubesphere.io/v1alpha1', 'APIService', name),
  spec: { group, version: 'v1' },
});
const crdOf = (group: string): Rendered => ({
  ...named('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `ponds.${group}`),
  spec: { group },
});
const scope = 'iam.kubesphere.io/scope';
const category = 'iam.kubesphere.io/category';
const spec = { displayName: { en: 'x', zh: 'x' } };
const categoryC: Rendered = { ...named('iam.kubesphere.io/v1beta1', 'Category', 'c', { [scope]: 'cluster' }), spec };
const template = (labels: Readonly<Record<string, string>>): Rendered => ({
  ...named('iam.kubesphere.io/v1beta1', 'RoleTemplate', 'x', { [scope]: 'cluster', ...labels }),
  spec,
});

/** Each rule with what it is there for, and what it says. */
const faults: Readonly<Record<string, readonly (readonly [Change, RegExp])[]>> = {
  fields: [
    [{ metadata: { category: undefined } }, /category is missing/],
    [{ metadata: { displayNames: {} } }, /displayNames: no field/],
  ],
  name: [[{ metadata: { name: 'Good_One' } }, /no name of an extension/]],
  version: [[{ metadata: { version: '1.2.0+build' } }, /no SemVer/]],
  category: [
    [{ metadata: { category: 'network' } }, /has no "network"/],
    [{ metadata: { category: 'other' } }, /has no "other"/],
  ],
  installationMode: [[{ metadata: { installationMode: 'Multi' } }, /neither/]],
  versionRanges: [
    [{ metadata: { kubeVersion: '>=1.28.0' } }, /kubeVersion.*-0/],
    [{ metadata: { ksVersion: undefined } }, /ksVersion is missing/],
  ],
  languages: [
    [{ metadata: { description: { en: 'x' } } }, /description: none for zh/],
    [{ metadata: { displayName: { en: 'x', zh: 'x', english: 'x' } } }, /"english" is no code/],
    [{ metadata: { displayName: { en: 'x', zh: 'x', xx: 'x' } } }, /"xx" is no code/],
  ],
  addresses: [
    [{ metadata: { docs: undefined } }, /docs is missing/],
    [{ metadata: { home: undefined } }, /home is missing/],
    [{ metadata: { sources: ['example.org'] } }, /"example.org" is no URL/],
    [{ metadata: { maintainers: [{ name: 'x', email: 'x' }] } }, /no mail address/],
    [{ metadata: { maintainers: [{ email: 'x@y' }] } }, /no name/],
  ],
  dependencies: [
    [{ metadata: { dependencies: [{ name: 'backend' }] } }, /not exactly one of the tags/],
    [{ files: { 'charts/frontend/Chart.yaml': '' } }, /nobody installs it/],
    [{ files: { 'charts/backend/Chart.yaml': null } }, /there is no charts\/backend/],
  ],
  size: [[{ packedBytes: 900_000 }, /900000 bytes/]],
  release: [
    [{ files: { 'static/film.webp': randomBytes(900_000).toString('base64') } }, /of pass agent; its Secret has room/],
  ],
  icon: [
    [{ metadata: { icon: 'https://example.org/x.svg' } }, /not in the package/],
    [{ metadata: { icon: 'static/other.svg' } }, /has no static\/other\.svg/],
    [oneIcon('<svg viewBox="0 0 9 8"/>'), /not square/],
    [oneIcon('<svg viewBox="0 0 9 9"><script/></svg>'), /more than a picture/],
    [oneIcon(`<svg viewBox="0 0 9 9">${' '.repeat(20_000)}</svg>`), /20000 at most/],
    [oneIcon('no picture'), /no <svg>/],
    [{ metadata: { icon: 'static/icon.png' }, files: { 'static/icon.png': 'text' } }, /icon\.png is no picture/],
  ],
  screenshots: [
    [{ metadata: { screenshots: ['static/x.png'] } }, /has no static\/x\.png/],
    [{ metadata: { screenshots: ['https://example.org/x.png'] } }, /not in the package/],
    [{ metadata: { screenshots: [] } }, /none/],
    [{ files: { 'static/screenshots/pools.webp': 'no picture' } }, /is no picture/],
    [{ files: { 'static/screenshots/pools.webp': `RIFF1234WEBP${' '.repeat(120_000)}` } }, /120000 at most/],
    [{ files: { 'static/screenshots/other.webp': 'RIFF1234WEBP' } }, /nobody shows/],
  ],
  readmes: [
    [{ files: { 'README_zh.md': null } }, /README_zh\.md is missing/],
    [{ files: { 'README.md': '## Features\n' } }, /no section "Uninstallation"/],
    [
      { files: { 'README.md': '## Features\n\n### More\n<!-- later -->\n\n## Installation\nx\n' } },
      /"Features" is empty/,
    ],
  ],
  pages: [
    [{ files: { 'README.md': '![a](static/screenshots/pools.webp)' } }, /README\.md: the console shows no picture/],
    [{ files: { 'README.md': '<img src="a.png">' } }, /README\.md: the console shows no picture/],
    [{ files: { 'README_zh.md': '[a](docs/install.md)' } }, /README_zh\.md: docs\/install\.md leads nowhere/],
    [{ files: { 'CHANGELOG.md': 'see `docs/how-to/x.md`' } }, /CHANGELOG\.md: the package has no docs\/how-to\/x\.md/],
  ],
  changelogs: [
    [{ files: { 'CHANGELOG.md': null } }, /CHANGELOG\.md is missing/],
    [{ files: { 'CHANGELOG_zh.md': '## 1.1.0\n' } }, /begins with "1\.1\.0"/],
  ],
  values: [
    [{ files: { 'values.yaml': null } }, /missing/],
    [{ files: { 'values.yaml': 'other:\n  # x\n  a: 1\n' } }, /nobody reads other/],
    [{ files: { 'values.yaml': 'backend:\n  # x\n  replica: 2\n' } }, /no backend\.replica/],
    [{ files: { 'values.yaml': 'backend:\n  # x\n  replicas: 3\n' } }, /default is 2/],
    [{ files: { 'values.yaml': 'backend:\n  replicas: 2\n' } }, /replicas has no comment/],
  ],
  images: [
    [{ metadata: { images: [] } }, /is used, but not listed/],
    [{ metadata: { images: [image, 'docker.io/good/other:1'] } }, /no chart uses it/],
    [{ metadata: { images: ['good/manager:latest'] } }, /no full name/],
  ],
  imageRegistry: [[{ mirroredPod: { containers: [{ name: 'a', image }] } }, /does not reach docker\.io/]],
  nodeSelector: [[{ mirroredPod: { nodeSelector: { more: 'x' } } }, /Deployment manager.*does not reach it/]],
  imagePullSecrets: [[{ mirroredPod: { imagePullSecrets: [] } }, /does not reach it/]],
  permissions: [
    [{ files: { 'permissions.yaml': null } }, /missing/],
    [
      { plain: [role({ apiGroups: [''], resources: ['nodes'], verbs: ['watch'] })] },
      /can't pass on a rule of ClusterRole/,
    ],
    [{ plain: [role({ nonResourceURLs: ['/metrics'], verbs: ['get'] })] }, /can't pass on.*metrics/],
    [
      { plain: [{ apiVersion: 'iam.kubesphere.io/v1beta1', kind: 'Category', metadata: { name: 'x' } }] },
      /may not delete Category x/,
    ],
    [{ plain: [{ apiVersion: 'v1', kind: 'Pond', metadata: { name: 'x' } }] }, /does not know/],
  ],
  surplus: [
    [asked('ClusterRole', { apiGroups: [''], resources: ['nodes'], verbs: ['watch'] }), /nothing needs .*watch/],
    [asked('ClusterRole', { ...anyRole, resourceNames: ['other'], verbs: ['get'] }), /nothing needs .*other/],
    [asked('Role', { apiGroups: [''], resources: ['nodes'], verbs: ['get'] }), /nothing needs .*nodes/],
    [asked('ClusterRole', { nonResourceURLs: ['/metrics'], verbs: ['get'] }), /nothing needs .*metrics/],
  ],
  escalation: [
    [{ plain: [role({ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] })] }, /leads to any right/],
    [{ plain: [role({ ...anyRole, verbs: ['get', 'bind'] })] }, /ClusterRole manager.*leads to any right/],
    [asked('Role', { ...anyRole, verbs: ['escalate'] }), /permissions\.yaml.*leads to any right/],
  ],
  secrets: [
    [{ plain: [role({ apiGroups: [''], resources: ['secrets'], verbs: ['list'] })] }, /ClusterRole manager.*Secrets/],
    [asked('ClusterRole', { apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['create'] }), /Secrets of all/],
  ],
  bindings: [
    [
      { plain: [binding('ClusterRole', 'cluster-admin')] },
      /RoleBinding manager: no chart has the ClusterRole cluster-admin/,
    ],
    [{ plain: [binding('Role', 'manager')] }, /no chart has the Role manager/],
  ],
  namespaces: [
    [
      { plain: [{ ...named('v1', 'ConfigMap', 'x'), metadata: { name: 'x', namespace: 'kube-system' } }] },
      /kube-system/,
    ],
    [
      { plain: [{ ...binding('Role', 'x'), metadata: { name: 'x', namespace: 'other' } }] },
      /instead of extension-good/,
    ],
    [{ plain: [{ ...named('v1', 'Category', 'x'), metadata: { name: 'x', namespace: 'y' } }] }, /without namespaces/],
  ],
  bundleLinks: [
    [{ extension: [bundle('/dist/other/index.js')] }, /JSBundle x: its link "\/dist\/other/],
    [{ extension: [bundle('/dist/good')] }, /not below \/dist\/good\//],
    [{ extension: [bundle(undefined)] }, /its link ""/],
  ],
  apiServices: [
    [{ plain: [apiService('v1.other.example', 'good.example')] }, /is not named v1\.good\.example/],
    [{ plain: [apiService('v1.network.kubesphere.io', 'network.kubesphere.io')] }, /KubeSphere's own/],
    [{ plain: [apiService('v1.good.example', 'good.example'), crdOf('good.example')] }, /which it would hide/],
  ],
  roleTemplates: [
    [{ plain: [template({ [category]: 'absent' })] }, /no chart has its category absent/],
    [{ plain: [template({ [category]: 'c', [scope]: 'namespace' }), categoryC] }, /its scope is namespace/],
    [{ plain: [{ ...template({ [category]: 'c' }), spec: { displayName: { en: 'x' } } }, categoryC] }, /for zh/],
    [{ plain: [{ ...categoryC, spec: {} }] }, /Category c: no displayName for en/],
  ],
  monitoringLabels: [
    [{ plain: [named('alerting.kubesphere.io/v2beta1', 'ClusterRuleGroup', 'x')] }, /no label alerting.*enable=true/],
    [{ plain: [named('monitoring.coreos.com/v1', 'PodMonitor', 'x')] }, /no label app\.kubernetes\.io\/vendor/],
  ],
  wildcards: [
    [{ plain: [role({ apiGroups: ['*'], resources: ['nodes'], verbs: ['get'] })] }, /more than is needed/],
    [{ plain: [role({ nonResourceURLs: ['/api/*'], verbs: ['get'] })] }, /more than is needed/],
    [asked('Role', { apiGroups: [''], resources: ['pods'], verbs: ['*'] }), /permissions\.yaml.*more than is needed/],
  ],
  collisions: [[{ extension: [deployment({ containers: [] })] }, /Deployment manager: made by both passes/]],
};

suite('each rule finds what it is there for', () => {
  test('and none is left out here', () => {
    assert.deepEqual(Object.keys(faults).sort(), Object.keys(RULES).sort());
  });

  for (const [rule, cases] of Object.entries(faults)) {
    test(rule, () => {
      for (const [change, says] of cases) {
        const found = RULES[rule]?.(subject(change)) ?? [];
        assert.ok(
          found.some((finding) => says.test(finding)),
          `${JSON.stringify(change)}: ${found.join('; ')}`,
        );
      }
    });
  }
});

test('a rule is covered by one that allows each single thing of it, paths as well as resources', () => {
  const wish = (...nonResourceURLs: string[]): PolicyRule => ({ nonResourceURLs, verbs: ['get'] });
  assert.ok(covers([wish('/metrics', '/healthz')], wish('/metrics')));
  assert.ok(covers([wish('/api/*')], wish('/api/v1')));
  assert.ok(covers([wish('*')], wish('/api/v1', '/logs/*')));
  assert.ok(!covers([], wish('/metrics')));
  assert.ok(!covers([wish('/metrics')], wish('/metrics', '/logs')));
  assert.ok(!covers([wish('/metrics')], wish('/metrics/*')));
  assert.ok(!covers([wish('/metrics')], { nonResourceURLs: ['/metrics'], verbs: ['post'] }));
  assert.ok(!covers([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], wish('/metrics')));
});

test('nothing is said against named Secrets, those of the own namespace, and roles that are bound where they are', () => {
  const named = role({ apiGroups: [''], resources: ['secrets'], resourceNames: ['router'], verbs: ['get'] });
  const own = { ...role({ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }), kind: 'Role' };
  const change = { plain: [named, own, binding('ClusterRole', 'manager'), binding('Role', 'manager')] };
  for (const rule of ['secrets', 'bindings', 'escalation', 'wildcards'])
    assert.deepEqual(RULES[rule]?.(subject(change)), [], rule);
});
