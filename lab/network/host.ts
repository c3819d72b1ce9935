import type { Processes } from '../state/processes.ts';
import { Client } from './client.ts';
import { NeighbourTable } from './neighbours.ts';
import type { HostPlan } from './plan.ts';
import { macOf } from './topology.ts';

/** A machine on the nodes' own network, or on the second LAN, that is no node: it meets addresses there by ARP and neighbour discovery. */
export class Host extends Client {
  /** Of its link on that network. */
  readonly mac: string;
  /** Of its kernel. */
  readonly neighbours: NeighbourTable;

  constructor(processes: Processes, plan: HostPlan) {
    super(processes, plan);
    this.mac = macOf(plan.addresses.ipv4);
    this.neighbours = new NeighbourTable(plan.namespace, 'eth0');
  }
}
