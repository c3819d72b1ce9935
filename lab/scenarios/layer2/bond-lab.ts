import { join } from 'node:path';
import { progressToStderr } from '../../toolchain/index.ts';
import { parseNeighbours } from '../../network/neighbours.ts';
import { until } from '../../state/until.ts';
import { UserModeLinux } from '../../uml/user-mode-linux.ts';
import type { GuestAnswer, GuestCommand, GuestLink } from './guest-process.ts';

/** A busy machine with a kernel on top of it: boot, and whatever is waited for there. */
const patienceMs = 120_000;

/**
 * A node with two network cards, in a kernel that knows bonds and VLANs, and a switch that both are plugged into (`p0` and `p1`). The
 * switch can ask as a host would: untagged from its device `lan`, in the VLANs 20 and 30 from `lan.20` and `lan.30`.
 *
 * ```
 *  node: eth0 ─┐                                 ┌─ p0
 *              ├─ bond0 ─┬─ bond0.20             │  lan ─┬─ lan.20
 *        eth1 ─┘         └─ bond0.30 ─ br30      └─ p1   └─ lan.30
 * ```
 */
export class BondLab {
  readonly #linux: UserModeLinux<GuestCommand, GuestAnswer>;

  private constructor(linux: UserModeLinux<GuestCommand, GuestAnswer>) {
    this.#linux = linux;
  }

  /** Cards and switch, no bond yet. */
  static async up(): Promise<BondLab> {
    const linux = await UserModeLinux.boot<GuestCommand, GuestAnswer>({
      modules: ['ipv6', 'veth', 'bonding', '8021q', 'bridge'],
      program: join(import.meta.dirname, 'guest-process.ts'),
      progress: progressToStderr,
    });
    const lab = new BondLab(linux);
    try {
      await lab.#createSwitch();
      return lab;
    } catch (error) {
      await linux.down();
      throw error;
    }
  }

  async down(): Promise<void> {
    await this.#linux.down();
  }

  /** On the node, lines of `ip -batch`. */
  async node(...lines: string[]): Promise<void> {
    await this.#run(['ip', '-batch', '-'], lines);
  }

  /** On the switch. */
  async switch(...lines: string[]): Promise<void> {
    await this.#run(['ip', '-n', 'switch', '-batch', '-'], lines);
  }

  /** Runs a program on the node; its output. @throws {Error} with what it said if it fails */
  async exec(...command: string[]): Promise<string> {
    return this.#run(command);
  }

  /** What the product may speak on. */
  async links(): Promise<readonly GuestLink[]> {
    return (await this.#linux.tell({ links: true })).links ?? [];
  }

  /** Returns once the links that are up are these, of which each has so many addresses that may be used. */
  async linksAre(wanted: Readonly<Record<string, number>>): Promise<void> {
    const found = async (): Promise<string> => {
      const up = (await this.links()).filter((link) => link.up);
      return JSON.stringify(Object.fromEntries(up.map(({ name, prefixes }) => [name, prefixes.length]).sort()));
    };
    const want = JSON.stringify(wanted);
    await until(async () => (await found()) === want, {
      ...{ what: `the links to be ${want}`, timeoutMs: patienceMs },
      explain: async () => JSON.stringify(await this.links()),
    });
  }

  /** Has the speaker answer for these; returns once all are announced on these links. */
  async answerFor(links: Readonly<Record<string, string>>): Promise<void> {
    await this.#linux.tell({ answerFor: Object.keys(links) });
    for (const [ip, link] of Object.entries(links)) {
      const state = async (): Promise<string> => (await this.#linux.tell({ states: true })).states?.[ip] ?? 'unknown';
      await until(async () => (await state()) === `announcing on ${link}`, {
        ...{ what: `${ip} to be announced on ${link}`, timeoutMs: patienceMs, explain: state },
      });
    }
  }

  /** The MAC that the switch finds when it asks anew from one of its devices; undefined if nobody answers three questions. */
  async ask(device: string, ip: string): Promise<string | undefined> {
    await this.switch(`neigh flush to ${ip} dev ${device} nud all`, `neigh replace ${ip} dev ${device} use`);
    let answered: string | undefined;
    const settled = async (): Promise<boolean> => {
      const table = await this.#run(['ip', '-n', 'switch', '-j', 'neigh', 'show', 'to', ip, 'dev', device]);
      answered = parseNeighbours(table).get(ip);
      return answered !== undefined || table.includes('FAILED');
    };
    const what = `the kernel to find ${ip} on ${device} or give up`;
    await until(settled, { what, timeoutMs: patienceMs, intervalMs: 200 });
    return answered;
  }

  /** The MAC that the switch finds, however often it must ask on a busy machine. */
  async find(device: string, ip: string): Promise<string> {
    const due = { what: `somebody to answer for ${ip} on ${device}`, timeoutMs: patienceMs };
    return until(async () => this.ask(device, ip), due);
  }

  /** Has the switch do MLD snooping; returns once it sends what is for this address' group to the active card, and not to the other one. */
  async snoop(group: string): Promise<void> {
    const interval = 'mcast_query_response_interval 100 mcast_startup_query_interval 100';
    await this.switch(`link set lan type bridge mcast_snooping 1 mcast_querier 1 ${interval}`);
    const listeners = async (): Promise<string> => {
      const members = await this.#run(['bridge', '-n', 'switch', 'mdb', 'show', 'dev', 'lan']);
      const ports = members.split('\n').filter((line) => line.includes(` grp ${group} `));
      return ports.map((line) => / port (\w+) /.exec(line)?.[1] ?? '').join();
    };
    const wanted = async (): Promise<boolean> => (await listeners()) === portOf(await this.activeCard());
    await until(wanted, {
      what: `the switch to know who listens to ${group}`,
      timeoutMs: patienceMs,
      explain: listeners,
    });
  }

  /** The card through which the bond sends. */
  async activeCard(): Promise<string> {
    return (await this.exec('cat', '/sys/class/net/bond0/bonding/active_slave')).trim();
  }

  /** Pulls the cable of the active card; returns when the bond uses the other one, which is named. */
  async failOver(): Promise<string> {
    const before = await this.activeCard();
    await this.switch('link set p0 up', 'link set p1 up');
    const other = before === 'eth0' ? 'eth1' : 'eth0';
    const isBack = async (): Promise<boolean> => (await this.exec('cat', `/sys/class/net/${other}/carrier`)) === '1\n';
    await until(isBack, { what: `${other} to have a carrier`, timeoutMs: patienceMs });
    await this.switch(`link set ${portOf(before)} down`);
    const due = { what: `the bond to use ${other}`, timeoutMs: patienceMs };
    await until(async () => (await this.activeCard()) === other, due);
    return other;
  }

  async #createSwitch(): Promise<void> {
    await this.#run(['ip', 'netns', 'add', 'switch']);
    await this.node(
      'link set lo up',
      'link add eth0 type veth peer name p0 netns switch',
      'link add eth1 type veth peer name p1 netns switch',
    );
    await this.switch(
      'link add lan type bridge mcast_snooping 0 forward_delay 0',
      ...['link set p0 master lan up', 'link set p1 master lan up', 'link set lan up'],
      ...[20, 30].map((id) => `link add link lan name lan.${id} type vlan id ${id}`),
      ...['lan.20', 'lan.30'].map((name) => `link set ${name} up`),
      ...['10.1', '10.2', '10.3'].map((net, i) => `address add ${net}.0.9/24 dev ${switchDevices[i] ?? ''}`),
      ...['fd01', 'fd02', 'fd03'].map((net, i) => `address add ${net}::9/64 dev ${switchDevices[i] ?? ''} nodad`),
    );
  }

  async #run(command: readonly string[], lines: readonly string[] = []): Promise<string> {
    const stdin = lines.map((line) => `${line}\n`).join('');
    const { stdout = '', failure } = await this.#linux.tell({ run: command, stdin });
    if (failure !== undefined) throw new Error(`${failure}\n${stdin}`);
    return stdout;
  }
}

const switchDevices = ['lan', 'lan.20', 'lan.30'];

/** Of the switch, where a card of the node is plugged in. */
function portOf(card: string): string {
  return card === 'eth0' ? 'p0' : 'p1';
}
