import assert from 'node:assert/strict';
import { rank } from '../../../backend/src/announce/rendezvous.ts';
import { Asker } from '../../lan/asker.ts';
import { answersFor, claimsOf, ownersOverlaps, reigns, reignsTold } from '../../lan/claims.ts';
import type { LanRecord, LanRecordKind } from '../../lan/records.ts';
import type { LightNode } from '../../cluster/light-node.ts';
import { eip, ours, type ServiceWishes } from '../../local/objects.ts';
import type { Client } from '../../network/client.ts';
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

/** An address of each family, of the pool `lan`, that go from one of these nodes to another together, as they rank them alike. */
export function pairOf(nodes: readonly string[]): readonly [string, string] {
  const four = '10.50.0.230';
  const order = rank(four, nodes).join();
  for (let i = 0xe00; i < 0x1000; i++) {
    const six = `fd00:50::1:${i.toString(16)}`;
    if (rank(six, nodes).join() === order) return [four, six];
  }
  throw new Error(`no IPv6 address of the pool goes with ${four}`);
}

/** The Service for these addresses of the pool `lan`, one of each family. */
export function fromLanWith(ips: readonly string[]): ServiceWishes {
  return { ...fromLan, annotations: { ...fromLan.annotations, 'lb.kubesphere.io/ips': ips.join() } };
}

export interface MoveOptions {
  /** How long the traffic goes on after the action, so that the move is part of it, in milliseconds. */
  readonly afterMs?: number;
  /** What the other host asks for: by default the address alone. */
  readonly asked?: readonly string[];
  /** Who sends requests all the time, and where to. Default: the host `h1`, to the address. */
  readonly users?: readonly User[];
}

/** One who uses a Service by one of its addresses. */
export interface User {
  readonly client: Client;
  readonly ip: string;
}

/** What those who use an address and a sniffer saw of it while something happened. */
export interface Move {
  /** Of all users, the longest. */
  readonly gap: Gap | undefined;
  /** By name of who had it, the longest of each; who lost no request is not there. */
  readonly gaps: ReadonlyMap<string, Gap>;
  readonly records: readonly LanRecord[];
  readonly askings: readonly Asking[];
}

/** One who knew nothing of an address asked everybody for it, as kernels do: up to three times, a second apart (mcast_solicit). */
export interface Asking {
  readonly ip: string;
  /** Milliseconds since the epoch. */
  readonly begunAt: number;
  /** Or he gave it up. */
  readonly answered: boolean;
  /** How often he had asked in vain before that. */
  readonly inVain: number;
}

interface AskingAllTheTime {
  /** Those that are over. */
  readonly askings: readonly Asking[];
  /** Each has been asked for once. */
  readonly begun: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A lab with a LAN: hosts on the nodes' network, a client behind the router, and the pool `lan`. */
export class LinkLab {
  readonly manager: ManagerLab;
  readonly #asker: Asker;

  private constructor(manager: ManagerLab) {
    this.manager = manager;
    this.#asker = new Asker(manager.lab.host('h2'));
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
    this.#asker.close();
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

  /**
   * Runs `action` while the users send requests every 20 ms each and another host asks for the address all the time; tells the
   * longest time that one of them had no answer to a request.
   */
  async during(
    ip: string,
    action: () => Promise<void>,
    { afterMs = 4_000, asked = [ip], users = [{ client: this.host, ip }] }: MoveOptions = {},
  ): Promise<Move> {
    await this.owner(ip);
    const sniffer = await this.manager.lab.sniff();
    const traffics = users.map((user) => new PacedTraffic(user.client, user.ip));
    const asking = this.#askAllTheTime(asked);
    try {
      await asking.begun;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await action();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
    } finally {
      await asking.stop();
    }
    const found = await Promise.all(traffics.map(async (traffic) => longestGap(await traffic.stop())));
    const records = await sniffer.stop();
    const gaps = new Map<string, Gap>();
    for (const [i, { client }] of users.entries()) {
      const gap = found[i];
      if (gap !== undefined && gap.ms > (gaps.get(client.name)?.ms ?? 0)) gaps.set(client.name, gap);
    }
    const [gap] = [...gaps.values()].sort((a, b) => b.ms - a.ms);
    return { gap, gaps, records, askings: asking.askings };
  }

  /** The host `h2` asks for these in turn, a twentieth of a second after each answer. */
  #askAllTheTime(ips: readonly string[]): AskingAllTheTime {
    const askings: Asking[] = [];
    let stopped = false;
    const ask = async (ip: string): Promise<void> => {
      const begunAt = Date.now();
      const patience = { rounds: 3, timeoutMs: 1_000, pauseMs: 50, untilAnswered: true };
      const { answeredAt, latencies } = await this.#asker.ask({ ips: [ip], ...patience });
      const inVain = (latencies[ip] ?? []).filter((ms) => ms === null).length;
      askings.push({ ip, begunAt, answered: answeredAt !== null, inVain });
    };
    const askInTurn = async (): Promise<void> => {
      for (const ip of ips) await ask(ip);
    };
    const begun = askInTurn();
    const done = begun.then(async () => {
      while (!stopped) await askInTurn();
    });
    // Whoever stops it is told.
    done.catch(() => undefined);
    const stop = async (): Promise<void> => {
      stopped = true;
      await done;
    };
    return { askings, begun, stop };
  }

  /** Somebody asked for the address all the time, and always got an answer before he gave up. */
  assertAlwaysAnswered({ askings }: Move, ip: string): void {
    const about = askings.filter((asking) => asking.ip === ip);
    assert.ok(about.length > 1, `nobody asked for ${ip}`);
    assert.deepEqual(
      about.filter(({ answered }) => !answered),
      [],
      `nobody answered for ${ip}`,
    );
  }

  /**
   * Who asked for the address had an answer to his first question or to the one after it. A machine that is busy may hold up one answer
   * for longer than he waits, but two in a row are missing only where nobody speaks for the address.
   */
  assertAnsweredThroughout(move: Move, ip: string): void {
    this.assertAlwaysAnswered(move, ip);
    const unanswered = move.askings.filter((asking) => asking.ip === ip && asking.inVain > 1);
    assert.deepEqual(unanswered, [], `nobody answered for ${ip} for a while`);
  }

  /**
   * Nearly all who asked for the address had an answer to their first question, the others to the one after it: in a flood a busy machine may keep an
   * engine from its socket for longer than the kernel has room for frames (27 ms of 20,000/s).
   */
  assertAnsweredInFlood(move: Move, ip: string): void {
    this.assertAnsweredThroughout(move, ip);
    const about = move.askings.filter((asking) => asking.ip === ip);
    const again = about.filter(({ inVain }) => inVain > 0);
    const few = Math.max(1, about.length / 5);
    assert.ok(again.length <= few, `of ${about.length} ${again.length} asked more than once for ${ip}`);
  }

  /**
   * The address went from one to another, and who asked after the other one had announced it got no answer from the first. Of a decision that the
   * API tells, the first may hear some milliseconds later than the other: until then it contradicts, and goes on.
   */
  assertSilentOnceRelieved(records: readonly LanRecord[], ip: string): void {
    const [first] = reigns(records, ip);
    const told = claimsOf(records, ip).filter(({ kind }) => isAnnouncement(kind));
    const contradicted = told.findLast(({ mac }) => mac === first?.mac)?.at ?? -Infinity;
    const relieved = told.find(({ at, mac }) => mac !== first?.mac && at > contradicted)?.at;
    assert.ok(first !== undefined && relieved !== undefined, `${ip} went nowhere`);
    const late = answersFor(records, ip).filter(({ at }) => at > relieved + HEARD_MS);
    const wrong = late.filter(({ answers }) => answers.some(({ mac }) => mac === first.mac));
    const claims = told.map(({ at, mac }) => `${mac} at ${at.toFixed(1)}`).join(', ');
    const what = `who had ${ip} before went on answering for it; announced by ${claims}`;
    assert.deepEqual(wrong, [], `${what}; ${this.reignsTold(records, ip)}`);
  }

  /** Who claimed an address and when, by name of the node, for the message of a failure. */
  reignsTold(records: readonly LanRecord[], ip: string): string {
    return reignsTold(records, ip, (mac) => this.manager.lab.nodeWith(mac)?.name ?? mac);
  }

  /** Nobody else claimed the address as well, but for a second at most each time that the owner changed. */
  assertOneOwner(records: readonly LanRecord[], ip: string, { changes = 1 }: { readonly changes?: number } = {}): void {
    const overlaps = ownersOverlaps(records, ip);
    const seen = `for so many milliseconds: ${overlaps.join()}; ${this.reignsTold(records, ip)}`;
    assert.ok(overlaps.length <= changes, `${ip} had two owners ${overlaps.length} times, ${seen}`);
    assert.ok(Math.max(0, ...overlaps) < 1_000, `${ip} had two owners ${seen}`);
    assert.ok(claimsOf(records, ip).length > 0, `nobody claimed ${ip} at all`);
  }
}

/**
 * The sniffer hears on the bridge: the frame gets to the others a moment later, and on a busy machine what somebody asks after it may be there first.
 * Far less than one would go on who has not heard it.
 */
const HEARD_MS = 100;

function isAnnouncement(kind: LanRecordKind): boolean {
  return kind === 'gratuitous' || kind === 'unsolicited-na';
}

/** Who lost requests, and for how long: for the test's output. */
export function told(what: string, { gaps, askings }: Move): void {
  const each = [...gaps].map(([name, { ms, lost }]) => `${name} ${ms.toFixed(0)} ms without an answer, ${lost} lost`);
  const text = gaps.size === 0 ? 'no request lost' : each.join(', ');
  const answered = askings.filter((asking) => asking.answered).length;
  const again = askings.filter(({ inVain }) => inVain > 0).length;
  const who = `${answered} of ${askings.length} who asked for it were answered, ${again} asked more than once`;
  process.stderr.write(`      ${what}: ${text}; ${who}\n`);
}
