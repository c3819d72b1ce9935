import type { KubernetesObject } from '../../api/objects.ts';
import type { Node, Peer } from '../../generated/api.ts';
import { ROUTER_ADDRESS, ROUTER_AS, type RouterFacts } from './router-config.ts';

interface Known {
  /** The BgpPeer and the BgpConf themselves, where they may be read. */
  readonly peer: KubernetesObject | undefined;
  readonly conf: KubernetesObject | undefined;
  readonly nodes: readonly Pick<Node, 'addresses'>[];
}

/** Undefined: of a BgpPeer that could never be read nothing can be said. */
export function routerFacts(peer: Peer, known: Known): RouterFacts | undefined {
  const { address, peerAs, families, hasPassword, multihopTtl, bfd } = peer;
  if (address === null || peerAs === null) return undefined;
  const isIpv6 = address.includes(':');
  return {
    routerAddress: address,
    routerAs: peerAs,
    ourAs: ourAs(known),
    nodes: known.nodes.flatMap(({ addresses }) => addresses.find((each) => each.includes(':') === isIpv6) ?? []),
    families: families.map(({ family }) => family),
    hasPassword,
    multihopTtl: multihopTtl ?? undefined,
    ttlSecurityHops: ttlSecurityHops(known.peer),
    bfd:
      bfd === null
        ? undefined
        : { multiplier: bfd.detectMultiplier, intervalMs: Math.max(bfd.transmitIntervalMs, bfd.receiveIntervalMs) },
  };
}

/** That of this router, else that of all. */
function ourAs({ peer, conf }: Known): number | undefined {
  const { localAs } = (peer?.spec?.['conf'] ?? {}) as { readonly localAs?: unknown };
  const as = [localAs, conf?.spec?.['as']].find((each) => typeof each === 'number' && each !== 0);
  return as as number | undefined;
}

/** How far the router may be, where that is looked at: next to us, if it does not say. */
function ttlSecurityHops(peer: KubernetesObject | undefined): number | undefined {
  const { enabled, hops } = (peer?.spec?.['ttlSecurity'] ?? {}) as {
    readonly enabled?: unknown;
    readonly hops?: unknown;
  };
  if (enabled !== true) return undefined;
  return typeof hops === 'number' && hops > 0 ? hops : 1;
}

/** What can be said to any router before there is a BgpPeer, with words in the place of what is its own. */
export function anyRouter({ conf, nodes }: Omit<Known, 'peer'>): RouterFacts {
  return {
    routerAddress: ROUTER_ADDRESS,
    routerAs: ROUTER_AS,
    ourAs: ourAs({ peer: undefined, conf, nodes }),
    nodes: nodes.flatMap(({ addresses }) => addresses.find((each) => !each.includes(':')) ?? addresses[0] ?? []),
    families: ['ipv4'],
    ...{ hasPassword: false, multihopTtl: undefined, ttlSecurityHops: undefined, bfd: undefined },
  };
}
