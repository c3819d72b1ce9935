import type { ExtensionMetadata, Locales } from '../metadata.ts';
import type { Rule } from './subject.ts';

/** Languages that every extension here speaks. */
const LANGUAGES = ['en', 'zh'];
/** Those of the marketplace (kubesphere/ksbuilder). */
const CATEGORIES = new Set([
  ...['ai-machine-learning', 'computing', 'database', 'deepseek', 'dev-tools', 'integration-delivery', 'networking'],
  ...['observability', 'security', 'storage', 'streaming-messaging'],
]);
/** Gives a language's name, or undefined for what is none. */
const LANGUAGE_NAMES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
const REQUIRED = ['apiVersion', 'name', 'version', 'displayName', 'description', 'category', 'provider', 'icon'];
const OPTIONAL = [
  ...['keywords', 'home', 'docs', 'sources', 'maintainers', 'kubeVersion', 'ksVersion', 'screenshots', 'dependencies'],
  ...['installationMode', 'namespace', 'images', 'externalDependencies', 'annotations', 'staticFileDirectory'],
];

export const fields: Rule = ({ metadata }) => [
  ...REQUIRED.filter((field) => isEmpty(metadata[field as keyof ExtensionMetadata])).map(
    (field) => `${field} is missing`,
  ),
  ...Object.keys(metadata)
    .filter((field) => !REQUIRED.includes(field) && !OPTIONAL.includes(field))
    .map((field) => `${field}: no field of an extension`),
];

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** ks-core takes 63 characters of a DNS-1123 name; the marketplace, 32 lower-case letters and digits. */
export const name: Rule = ({ metadata }) =>
  /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(metadata.name) ? [] : [`name: "${metadata.name}" is no name of an extension`];

/** SemVer, and part of names of objects: no build metadata. */
export const version: Rule = ({ metadata }) =>
  /^\d+\.\d+\.\d+(-[a-z0-9]+([.-][a-z0-9]+)*)?$/.test(metadata.version) && metadata.version.length <= 63
    ? []
    : [`version: "${metadata.version}" is no SemVer that a name of an object may have`];

export const category: Rule = ({ metadata }) =>
  CATEGORIES.has(metadata.category) ? [] : [`category: the marketplace has no "${metadata.category}"`];

export const installationMode: Rule = ({ metadata }) =>
  ['HostOnly', 'Multicluster'].includes(metadata.installationMode ?? 'HostOnly')
    ? []
    : [`installationMode: "${metadata.installationMode}" is neither HostOnly nor Multicluster`];

/** `-0` lets pre-releases in, which vendors' versions look like (`v1.30.4-eks-1`, `4.1.3-rc.1`). */
export const versionRanges: Rule = ({ metadata }) =>
  (['kubeVersion', 'ksVersion'] as const).flatMap((field) => {
    const range = metadata[field];
    if (range === undefined) return [`${field} is missing: nobody knows where this runs`];
    const parts = range.split(/\s+/);
    const good = parts.every((part) => /^(>=|<=|<|>|=|~|\^)?\d+\.\d+\.\d+-0$/.test(part));
    return good ? [] : [`${field}: "${range}" is no list of comparisons that end in -0`];
  });

export const languages: Rule = ({ metadata }) => {
  const texts = { displayName: metadata.displayName, description: metadata.description, provider: providers(metadata) };
  return Object.entries(texts).flatMap(([field, locales]) => [
    ...LANGUAGES.filter((language) => isEmpty(locales[language])).map((language) => `${field}: none for ${language}`),
    ...Object.keys(locales)
      .filter((code) => !/^[a-z]{2}$/.test(code) || LANGUAGE_NAMES.of(code) === undefined)
      .map((code) => `${field}: "${code}" is no code of ISO 639-1`),
  ]);
};

function providers({ provider }: ExtensionMetadata): Locales {
  return Object.fromEntries(Object.entries(provider).map(([language, { name: who = '' }]) => [language, who]));
}

/** Addresses must be usable as they stand, and people reachable. The marketplace has a line for each of home and docs. */
export const addresses: Rule = ({ metadata }) => {
  const { home, docs, sources = [], maintainers = [], provider } = metadata;
  const people = [...maintainers, ...Object.values(provider)];
  const urls = [home, docs, ...sources, ...people.map(({ url }) => url)].filter((url) => url !== undefined);
  const mails = people.flatMap(({ email }) => email ?? []);
  const missing = (['home', 'docs'] as const).filter((field) => isEmpty(metadata[field]));
  return [
    ...missing.map((field) => `${field} is missing: who reads the marketplace is led nowhere`),
    ...urls.filter((url) => !URL.canParse(url) || !/^https?:/.test(url)).map((url) => `"${url}" is no URL`),
    ...mails.filter((email) => !/^[^@\s]+@[^@\s]+$/.test(email)).map((email) => `"${email}" is no mail address`),
    ...people.filter((person) => isEmpty(person.name)).map(() => 'a provider or maintainer has no name'),
  ];
};

/** Each subchart is in the package, under the same name, and in exactly one of the two passes. */
export const dependencies: Rule = ({ metadata, files }) => {
  const { dependencies: named = [] } = metadata;
  const there = new Set([...files.keys()].flatMap((path) => /^charts\/([^/]+)\/Chart\.yaml$/.exec(path)?.[1] ?? []));
  return [
    ...named.filter((chart) => !there.has(chart.name)).map((chart) => `dependencies: there is no charts/${chart.name}`),
    ...named
      .filter(({ tags = [] }) => tags.length !== 1 || !['extension', 'agent'].includes(tags[0] ?? ''))
      .map((chart) => `dependencies: ${chart.name} has not exactly one of the tags extension and agent`),
    ...[...there]
      .filter((chart) => !named.some((dependency) => dependency.name === chart))
      .map((chart) => `charts/${chart}: not among the dependencies, so nobody installs it`),
  ];
};
