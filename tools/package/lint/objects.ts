import { covers, executorRights, singleRules, type ExecutorRights, type PolicyRule } from '../helm-executor.ts';
import { isNamespaced, RESOURCES } from './resources.ts';
import type { Rendered, Rule, Subject } from './subject.ts';

/** Helm puts CRDs there once, and neither changes nor deletes them. */
const ONCE = 'CustomResourceDefinition';

/** Helm, as the executor, must be able to make, look at, change and remove every object, and to pass on every right that a role has. */
export const permissions: Rule = ({ files, renderings }) => {
  const text = files.get('permissions.yaml')?.toString();
  if (text === undefined) return ['permissions.yaml is missing'];
  const rights = executorRights(text);
  const objects = renderings.flatMap((rendering) => rendering.objects);
  return [...new Set(objects.flatMap((object) => [...handling(rights, object), ...passingOn(rights, object)]))];
};

function handling(rights: ExecutorRights, object: Rendered): string[] {
  const { kind, metadata } = object;
  const wishes = wishesFor(object);
  if (wishes.length === 0) return [`${kind}: package:lint does not know which resource that is`];
  const held = isNamespaced(kind) ? [...rights.cluster, ...rights.namespaced] : rights.cluster;
  return wishes
    .filter((wish) => !covers(held, wish))
    .map(({ verbs }) => `permissions.yaml: may not ${verbs.join()} ${kind} ${metadata.name}`);
}

/** What Helm needs to look after an object; nothing for kinds that nobody here knows. */
function wishesFor({ apiVersion, kind, metadata }: Rendered): PolicyRule[] {
  const resource = RESOURCES[kind];
  if (resource === undefined) return [];
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const common = { apiGroups: [group], resources: [resource.plural] };
  const named = kind === ONCE ? ['get'] : ['get', 'patch', 'update', 'delete'];
  return [
    { ...common, verbs: ['create'] },
    ...named.map((verb) => ({ ...common, verbs: [verb], resourceNames: [metadata.name] })),
  ];
}

/** Least rights of the executor: each single thing is there for an object, or for a role that passes it on. */
export const surplus: Rule = ({ files, renderings }) => {
  const { cluster, own } = executorRights(files.get('permissions.yaml')?.toString() ?? '');
  const objects = renderings.flatMap((rendering) => rendering.objects);
  const neededBy = (found: readonly Rendered[]): PolicyRule[] =>
    found.flatMap((object) => [...wishesFor(object), ...(/^(Cluster)?Role$/.test(object.kind) ? rulesOf(object) : [])]);
  const unneeded = (held: readonly PolicyRule[], needed: readonly PolicyRule[]): string[] =>
    held
      .flatMap(singleRules)
      .filter((single) => !covers(needed, single))
      .map((single) => `permissions.yaml: nothing needs ${JSON.stringify(single)}`);
  return [
    ...unneeded(cluster, neededBy(objects.filter(({ kind }) => !isNamespaced(kind)))),
    ...unneeded(own, neededBy(objects.filter(({ kind }) => isNamespaced(kind)))),
  ];
};

function passingOn(rights: ExecutorRights, { kind, metadata, rules }: Rendered): string[] {
  if (kind !== 'ClusterRole' && kind !== 'Role') return [];
  const held = kind === 'Role' ? [...rights.cluster, ...rights.namespaced] : rights.cluster;
  return ((rules as PolicyRule[] | undefined) ?? [])
    .filter((rule) => !covers(held, rule))
    .map((rule) => `permissions.yaml: can't pass on a rule of ${kind} ${metadata.name}: ${JSON.stringify(rule)}`);
}

/** Groups without objects, in which everything is ours. */
const OWN_GROUP = 'porterlb.kubesphere.io';

/** Least rights: what is granted has a name. */
export const wildcards: Rule = (subject) => judged(subject, isWild, 'is more than is needed');

/** Verbs by which rights are had that no rule names. */
const RAISING = ['bind', 'escalate', 'impersonate'];

/** Nobody may become more than what his rules say. */
export const escalation: Rule = (subject) =>
  judged(subject, ({ verbs }) => verbs.some((verb) => RAISING.includes(verb)), 'leads to any right');

/** Secrets of other namespaces are nobody's: passwords, and the tokens of everybody. */
export const secrets: Rule = (subject) =>
  judged(subject, (rule, everywhere) => everywhere && isAnySecret(rule), 'reaches the Secrets of all namespaces');

/** Whose rights nobody here looks at can't be given: a role is in the same rendering. */
export const bindings: Rule = ({ renderings }) => {
  const findings = renderings.flatMap(({ objects }) => {
    const roles = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    return objects.flatMap(({ kind, metadata, roleRef }) => {
      if (!kind.endsWith('RoleBinding')) return [];
      const { kind: of = '', name = '' } = (roleRef ?? {}) as { readonly kind?: string; readonly name?: string };
      return roles.has(`${of} ${name}`) ? [] : [`${kind} ${metadata.name}: no chart has the ${of} ${name}`];
    });
  });
  return [...new Set(findings)];
};

/** Findings of all rules of permissions.yaml and of the charts' roles; `everywhere`: the rule counts in every namespace. */
function judged(
  { files, renderings }: Subject,
  isBad: (rule: PolicyRule, everywhere: boolean) => boolean,
  says: string,
): string[] {
  const { cluster, own } = executorRights(files.get('permissions.yaml')?.toString() ?? '');
  const roles = renderings
    .flatMap(({ objects }) => objects)
    .filter(({ kind }) => ['ClusterRole', 'Role', 'RoleTemplate'].includes(kind));
  const granted = [
    ...cluster.map((rule) => ({ where: 'permissions.yaml', rule, everywhere: true })),
    ...own.map((rule) => ({ where: 'permissions.yaml', rule, everywhere: false })),
    ...roles.flatMap((role) =>
      rulesOf(role).map((rule) => ({
        where: `${role.kind} ${role.metadata.name}`,
        rule,
        everywhere: role.kind !== 'Role',
      })),
    ),
  ];
  const findings = granted
    .filter(({ rule, everywhere }) => isBad(rule, everywhere))
    .map(({ where, rule }) => `${where}: ${JSON.stringify(rule)} ${says}`);
  return [...new Set(findings)];
}

function isAnySecret({ apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): boolean {
  const isCore = apiGroups.includes('') || apiGroups.includes('*');
  return isCore && resourceNames.length === 0 && (resources.includes('secrets') || resources.includes('*'));
}

function rulesOf({ rules, spec }: Rendered): PolicyRule[] {
  return (rules as PolicyRule[] | undefined) ?? (spec as { rules?: PolicyRule[] } | undefined)?.rules ?? [];
}

function isWild({ apiGroups = [], resources = [], verbs, nonResourceURLs = [] }: PolicyRule): boolean {
  if ([...apiGroups, ...verbs].includes('*') || nonResourceURLs.some((url) => url.endsWith('*'))) return true;
  return resources.includes('*') && apiGroups.join() !== OWN_GROUP;
}

/** The host cluster gets both passes, in one namespace: nothing may belong to both. */
export const collisions: Rule = ({ renderings }) => {
  const keys = (pass: string): Set<string> =>
    new Set(
      renderings
        .filter((rendering) => rendering.pass === pass)
        .flatMap(({ objects }) => objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)),
    );
  const agent = keys('agent');
  return [...keys('extension')].filter((key) => agent.has(key)).map((key) => `${key}: made by both passes`);
};
