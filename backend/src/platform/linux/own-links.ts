import type { Link } from '../ports.ts';
import type { AddressRecord, LinkRecord } from './rtnetlink.ts';

const ETHERNET = 1;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;
const IFF_NOARP = 0x80;

/** Virtual devices that lead to a container, a virtual machine or through a tunnel, never to this host's own LAN. */
const foreignKinds = new Set([
  ...['dummy', 'ifb', 'nlmon', 'netdevsim', 'vcan', 'vrf', 'tun', 'netkit'],
  ...['ipip', 'sit', 'ip6tnl', 'gre', 'gretap', 'ip6gre', 'ip6gretap', 'erspan', 'ip6erspan', 'vti', 'vti6', 'xfrm'],
  ...['vxlan', 'geneve', 'gtp', 'wireguard', 'bareudp', 'amt', 'macsec'],
]);

/** A port's own address is not in use: the bridge or bond has it, and gets its frames. */
const kindsWithPorts = new Set(['bridge', 'bond', 'team', 'openvswitch', 'hsr']);

/**
 * Devices that container engines, CNI plugins and kube-proxy make, by the names that they give: bridges and ports of a
 * software switch look like a host's own ones in every other respect.
 */
const foreignNames = [
  /^(docker|podman|cni|cbr|virbr|lxcbr|lxdbr|incusbr|nerdctl|mpqemubr)\d*$/,
  /^(docker_gwbridge|cni-podman\d+|br-[0-9a-f]{12})$/,
  /^(kube-ipvs0|kube-bridge|nodelocaldns|kube-dummy-if)$/,
  /^(cali|lxc|tunl|flannel|cilium_|weave|vxlan|antrea-|ovn|ovs-|genev_sys_|vxlan_sys_)/,
];

const hostPrefix = (address: string): number => (address.includes(':') ? 128 : 32);

/**
 * The links that lead to this host's own LANs, by index, with the addresses that it may use on them; and those of the given names that
 * look otherwise, marked as such.
 *
 * Both ends of a veth pair look alike. The end that a container (or a node that is one, as with kind) has for its uplink
 * carries an address with a subnet; the end that a CNI plugin leaves in the host has none, or a gateway's address without
 * a subnet, or is a bridge's port. So a veth counts if it has an address of more than link scope with a subnet.
 */
export function ownLinks(
  links: readonly LinkRecord[],
  addresses: readonly AddressRecord[],
  named: ReadonlySet<string> = new Set(),
): Link[] {
  const byLink = Map.groupBy(addresses, ({ linkIndex }) => linkIndex);
  return links
    .map((link) => ({ link, own: (byLink.get(link.index) ?? []).filter(({ unusable }) => !unusable) }))
    .filter(({ link }) => whyUnusable(link) === undefined)
    .map(({ link, own }) => ({ link, own, isLeftAlone: !isOwn(link, own) }))
    .filter(({ link, isLeftAlone }) => !isLeftAlone || named.has(link.name))
    .map(({ link, own, isLeftAlone }) => ({
      index: link.index,
      name: link.name,
      mac: link.mac,
      up: (link.flags & IFF_UP) !== 0 && (link.flags & IFF_RUNNING) !== 0,
      prefixes: own.map(({ address, prefixLength }) => `${address}/${prefixLength}`).sort(),
      ...(isLeftAlone && { isLeftAlone }),
    }))
    .sort((a, b) => a.index - b.index);
}

/** By name, why links that somebody names are not used all the same. */
export function unusableLinks(links: readonly LinkRecord[], named: ReadonlySet<string>): ReadonlyMap<string, string> {
  const reasons = links.flatMap((link): [string, string][] => {
    const reason = named.has(link.name) ? whyUnusable(link) : undefined;
    return reason === undefined ? [] : [[link.name, reason]];
  });
  return new Map(reasons);
}

function whyUnusable(link: LinkRecord): string | undefined {
  if (kindsWithPorts.has(link.portOf)) return `it is a port of a ${link.portOf}, which has the addresses in its place`;
  return isEthernet(link) ? undefined : 'there is no ARP on it';
}

function isEthernet({ hardware, flags, mac }: LinkRecord): boolean {
  return hardware === ETHERNET && mac.byteLength === 6 && (flags & (IFF_LOOPBACK | IFF_NOARP)) === 0;
}

function isOwn({ kind, name }: LinkRecord, addresses: readonly AddressRecord[]): boolean {
  if (kind === 'veth') return addresses.some(hasSubnet);
  return !foreignKinds.has(kind) && !foreignNames.some((pattern) => pattern.test(name));
}

function hasSubnet({ scope, address, prefixLength }: AddressRecord): boolean {
  return scope === 0 && prefixLength < hostPrefix(address);
}
