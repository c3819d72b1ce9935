import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { injectedNodeSelector, ksCoreHelm } from './ks-core-helm.ts';
import { changelogs, icon, pages, readmes, release, screenshots, size, values } from './lint/contents.ts';
import * as metadataRules from './lint/metadata.ts';
import * as kubeSphereRules from './lint/kubesphere.ts';
import { bindings, collisions, escalation, permissions, secrets, surplus, wildcards } from './lint/objects.ts';
import { imagePullSecrets, imageRegistry, images, nodeSelector } from './lint/pods.ts';
import { MIRRORED, type Pass, type Rendered, type Rendering, type Rule, type Subject } from './lint/subject.ts';
import { namespaceOf, type ExtensionMetadata } from './metadata.ts';
import type { StagedChart } from './stage.ts';
import { tarball } from './tarball.ts';

/** By the name that findings begin with. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...metadataRules,
  ...{ size, release, icon, screenshots, readmes, pages, changelogs, values },
  ...{ images, imageRegistry, nodeSelector, imagePullSecrets },
  ...kubeSphereRules,
  ...{ permissions, surplus, wildcards, escalation, secrets, bindings, collisions },
};

/** All that is wrong with a package, one line each. */
export function findingsOf(subject: Subject): string[] {
  return Object.entries(RULES).flatMap(([name, rule]) => rule(subject).map((finding) => `${name}: ${finding}`));
}

/** Kinds that a cluster with KubeSphere has, as the charts ask for them. */
export const KUBESPHERE_KINDS = [
  'extensions.kubesphere.io/v1alpha1/APIService',
  'extensions.kubesphere.io/v1alpha1/JSBundle',
  'iam.kubesphere.io/v1beta1/RoleTemplate',
];

/** What monitoring and alerting bring along. */
const MONITORING_KINDS = [
  'monitoring.coreos.com/v1/PodMonitor',
  'monitoring.coreos.com/v1/PrometheusRule',
  'monitoring.kubesphere.io/v1alpha2/ClusterDashboard',
];
/** Where it is there, alerts go by it. */
const ALERTING_KIND = 'alerting.kubesphere.io/v2beta1/ClusterRuleGroup';

/** What changes which objects there are, and what Pods need. */
const VARIANTS: readonly (readonly string[])[] = [
  [],
  ['backend.workload=DaemonSet', 'backend.layer2.enabled=false', 'backend.passwordSecrets={router}'],
  ['backend.api.tlsSecret=own', 'backend.api.caBundle=pem', 'backend.crds.upgrade=false'],
  ['backend.api.enabled=false'],
];

const injected = [
  `global.imageRegistry=${MIRRORED.imageRegistry}`,
  ...injectedNodeSelector(MIRRORED.nodeSelector),
  `global.imagePullSecrets={${MIRRORED.imagePullSecret}}`,
  // What the charts have no use for must not disturb them.
  ...['global.portal.url=https://console.example', 'global.clusterInfo.name=host', 'global.clusterInfo.role=host'],
  ...['global.extension.ingress.ingressClassName=x', 'global.extension.ingress.domainSuffix=example'],
];

/** Packs an extension and has Helm render it as ks-core does, in all variants. */
export async function subjectOf(extension: StagedChart, helm: string): Promise<Subject> {
  const packed = tarball(extension.name, extension.files);
  const folder = mkdtempSync(join(tmpdir(), 'porterlb-lint-'));
  const tgz = join(folder, 'extension.tgz');
  try {
    writeFileSync(tgz, packed);
    const metadata = parse(extension.files.get('extension.yaml')?.toString() ?? '') as ExtensionMetadata;
    const renderings: Rendering[] = [];
    for (const wish of wishes())
      renderings.push({ ...wish, objects: await render(helm, tgz, namespaceOf(metadata), wish) });
    return { metadata, files: extension.files, packedBytes: packed.length, renderings };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Wish {
  readonly pass: Pass;
  readonly values: string;
  readonly mirrored: boolean;
  readonly set: readonly string[];
  /** What the cluster has. */
  readonly kinds: readonly string[];
}

function wishes(): Wish[] {
  const kinds = [...KUBESPHERE_KINDS, ...MONITORING_KINDS];
  const everywhere = (['agent', 'extension'] as const).flatMap((pass) =>
    (pass === 'agent' ? VARIANTS : [[]]).flatMap((variant) =>
      [false, true].map((mirrored) => ({
        pass,
        values: variant.length === 0 ? 'defaults' : variant.join(' '),
        mirrored,
        set: [...variant, ...(mirrored ? injected : [])],
        kinds: [...kinds, ALERTING_KIND],
      })),
    ),
  );
  return [...everywhere, { pass: 'agent', values: 'without KubeSphere alerting', mirrored: false, set: [], kinds }];
}

async function render(helm: string, tgz: string, namespace: string, { pass, set, kinds }: Wish): Promise<Rendered[]> {
  const release = pass === 'agent' ? 'porterlb-agent' : 'porterlb';
  const flags = [`tags.extension=${pass === 'extension'}`, `tags.agent=${pass === 'agent'}`, ...set];
  const args = ['template', release, tgz, '-n', namespace, '--include-crds', '--kube-version', '1.28.0'];
  const has = kinds.flatMap((kind) => ['--api-versions', kind]);
  const text = await ksCoreHelm(helm, [...args, ...has, ...flags.flatMap((flag) => ['--set', flag])]);
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Rendered | null) ?? []);
}
