import type { AnyObject } from '../fields.ts';

/** Objects as MetalLB's API has them, in its usual namespace. */
export function metalLb(kind: string, name: string, spec: object, metadata: object = {}): AnyObject {
  const apiVersion = `metallb.io/${kind === 'BGPPeer' ? 'v1beta2' : 'v1beta1'}`;
  return { apiVersion, kind, metadata: { name, namespace: 'metallb-system', ...metadata }, spec };
}

/** A Service of type LoadBalancer that MetalLB serves. */
export function service(
  name: string,
  ips: readonly string[],
  more: { annotations?: object; spec?: object; namespace?: string } = {},
): AnyObject {
  return {
    ...{ apiVersion: 'v1', kind: 'Service' },
    metadata: { name, namespace: more.namespace ?? 'shop', annotations: more.annotations ?? {} },
    spec: { type: 'LoadBalancer', ...more.spec },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  };
}

const selector = (key: string): object => ({
  matchLabels: { [key]: 'a' },
  matchExpressions: [{ key: `${key}-kind`, operator: 'In', values: ['b', 'c'] }],
});

/** One object of each kind with every field of MetalLB 0.13 to 0.16, none of them as it is by default. */
export const EVERYTHING: readonly AnyObject[] = [
  metalLb('IPAddressPool', 'public', {
    addresses: ['192.0.2.0/25', '192.0.2.200 - 192.0.2.210', '2001:db8::/120'],
    autoAssign: false,
    avoidBuggyIPs: true,
    serviceAllocation: {
      priority: 50,
      namespaces: ['shop'],
      namespaceSelectors: [{ matchLabels: { team: 'a' } }],
      serviceSelectors: [selector('tier')],
    },
  }),
  metalLb('IPAddressPool', 'lan', { addresses: ['10.50.0.200-10.50.0.219'] }),
  metalLb('IPAddressPool', 'lan2', { addresses: ['10.50.0.230-10.50.0.239'] }, { labels: { on: 'lan' } }),
  metalLb('L2Advertisement', 'lan', {
    ipAddressPools: ['lan'],
    ipAddressPoolSelectors: [{ matchLabels: { on: 'lan' } }],
    nodeSelectors: [selector('rack')],
    interfaces: ['eth0'],
    serviceSelectors: [selector('app')],
    preferredNodeSelectors: [{ weight: 10, preference: { matchLabels: { fast: 'yes' } } }],
  }),
  metalLb('BGPAdvertisement', 'public', {
    aggregationLength: 24,
    aggregationLengthV6: 64,
    localPref: 200,
    communities: ['65000:1', 'large:65000:1:2', 'no-advertise'],
    ipAddressPools: ['public'],
    ipAddressPoolSelectors: [{ matchLabels: { on: 'bgp' } }],
    nodeSelectors: [selector('edge')],
    peers: ['r1'],
    serviceSelectors: [selector('app')],
  }),
  metalLb('Community', 'names', { communities: [{ name: 'no-advertise', value: '65535:65282' }] }),
  metalLb('BFDProfile', 'fast', {
    ...{ receiveInterval: 200, transmitInterval: 100, detectMultiplier: 5 },
    ...{ echoInterval: 60, echoMode: true, passiveMode: true, minimumTtl: 250 },
  }),
  metalLb('BGPPeer', 'r1', {
    ...{
      myASN: 65001,
      peerASN: 65000,
      localASN: 65010,
      peerAddress: '10.50.0.1',
      sourceAddress: '10.50.0.11',
      peerPort: 1179,
    },
    ...{ holdTime: '40s', keepaliveTime: '10s', connectTime: '5s', routerID: '10.0.0.1' },
    nodeSelectors: [selector('rack')],
    passwordSecret: { name: 'bgp', namespace: 'metallb-system' },
    ...{
      bfdProfile: 'fast',
      enableGracefulRestart: true,
      ebgpMultiHop: true,
      disableMP: true,
      dualStackAddressFamily: true,
    },
  }),
  metalLb('BGPPeer', 'r2', { myASN: 65002, peerASN: 65000, peerAddress: '10.50.0.2', password: 'secret' }),
  metalLb('BGPPeer', 'r3', { myASN: 65001, peerASN: 65000, peerAddress: '10.50.0.3', vrf: 'red' }),
  metalLb('BGPPeer', 'r4', { myASN: 65001, dynamicASN: 'external', peerAddress: '10.50.0.4' }),
  metalLb('BGPPeer', 'r5', { myASN: 65001, peerASN: 65000, interface: 'eth1' }),
];
