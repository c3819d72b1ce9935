import assert from 'node:assert/strict';
import { answersFor, claimsOf, ownersOverlap } from '../../lan/claims.ts';
import type { LanRecord } from '../../lan/records.ts';
import type { LightNode } from '../../cluster/light-node.ts';
import { eip, ours, type ServiceWishes } from '../../local/objects.ts';
import type { Host } from '../../network/host.ts';
import type { Router } from '../../network/router.ts';
import { until } from '../../state/until.ts';
import { longestGap, PacedTraffic, type Gap } from '../../story/traffic.ts';
import { ManagerLab, type ManagerLabSize } from '../manager/manager-lab.ts';

/** The pool `lan`: addresses of the nodes' own network, of both families. */
export const linkRanges = ['10.50.0.128-10.50.0.239', 'fd00:50::1:0/116'];

/** For both families, from the pool `lan`. */
export const fromLan: ServiceWishes = {
  spec: { ...ours, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
  annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'lan' },
};

export interface MoveOptions {
  /** How long the traffic goes on after the action, so that the move is part of it, in milliseconds. */
  readonly afterMs?: number;
}

/** What a client and a sniffer saw of an address while something happened. */
export interface Move {
  readonly gap: Gap | undefined;
  readonly records: readonly LanRecord[];
}

/** A lab with a LAN: hosts on the nodes' network, a client behind the router, and the pool `lan`. */
export class LinkLab {
  readonly manager: ManagerLab;

  private constructor(manager: ManagerLab) {
    this.manager = manager;
  }

  static async up(members: readonly string[], size: ManagerLabSize = {}): Promise<LinkLab> {
    const manager = await ManagerLab.up({ members, clients: 1, hosts: 2, ...size });
    try {
      await manager.lab.apply(eip('lan', { addresses: linkRanges, protocol: 'layer2' }));
      return new LinkLab(manager);
    } catch (error) {
      await manager.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.manager.down();
  }

  get host(): Host {
    return this.manager.lab.host('h1');
  }

  get router(): Router {
    return this.manager.lab.router('r1');
  }

  node(name: string): LightNode {
    return this.manager.lab.node(name);
  }

  /** Creates a Service with endpoints on these nodes (default: all), which take its traffic; returns its addresses. */
  async serve(name: string, wishes: ServiceWishes = fromLan, nodes?: readonly string[]): Promise<string[]> {
    await this.manager.create(name, wishes, nodes);
    const ips = await this.manager.addresses(name);
    await Promise.all(this.manager.lab.nodes.map((node) => node.serve(...ips)));
    await this.manager.announcedBecause(name, 'Announced');
    return ips;
  }

  /** Name of the node that the host finds when it asks the LAN anew; waits until somebody answers. */
  async owner(ip: string): Promise<string> {
    const answering = async (): Promise<string | undefined> => {
      const mac = await this.host.neighbours.ask(ip);
      return mac === undefined ? undefined : this.manager.lab.nodeWith(mac)?.name;
    };
    return until(answering, { what: `a node to answer for ${ip}`, explain: () => this.manager.logTail('n1') });
  }

  /** Asks until the answer is this node. */
  async ownedBy(ip: string, node: string): Promise<void> {
    const due = { what: `${node} to answer for ${ip}`, explain: () => this.manager.logTail(node) };
    await until(async () => (await this.owner(ip)) === node, due);
  }

  /** Runs `action` while the host asks for the address every 20 ms; tells the longest time without an answer. */
  async during(ip: string, action: () => Promise<void>, { afterMs = 4_000 }: MoveOptions = {}): Promise<Move> {
    await this.owner(ip);
    const sniffer = await this.manager.lab.sniff();
    const traffic = new PacedTraffic(this.host, ip);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await action();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const outcomes = await traffic.stop();
    const records = await sniffer.stop();
    return { gap: longestGap(outcomes), records };
  }

  /**
   * Every question of anybody for the address had one answer at most: nobody else answered as well, but for a second at most in which
   * the owner changed.
   */
  assertOneOwner(records: readonly LanRecord[], ip: string): void {
    const doubles = answersFor(records, ip).filter(({ answers }) => new Set(answers.map(({ mac }) => mac)).size > 1);
    const [first, last] = [doubles[0], doubles.at(-1)];
    const forMs = (last?.at ?? 0) - (first?.at ?? 0);
    assert.ok(forMs < 1_000, `two answered for ${ip} for ${forMs} ms: ${JSON.stringify(last?.answers)}`);
    assert.ok(ownersOverlap(records, ip) < 1_000, `${ip} had two owners`);
    assert.ok(claimsOf(records, ip).length > 0, `nobody claimed ${ip} at all`);
  }
}

/** `no gap`, or how long it was: for the test's output. */
export function told(what: string, { gap }: Move): void {
  const text = gap === undefined ? 'no request lost' : `${gap.ms.toFixed(0)} ms without an answer, ${gap.lost} lost`;
  process.stderr.write(`      ${what}: ${text}\n`);
}
