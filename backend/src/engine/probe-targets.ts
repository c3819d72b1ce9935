import { nextHop } from '../announce/next-hop.ts';
import type { Node } from '../domain/node.ts';
import type { NodeTarget } from '../health/nodes.ts';

/**
 * Where each node is probed: at the address that traffic is sent to, as a router on no subnet of the node would, IPv4 before IPv6. One
 * without an address is no next hop either.
 */
export function probeTargets(nodes: Iterable<Node>): NodeTarget[] {
  return [...nodes].flatMap((node) => {
    const address = nextHop(node, 'ipv4', []) ?? nextHop(node, 'ipv6', []);
    return address === undefined ? [] : [{ name: node.name, address: address.text }];
  });
}
