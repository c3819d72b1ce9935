import { rangeContains, type AddressRange, type Family } from '../domain/address.ts';
import type { Node, NodeAddress } from '../domain/node.ts';

/**
 * The node's address of a family, as a router on `subnets` should use it: what the Node's annotation pins, else the InternalIP on the
 * router's own subnet (RFC 4271, 5.1.3: a third-party next hop must be on a common subnet), else the first InternalIP of the family.
 */
export function nextHop(node: Node, family: Family, subnets: readonly AddressRange[]): NodeAddress | undefined {
  const pinned = node.pinned.find((address) => address.family === family);
  if (pinned !== undefined) return pinned;
  const candidates = node.internalIPs.filter((address) => address.family === family);
  return candidates.find((address) => subnets.some((subnet) => rangeContains(subnet, address))) ?? candidates[0];
}
