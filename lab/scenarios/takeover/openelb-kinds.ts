/** OpenELB's kinds by their shapes: two versions with different fields, nothing that converts, and what a version doesn't know is pruned. */
import type { KubeObject } from '../../cluster/api-client.ts';

export type Version = '0.5' | '0.6';
export type ApiVersion = 'v1alpha1' | 'v1alpha2';

export const GROUP = 'network.kubesphere.io';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const whole = { type: 'integer', format: 'int32' };
const ipv4 = { type: 'string', pattern: String.raw`^([0-9]{1,3}\.){3}[0-9]{1,3}$` };
const listOf = (items: object): object => ({ type: 'array', items });
const mapOf = (additionalProperties: object): object => ({ type: 'object', additionalProperties });
const object = (properties: object, ...required: string[]): object =>
  required.length === 0 ? { type: 'object', properties } : { type: 'object', properties, required };

interface Shape {
  readonly spec: object;
  readonly status: object;
}

interface Kind {
  readonly kind: string;
  readonly v1alpha1: Shape;
  readonly v1alpha2: (version: Version) => Shape;
}

const family = { afi: text, safi: text };
const timers = { connectRetry: text, holdTime: text, keepaliveInterval: text, minimumAdvertisementInterval: text };

/** Version 0.6 gave pools namespaces and a priority, and BgpConf a policy. */
const KINDS: Readonly<Record<string, Kind>> = {
  eips: {
    kind: 'Eip',
    v1alpha1: {
      spec: object(
        { address: text, disable: flag, protocol: { type: 'string', enum: ['bgp', 'layer2'] }, usingKnownIPs: flag },
        'address',
      ),
      status: object({ occupied: flag, poolSize: { type: 'integer' }, usage: { type: 'integer' } }),
    },
    v1alpha2: (version) => ({
      spec: object(
        {
          ...{ address: text, disable: flag, interface: text, usingKnownIPs: flag },
          protocol: { type: 'string', enum: ['bgp', 'layer2', 'vip'] },
          ...(version === '0.6' && { namespaces: listOf(text), namespaceSelector: mapOf(text), priority: whole }),
        },
        'address',
      ),
      status: object({
        ...{ firstIP: text, lastIP: text, occupied: flag, ready: flag, v4: flag, used: mapOf(text) },
        ...{ poolSize: { type: 'integer' }, usage: { type: 'integer' } },
      }),
    }),
  },
  bgpconfs: {
    kind: 'BgpConf',
    v1alpha1: {
      spec: object({ as: whole, port: whole, routerID: ipv4 }, 'as', 'port', 'routerID'),
      status: object({}),
    },
    v1alpha2: (version) => ({
      spec: object({
        ...{ as: whole, asPerRack: mapOf(whole), listenPort: whole, listenAddresses: listOf(text), routerId: text },
        ...{ families: listOf(whole), useMultiplePaths: flag, gracefulRestart: object({ enabled: flag }) },
        ...(version === '0.6' && { policy: text }),
      }),
      status: object({ nodesConfStatus: mapOf(object({ as: whole, routerId: text })) }),
    }),
  },
  bgppeers: {
    kind: 'BgpPeer',
    v1alpha1: {
      spec: object({
        config: object({ neighborAddress: ipv4, peerAs: whole }, 'neighborAddress', 'peerAs'),
        addPaths: object({ sendMax: { type: 'integer' } }),
        transport: object({ passiveMode: flag, remotePort: { type: 'integer' } }),
        usingPortForward: flag,
      }),
      status: object({}),
    },
    v1alpha2: () => ({
      spec: object({
        conf: object({
          ...{ peerAs: whole, localAs: whole, neighborAddress: text },
          authPassword: text,
          description: text,
        }),
        ebgpMultihop: object({ enabled: flag, multihopTtl: whole }),
        timers: object({ config: object(timers) }),
        transport: object({ passiveMode: flag, remoteAddress: text, remotePort: whole }),
        gracefulRestart: object({ enabled: flag, restartTime: whole }),
        afiSafis: listOf(
          object({
            config: object({ family: object(family), enabled: flag }),
            addPaths: object({ config: object({ receive: flag, sendMax: whole }) }),
          }),
        ),
        nodeSelector: object({ matchLabels: mapOf(text) }),
      }),
      status: object({ nodesPeerStatus: mapOf({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }) }),
    }),
  },
};

/** The CRDs as a Helm release brings them that stores this version; before 0.4 there was no other than `v1alpha1`. */
export function crds(version: Version, stored: ApiVersion): KubeObject[] {
  return Object.entries(KINDS).map(([plural, { kind, v1alpha1, v1alpha2 }]) => {
    const served = (name: ApiVersion, { spec, status }: Shape): object => ({
      ...{ name, served: true, storage: name === stored },
      schema: { openAPIV3Schema: object({ spec, status }) },
      ...(name === 'v1alpha2' && { subresources: { status: {} } }),
    });
    const older = served('v1alpha1', v1alpha1);
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {
        name: `${plural}.${GROUP}`,
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'openelb', 'meta.helm.sh/release-namespace': 'openelb-system' },
      },
      spec: {
        group: GROUP,
        scope: 'Cluster',
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List`, categories: ['networking'] },
        versions: stored === 'v1alpha1' ? [older] : [older, served('v1alpha2', v1alpha2(version))],
      },
    };
  });
}
