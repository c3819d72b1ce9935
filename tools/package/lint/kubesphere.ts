import { namespaceOf } from '../metadata.ts';
import { isNamespaced } from './resources.ts';
import type { Rendered, Rule } from './subject.ts';

/** Each finding once, however many renderings have the object. */
function ofObjects(
  renderings: Parameters<Rule>[0]['renderings'],
  judge: (object: Rendered, among: readonly Rendered[]) => string[],
): string[] {
  return [
    ...new Set(
      renderings.flatMap(({ objects }) =>
        objects.flatMap((object) =>
          judge(object, objects).map((finding) => `${object.kind} ${object.metadata.name}: ${finding}`),
        ),
      ),
    ),
  ];
}

/** All is in the namespace of the release: elsewhere the executor has no rights, and ks-core takes nothing away. */
export const namespaces: Rule = ({ metadata, renderings }) => {
  const own = namespaceOf(metadata);
  return ofObjects(renderings, ({ kind, metadata: { namespace } }) => {
    if (namespace === undefined || namespace === own) return [];
    return isNamespaced(kind) ? [`in the namespace ${namespace} instead of ${own}`] : ['a kind without namespaces'];
  });
};

/** ks-apiserver serves bundles below the name of their extension, and its webhook refuses others. */
export const bundleLinks: Rule = ({ metadata, renderings }) =>
  ofObjects(renderings, ({ kind, status }) => {
    if (kind !== 'JSBundle') return [];
    const { link = '' } = (status ?? {}) as { readonly link?: string };
    return link.startsWith(`/dist/${metadata.name}/`)
      ? []
      : [`its link "${link}" is not below /dist/${metadata.name}/`];
  });

/** KubeSphere's own groups under /kapis: ks-apiserver serves them itself, or an extension of KubeSphere's does. */
const TAKEN = [
  ...['alerting', 'application', 'app', 'auditing', 'cluster', 'config', 'devops', 'events', 'extensions', 'gateway'],
  ...['iam', 'installer', 'logging', 'marketplace', 'metering', 'monitoring', 'network', 'notification', 'operations'],
  ...['package', 'quota', 'resources', 'servicemesh', 'storage', 'tenant', 'terminal', 'types', 'version'],
];

/** One APIService per group and version is admitted on a cluster, and it hides everything else that serves the group. */
export const apiServices: Rule = ({ renderings }) =>
  ofObjects(renderings, ({ apiVersion, kind, metadata, spec }, among) => {
    if (kind !== 'APIService' || !apiVersion.startsWith('extensions.kubesphere.io/')) return [];
    const { group = '', version = '' } = (spec ?? {}) as { readonly group?: string; readonly version?: string };
    const isTaken = group === 'kubesphere.io' || TAKEN.some((name) => group === `${name}.kubesphere.io`);
    const isOfCrd = among.some((other) => other.kind === 'CustomResourceDefinition' && groupOf(other) === group);
    return [
      ...(metadata.name === `${version}.${group}` ? [] : [`is not named ${version}.${group}`]),
      ...(isTaken ? [`the group ${group} is KubeSphere's own`] : []),
      ...(isOfCrd ? [`the group ${group} is that of a CustomResourceDefinition, which it would hide`] : []),
    ];
  });

function groupOf({ spec }: Rendered): string | undefined {
  return (spec as { readonly group?: string } | undefined)?.group;
}

/** What a rendered object says beside its name. */
function labelsOf({ metadata }: Rendered): Readonly<Record<string, string>> {
  return (metadata as { readonly labels?: Readonly<Record<string, string>> }).labels ?? {};
}

const SCOPE = 'iam.kubesphere.io/scope';
const CATEGORY = 'iam.kubesphere.io/category';

/** Roles that the console offers stand in a category of their own scope, and are read in both languages. */
export const roleTemplates: Rule = ({ renderings }) =>
  ofObjects(renderings, (object, among) => {
    if (!['RoleTemplate', 'Category'].includes(object.kind)) return [];
    const { displayName = {} } = (object.spec ?? {}) as { readonly displayName?: Readonly<Record<string, string>> };
    const untold = ['en', 'zh']
      .filter((language) => !displayName[language])
      .map((code) => `no displayName for ${code}`);
    return object.kind === 'Category' ? untold : [...untold, ...uncategorised(object, among)];
  });

function uncategorised(template: Rendered, among: readonly Rendered[]): string[] {
  const { [CATEGORY]: category, [SCOPE]: scope } = labelsOf(template);
  const found = among.find(({ kind, metadata }) => kind === 'Category' && metadata.name === category);
  if (found === undefined) return [`no chart has its category ${category}`];
  return labelsOf(found)[SCOPE] === scope ? [] : [`its scope is ${scope}, but not that of its category`];
}

/** By which labels KubeSphere's monitoring finds what is there for it. */
const FOUND_BY: Readonly<Record<string, readonly [string, string]>> = {
  ClusterRuleGroup: ['alerting.kubesphere.io/enable', 'true'],
  PodMonitor: ['app.kubernetes.io/vendor', 'kubesphere'],
  ServiceMonitor: ['app.kubernetes.io/vendor', 'kubesphere'],
};

export const monitoringLabels: Rule = ({ renderings }) =>
  ofObjects(renderings, (object) => {
    const [label, value] = FOUND_BY[object.kind] ?? [];
    if (label === undefined || labelsOf(object)[label] === value) return [];
    return [`has no label ${label}=${value}, so nobody looks at it`];
  });
