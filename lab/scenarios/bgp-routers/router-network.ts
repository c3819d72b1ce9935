import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { removeAbandoned } from '../../network/abandoned.ts';

const execute = promisify(execFile);

export const routerAddress = { ipv4: '10.211.0.1', ipv6: 'fd00:211::1' };
export const speakerAddress = { ipv4: '10.211.0.2', ipv6: 'fd00:211::2' };
/** The only link-local addresses that there are, both on `eth0`. */
export const linkLocal = { router: 'fe80::1', speaker: 'fe80::2' };

const sysctls = [
  'net.ipv6.conf.all.disable_ipv6=0',
  'net.ipv6.conf.default.disable_ipv6=0',
  'net.ipv6.conf.default.accept_dad=0',
  'net.ipv4.ip_forward=1',
  'net.ipv6.conf.all.forwarding=1',
];

/** Runs `ip` and returns what it says. */
export async function ip(...args: string[]): Promise<string> {
  return (await execute('ip', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

interface KernelRoute {
  readonly dst: string;
  readonly gateway?: string;
  /** A next hop of the other family (RFC 8950). */
  readonly via?: { readonly host: string };
  readonly nexthops?: readonly Pick<KernelRoute, 'gateway' | 'via'>[];
}

/** Runs a program in a namespace and returns what it says. */
export async function inNamespace(namespace: string, ...command: readonly string[]): Promise<string> {
  const args = [`--net=/var/run/netns/${namespace}`, ...command];
  return (await execute('nsenter', args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** Routes that a routing daemon put into a namespace's kernel: destination -> its next hops, sorted. */
export async function kernelRoutes(
  namespace: string,
  family: 4 | 6,
  protocol: 'bgp' | 'bird',
): Promise<Map<string, string[]>> {
  const json = await ip('-n', namespace, `-${family}`, '-j', 'route', 'show', 'proto', protocol);
  const routes = new Map<string, Set<string>>();
  for (const { dst, nexthops, ...only } of JSON.parse(json || '[]') as KernelRoute[]) {
    const hops = routes.get(dst) ?? new Set();
    for (const { gateway, via } of nexthops ?? [only]) hops.add(gateway ?? via?.host ?? 'none');
    routes.set(dst, hops);
  }
  return new Map([...routes].map(([dst, hops]) => [dst, [...hops].sort()]));
}

export interface Ends {
  readonly router: typeof routerAddress;
  readonly speaker: typeof speakerAddress;
}

/** A network namespace for a router and one for a speaker, one veth apart. */
export class RouterNetwork {
  readonly router: string;
  readonly speaker: string;
  readonly addresses: Ends = { router: routerAddress, speaker: speakerAddress };

  /** @param name prefix of the namespaces; unique on the machine */
  constructor(name: string) {
    this.router = `${name}-r`;
    this.speaker = `${name}-s`;
  }

  async create(): Promise<void> {
    await removeAbandoned();
    for (const namespace of [this.router, this.speaker]) {
      await ip('netns', 'add', namespace);
      await inNamespace(namespace, 'sysctl', '-qw', ...sysctls);
      await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    }
    const peer = ['peer', 'name', 'eth0', 'netns', this.speaker];
    await ip('-n', this.router, 'link', 'add', 'eth0', 'type', 'veth', ...peer);
    await this.#address(this.router, { ...routerAddress, linkLocal: linkLocal.router });
    await this.#address(this.speaker, { ...speakerAddress, linkLocal: linkLocal.speaker });
  }

  async remove(): Promise<void> {
    for (const namespace of [this.router, this.speaker]) await ip('netns', 'del', namespace).catch(() => '');
  }

  /** TCP connections of BGP that are established, as the router's kernel has them. */
  async connections(): Promise<number> {
    const filter = ['state', 'established', '( sport = :179 or dport = :179 )'];
    const lines = (await inNamespace(this.router, 'ss', '-Htn', ...filter)).trim();
    return lines === '' ? 0 : lines.split('\n').length;
  }

  /** From now on neither the router nor the speaker hears anything; both may go on talking, and the link stays up. */
  async cut(): Promise<void> {
    await this.#drop('-I');
  }

  async mend(): Promise<void> {
    await this.#drop('-D');
  }

  async #drop(change: '-I' | '-D'): Promise<void> {
    for (const namespace of [this.router, this.speaker]) {
      for (const tool of ['iptables', 'ip6tables']) {
        await inNamespace(namespace, tool, '-w', change, 'INPUT', '-i', 'eth0', '-j', 'DROP');
      }
    }
  }

  async #address(namespace: string, address: Readonly<Record<'ipv4' | 'ipv6' | 'linkLocal', string>>): Promise<void> {
    await ip('-n', namespace, 'link', 'set', 'eth0', 'addrgenmode', 'none');
    await ip('-n', namespace, 'addr', 'add', `${address.ipv4}/24`, 'dev', 'eth0');
    for (const ipv6 of [address.ipv6, address.linkLocal]) {
      await ip('-n', namespace, 'addr', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
    }
    await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  }
}
