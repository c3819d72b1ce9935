import { parse, stringify } from 'yaml';
import type { ExtensionMetadata } from './metadata.ts';
import { iconOf, type StagedChart } from './stage.ts';

/** Where ks-core keeps the charts of extensions. */
const namespace = 'kubesphere-system';
const apiVersion = 'kubesphere.io/v1alpha1';
const CHART_KEY = 'chart.tgz';

/**
 * The objects that put the extension into the marketplace of a KubeSphere cluster, as one YAML text for `kubectl apply --server-side`
 * (the chart is too long for the annotation of a client-side one): its Extension, this version, and the package itself.
 * @param created when it was made (RFC 3339), which the marketplace shows as the date of release; undefined: it shows none
 */
export function publishManifest(extension: StagedChart, packed: Buffer, created?: string): string {
  const metadata = parse(extension.files.get('extension.yaml')?.toString() ?? '') as ExtensionMetadata;
  const { name, version, category } = metadata;
  const chart = `extension-${name}-${version}-chart`;
  const info = {
    displayName: metadata.displayName,
    description: metadata.description,
    icon: iconOf(metadata, extension.files),
    provider: metadata.provider,
    ...(created === undefined ? {} : { created }),
  };
  const { annotations } = metadata;
  const labels = { 'kubesphere.io/category': category };
  const objects = [
    {
      apiVersion,
      kind: 'Extension',
      metadata: { name, labels: { ...labels, 'kubesphere.io/managed': 'true' } },
      spec: info,
    },
    {
      apiVersion,
      kind: 'ExtensionVersion',
      metadata: {
        name: `${name}-${version}`,
        labels: { ...labels, 'kubesphere.io/extension-ref': name },
        // Images of hooks of the executor are among these.
        ...(annotations === undefined ? {} : { annotations }),
      },
      spec: { ...info, ...versionFields(metadata), chartDataRef: { namespace, name: chart, key: CHART_KEY } },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: chart, namespace },
      binaryData: { [CHART_KEY]: packed.toString('base64') },
    },
  ];
  return objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}

function versionFields(metadata: ExtensionMetadata): object {
  const { version, category, keywords, home, docs, sources, kubeVersion, ksVersion, screenshots } = metadata;
  const { installationMode = 'HostOnly', namespace: target, externalDependencies } = metadata;
  const fields = { version, category, keywords, home, docs, sources, kubeVersion, ksVersion, screenshots };
  const all = { ...fields, installationMode, namespace: target, externalDependencies };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
