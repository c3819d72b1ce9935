import type { PeerConfig } from '../../../backend/src/speakers/bgp/speaker.ts';
import { routerAddress } from './router-network.ts';

/** The router as a speaker knows it: a session per transport, each with the routes of its own family. */
export function peers(more: Partial<PeerConfig>): { readonly v4: PeerConfig; readonly v6: PeerConfig } {
  const common = {
    ...{ port: 179, peerAs: 65001, localAs: 65000, routerId: '10.211.0.2', holdTimeSeconds: 9, connectRetrySeconds: 1 },
    ...more,
  };
  return {
    v4: {
      ...{ ...common, key: 'v4', address: routerAddress.ipv4 },
      families: [{ family: 'ipv4-unicast', addPathSendMax: 8 }],
    },
    v6: {
      ...{ ...common, key: 'v6', address: routerAddress.ipv6 },
      families: [{ family: 'ipv6-unicast', addPathSendMax: 8 }],
    },
  };
}
