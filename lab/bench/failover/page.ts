import { losses, timeTable, trafficTable, type TimeRow, type TrafficRow } from './table.ts';

export interface Page {
  readonly conditions: readonly string[];
  readonly traffic: readonly TrafficRow[];
  readonly times: readonly TimeRow[];
}

/** docs/reference/failover.md. */
export function page({ conditions, traffic, times }: Page): string {
  const lost = losses(traffic).map((line) => `\n- ${line}`);
  return `# What clients see when something fails

Written by \`npm run bench:failover\`; don't edit it. [failures.md](../failures.md) and [node-health.md](../node-health.md) explain what happens.

A client beyond a router (BGP) and a host on the nodes' network (Layer 2) send a request every 10 ms, each over a connection of its own, and wait 300
ms for its answer. Three nodes with a replica each. Figures are the median, and the worst in brackets.

${conditions.map((line) => `- ${line}`).join('\n')}

${trafficTable(traffic)}
${times.length === 0 ? '' : `\n${timeTable(times)}\n`}${lost.length === 0 ? '' : `\nLost where the goal was missed:\n${lost.join('')}\n`}
- **BGP, Local**: every node has a Pod. **BGP, Cluster**: Pods only on nodes that survive; that kube-proxy goes on choosing the Pods of a dead node
  until Kubernetes notices is not part of it, and [measured apart](../node-health.md#what-kube-proxy-does-meanwhile).
- With three next hops a router sends a third of the requests to the dead one, so that there are answers all the time: what counts is when the
  last request is lost. On a link all requests go to one node.
- When an address of a link moves because a replica goes or comes, a connection that is under way at that moment is reset (ECONNRESET): the node that
  takes over doesn't know it. New connections are answered.
- When Pods move, the router's set of next hops changes, and a router without resilient hashing spreads connections anew: one that is under way at that
  moment comes to a node that doesn't know it, and is reset (ECONNRESET). Nothing that is sent later is lost.
- A router that restarts takes its routes out by itself; what a client sees then is its restart, and the way to the first session.
- Uninstalling is no row: routes are withdrawn, and clients lose the address, which is what was asked for (\`lab/scenarios/extension.lab.test.ts\`).
- The nodes have a stand-in for kube-proxy and for Pods; the rest is the real thing: API server, FRR, kernels, porter-manager.
`;
}
