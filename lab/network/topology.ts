import { together } from '../state/together.ts';
import { run } from '../toolchain/run.ts';
import type { Addresses, ClientPlan, HostPlan, LanName, NetworkPlan, NodePlan, RouterPlan } from './plan.ts';

/** No router advertisements, no duplicate address detection (it costs a second per address), no reverse path filter. */
const hostSettings = {
  'net.ipv6.conf.all.disable_ipv6': 0,
  'net.ipv6.conf.default.disable_ipv6': 0,
  'net.ipv6.conf.all.accept_ra': 0,
  'net.ipv6.conf.default.accept_ra': 0,
  'net.ipv6.conf.default.accept_dad': 0,
  'net.ipv4.conf.all.rp_filter': 0,
  'net.ipv4.conf.default.rp_filter': 0,
};

const routingSettings = {
  ...hostSettings,
  'net.ipv4.ip_forward': 1,
  'net.ipv6.conf.all.forwarding': 1,
  'net.ipv6.conf.default.forwarding': 1,
};

/** ECMP by addresses and ports, so that the flows of one client spread over all next hops. */
const routerSettings = {
  ...routingSettings,
  'net.ipv4.fib_multipath_hash_policy': 1,
  'net.ipv6.fib_multipath_hash_policy': 1,
};

type Settings = Readonly<Record<string, number>>;

/** Makes the namespaces, bridges, links, addresses and static routes of a lab. */
export async function createNetwork(plan: NetworkPlan): Promise<void> {
  await createSwitch(plan);
  await together([
    createControlPlane(plan),
    ...plan.routers.map((router) => createRouter(plan, router)),
    ...plan.nodes.map((node) => createNode(plan, node)),
    ...plan.clients.map((client) => createClient(plan, client)),
    ...plan.hosts.map((host) => createHost(plan, host)),
  ]);
}

/** Removes what `createNetwork` made, as far as it is there. Processes in the namespaces must have ended. */
export async function removeNetwork(plan: NetworkPlan): Promise<void> {
  const machines = [plan.controlPlane, ...plan.nodes, ...plan.routers, ...plan.clients, ...plan.hosts];
  await removeNamespaces([...machines.map((machine) => machine.namespace), plan.switchNamespace]);
}

/** The network namespaces of this machine whose names start with `prefix`. */
export async function namespacesWith(prefix: string): Promise<string[]> {
  const list = JSON.parse((await run('ip', ['-j', 'netns', 'list'])) || '[]') as { name: string }[];
  return list.map((entry) => entry.name).filter((name) => name.startsWith(prefix));
}

export async function removeNamespaces(namespaces: readonly string[]): Promise<void> {
  const existing = new Set(await namespacesWith(''));
  await Promise.all(namespaces.filter((name) => existing.has(name)).map((name) => run('ip', ['netns', 'del', name])));
}

/** A node's namespace, its link into the nodes' network and its routes to the others' Pods. */
export async function createNode(plan: NetworkPlan, node: NodePlan): Promise<void> {
  const others = plan.nodes.filter((other) => other !== node);
  await createNamespace(node.namespace, routingSettings);
  await plug(plan, node, { device: 'eth0', bridge: 'nodes', addresses: node.addresses });
  if (node.second) await plug(plan, node, { device: 'eth1', bridge: 'second', addresses: node.second });
  await ip(node.namespace, [...defaultRoutes(plan.routers[0]?.addresses), ...podRoutes(others)]);
}

/** Removes the node's namespace and its cable, so that both can be made anew at once. */
export async function removeNode(plan: NetworkPlan, node: NodePlan): Promise<void> {
  // The kernel takes namespaces apart in the background; the cable's names are free when this returns.
  await ip(
    plan.switchNamespace,
    cablesOf(node).map((cable) => `link del ${portOf(cable)}`),
  );
  await removeNamespaces([node.namespace]);
}

/** Plugs cables into their switches, or pulls them, all at once; the machines see no carrier then. */
export async function setCables(plan: NetworkPlan, cables: readonly Cable[], state: 'up' | 'down'): Promise<void> {
  await ip(
    plan.switchNamespace,
    cables.map((cable) => `link set ${portOf(cable)} ${state}`),
  );
}

/** The links of a node or a router into the networks that it is on. */
export function cablesOf(machine: NodePlan | RouterPlan): Cable[] {
  const second: BridgeName[] = machine.second === undefined ? [] : ['second'];
  const clients: BridgeName[] = 'clientSide' in machine ? ['clients'] : [];
  return (['nodes', ...second, ...clients] as const).map((bridge) => ({ machine: machine.name, bridge }));
}

/**
 * Keeps machines of different groups from each other on the nodes' network and the second LAN, from now on and whatever was before;
 * everybody else still meets all of them. No groups: everybody meets everybody.
 */
export async function partition(plan: NetworkPlan, groups: readonly (readonly string[])[]): Promise<void> {
  const lans: readonly LanName[] = hasSecondLan(plan) ? ['nodes', 'second'] : ['nodes'];
  const rule = (from: string, to: string): string[][] =>
    lans.map((bridge) => {
      const [input, output] = [portOf({ machine: from, bridge }), portOf({ machine: to, bridge })];
      return ['-A', 'FORWARD', '-i', input, '-o', output, '-j', 'DROP'];
    });
  const others = (group: readonly string[]): string[] => groups.filter((other) => other !== group).flat();
  const rules = groups.flatMap((group) => group.flatMap((from) => others(group).flatMap((to) => rule(from, to))));
  const [program = '', ...enter] = inNamespace(plan.switchNamespace);
  for (const args of [['-F', 'FORWARD'], ...rules]) await run(program, [...enter, 'ebtables', ...args]);
}

/**
 * Has a network's switch do MLD snooping from now on, with a querier that wants its answers within a second, or not any more: then it
 * sends multicast to all. In force once the first answers were due.
 */
export async function setSnooping(plan: NetworkPlan, lan: LanName, state: 'on' | 'off'): Promise<void> {
  const flag = state === 'on' ? 1 : 0;
  const settings = { accept_dad: 0, disable_ipv6: 1 - flag };
  const assignments = Object.entries(settings).map(([key, value]) => `net.ipv6.conf.${lan}.${key}=${value}`);
  // Queries have a link-local source: a querier without IPv6 asks nothing.
  await run('ip', ['netns', 'exec', plan.switchNamespace, 'sysctl', '-q', '-w', ...assignments]);
  const querier = `mcast_querier ${flag} mcast_query_response_interval 100 mcast_startup_query_interval 100`;
  await ip(plan.switchNamespace, [`link set ${lan} type bridge mcast_snooping ${flag} ${querier}`]);
}

/** One machine's link into one of the networks. */
export interface Cable {
  readonly machine: string;
  readonly bridge: BridgeName;
}

type BridgeName = LanName | 'clients';

/**
 * What to put before a command to run it in a network namespace. Not `ip netns exec`: that mounts a fresh /sys, in which
 * nothing finds its cgroups.
 */
export function inNamespace(namespace: string): string[] {
  return ['nsenter', `--net=/var/run/netns/${namespace}`, '--'];
}

async function createSwitch(plan: NetworkPlan): Promise<void> {
  await createNamespace(plan.switchNamespace, { 'net.ipv6.conf.default.disable_ipv6': 1 });
  // Snooping without a querier would drop neighbour solicitations sooner or later.
  const bridge = (name: string): string[] => [
    `link add ${name} type bridge mcast_snooping 0 forward_delay 0`,
    `link set ${name} up`,
  ];
  const second = hasSecondLan(plan) ? bridge('second') : [];
  await ip(plan.switchNamespace, [...bridge('nodes'), ...bridge('clients'), ...second]);
}

async function createControlPlane(plan: NetworkPlan): Promise<void> {
  const { namespace, addresses } = plan.controlPlane;
  const { device, host, controlPlane, prefixLength } = plan.hostLink;
  await createNamespace(namespace, hostSettings);
  await plug(plan, { name: 'cp', namespace }, { device: 'eth0', bridge: 'nodes', addresses });
  await ip(namespace, podRoutes(plan.nodes));
  await run('ip', ['link', 'add', device, 'type', 'veth', 'peer', 'name', 'host', 'netns', namespace]);
  await ip(namespace, [`address add ${controlPlane}/${prefixLength} dev host`, 'link set host up']);
  await run('ip', ['address', 'add', `${host}/${prefixLength}`, 'dev', device]);
  await run('ip', ['link', 'set', device, 'up']);
}

async function createRouter(plan: NetworkPlan, router: RouterPlan): Promise<void> {
  await createNamespace(router.namespace, routerSettings);
  await plug(plan, router, { device: 'nodes', bridge: 'nodes', addresses: router.addresses });
  await plug(plan, router, { device: 'clients', bridge: 'clients', addresses: router.clientSide });
  if (router.second) await plug(plan, router, { device: 'second', bridge: 'second', addresses: router.second });
}

async function createClient(plan: NetworkPlan, client: ClientPlan): Promise<void> {
  const gateway = plan.routers.find((router) => router.name === client.via)?.clientSide;
  await createNamespace(client.namespace, hostSettings);
  // A SYN that is lost is sent again after 1, 3 and 7 s, not each second at first, as kernels do since 6.5: fewer losses go unseen (`patience`).
  const schedule = 'net.ipv4.tcp_syn_linear_timeouts=0';
  await run('ip', ['netns', 'exec', client.namespace, 'sysctl', '-q', '-e', '-w', schedule]);
  await plug(plan, client, { device: 'eth0', bridge: 'clients', addresses: client.addresses });
  await ip(client.namespace, defaultRoutes(gateway));
}

async function createHost(plan: NetworkPlan, host: HostPlan): Promise<void> {
  const router = plan.routers.find(({ name }) => name === host.via);
  const gateway = host.lan === 'nodes' ? router?.addresses : router?.second;
  await createNamespace(host.namespace, hostSettings);
  await plug(plan, host, { device: 'eth0', bridge: host.lan, addresses: host.addresses });
  await ip(host.namespace, defaultRoutes(gateway));
}

async function createNamespace(namespace: string, settings: Settings): Promise<void> {
  await run('ip', ['netns', 'add', namespace]);
  await ip(namespace, ['link set lo up']);
  const assignments = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  await run('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-w', ...assignments]);
}

interface Plug {
  readonly device: string;
  readonly bridge: BridgeName;
  readonly addresses: Addresses;
}

async function plug(plan: NetworkPlan, machine: { name: string; namespace: string }, to: Plug): Promise<void> {
  const port = portOf({ machine: machine.name, bridge: to.bridge });
  await ip(plan.switchNamespace, [
    `link add ${port} type veth peer name ${to.device} netns ${machine.namespace}`,
    `link set ${port} master ${to.bridge} up`,
  ]);
  await ip(machine.namespace, [
    `link set ${to.device} address ${macOf(to.addresses.ipv4)}`,
    `address add ${to.addresses.ipv4}/24 dev ${to.device}`,
    `address add ${to.addresses.ipv6}/64 dev ${to.device} nodad`,
    `link set ${to.device} up`,
  ]);
}

/** The MAC of a machine's link, by its address there. Locally administered and always the same, so that neighbours know a machine again after it was off. */
export function macOf(ipv4: string): string {
  const bytes = ipv4.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['02', '00', ...bytes].join(':');
}

/** The switch's end of a machine's cable. */
export function portOf({ machine, bridge }: Cable): string {
  const suffixes: Readonly<Record<BridgeName, string>> = { nodes: '', second: '-s', clients: '-c' };
  return `${machine}${suffixes[bridge]}`;
}

function hasSecondLan(plan: NetworkPlan): boolean {
  return plan.routers.some(({ second }) => second !== undefined);
}

function defaultRoutes(gateway: Addresses | undefined): string[] {
  if (gateway === undefined) return [];
  return [`route add default via ${gateway.ipv4}`, `route add ::/0 via ${gateway.ipv6}`];
}

function podRoutes(nodes: readonly NodePlan[]): string[] {
  return nodes.flatMap(({ pods, addresses }) => [
    `route add ${pods.ipv4} via ${addresses.ipv4}`,
    `route add ${pods.ipv6} via ${addresses.ipv6}`,
  ]);
}

/** Has `ip` do these commands in a network namespace, in one go; fails at the first that can't be done. */
export async function ip(namespace: string, commands: readonly string[]): Promise<void> {
  if (commands.length === 0) return;
  await run('ip', ['-n', namespace, '-batch', '-'], { stdin: `${commands.join('\n')}\n` });
}
