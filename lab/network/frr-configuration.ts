import { nodeNetwork } from './plan.ts';
import type { RouterPlan } from './plan.ts';

export const routerAsn = 65000;

/**
 * A router that takes BGP sessions from anywhere in the nodes' network, over IPv4 and IPv6, of any other AS, for both
 * families, and puts up to 64 equal paths of an address into the kernel. ADD-PATH receive is FRR's default.
 */
export function bgpdConfiguration(router: RouterPlan): string {
  return `hostname ${router.name}
log stdout informational
log timestamp precision 3
router bgp ${routerAsn}
 bgp router-id ${router.addresses.ipv4}
 bgp log-neighbor-changes
 no bgp ebgp-requires-policy
 neighbor cluster peer-group
 neighbor cluster remote-as external
 bgp listen limit 1000
 bgp listen range ${nodeNetwork.ipv4} peer-group cluster
 bgp listen range ${nodeNetwork.ipv6} peer-group cluster
 address-family ipv4 unicast
  neighbor cluster activate
  maximum-paths 64
 exit-address-family
 address-family ipv6 unicast
  neighbor cluster activate
  maximum-paths 64
 exit-address-family
`;
}

export function zebraConfiguration(router: RouterPlan): string {
  return `hostname ${router.name}\nlog stdout informational\n`;
}
