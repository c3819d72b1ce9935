import type { Node } from '../../domain/node.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import type { AddressAssignerDeps } from './address-assigner.ts';

/** What giving addresses needs of the view: a node's ExternalIPs are no less the node's own than its InternalIPs. */
export function reservingView(view: ClusterView): AddressAssignerDeps['view'] {
  const { services, namespaces } = view;
  return {
    services,
    namespaces,
    get nodes() {
      return new Map([...view.nodes].map(([name, node]) => [name, withExternalIPs(node)]));
    },
    poolsInForce: () => view.poolsInForce(),
    poolObject: (name) => view.poolObject(name),
    serviceObject: (key) => view.serviceObject(key),
  };
}

function withExternalIPs(node: Node): Node {
  return { ...node, internalIPs: [...node.internalIPs, ...node.externalIPs] };
}
