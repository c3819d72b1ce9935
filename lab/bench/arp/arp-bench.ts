import type { Kube } from '../../../backend/src/cluster/kube.ts';
import type { LightNode } from '../../cluster/light-node.ts';
import type { Asker, Flood } from '../../lan/asker.ts';
import type { LightLab } from '../../light-lab.ts';
import { ipv6Part, on, ours, service, slice } from '../../local/objects.ts';
import type { IngressWatch } from '../ingress-watch.ts';

/** Each with a replica. */
export const nodes: readonly string[] = ['n1', 'n2', 'n3'];

export interface Bench {
  readonly lab: LightLab;
  readonly kube: Kube;
  readonly asker: Asker;
  readonly flood: Flood;
  readonly ingress: IngressWatch;
}

/** The owner of an address and the owner's own address of that family. */
export interface Pair {
  readonly ip: string;
  readonly owner: LightNode;
  readonly ownIp: string;
}

/** @param ips that it asks for; of one family or of both. None: one of each family, whichever the pool gives */
export async function createService(lab: LightLab, name: string, ips: readonly string[]): Promise<void> {
  const dual = { ...ours, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] };
  const single = { ...ours, ipFamilies: [ips[0]?.includes(':') === true ? 'IPv6' : 'IPv4'] };
  const annotations = ips.length === 0 ? {} : { 'lb.kubesphere.io/ips': ips.join() };
  await lab.api.create(service(name, { annotations, spec: ips.length === 1 ? single : dual }));
}

export async function createEndpoints(lab: LightLab, name: string): Promise<void> {
  await lab.api.apply(slice(name, on(nodes)));
  await lab.api.apply(slice(name, on(nodes), ipv6Part));
}
