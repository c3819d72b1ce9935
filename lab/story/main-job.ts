import assert from 'node:assert/strict';
import type { KubeObject } from '../cluster/api-client.ts';
import type { Lab } from '../lab.ts';
import type { NextHop } from '../network/routes.ts';
import { until } from '../state/until.ts';
import type { Progress } from '../toolchain/index.ts';
import { installManager, managerNamespace, managerPods } from './install.ts';
import { configuration, linkPool, service, whoami } from './manifests.ts';
import { request, SteadyTraffic, type Tally } from './traffic.ts';

/** Where a story shows what it does and sees. */
export interface Show {
  readonly progress: Progress;
  /** A command as a reader would type it, with what it printed. */
  command(command: string, output: string): void;
  /** A conclusion that was checked. */
  result(text: string): void;
}

/** One chapter: it throws unless the network really did what it tells. */
export interface Step {
  readonly title: string;
  readonly run: (lab: Lab, show: Show) => Promise<void>;
}

type LoadBalancer = KubeObject & {
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
};

/** The address of a Service, once it has one. */
export async function addressOf(lab: Lab, name: string): Promise<string> {
  return until(
    async () => {
      const object = await lab.api.get<LoadBalancer>(`/api/v1/namespaces/default/services/${name}`);
      return object.status?.loadBalancer?.ingress?.[0]?.ip;
    },
    { what: `an address for the Service ${name}`, explain: () => lab.kubectl(['get', 'svc', name, '-o', 'yaml']) },
  );
}

async function kubectl(lab: Lab, show: Show, ...args: string[]): Promise<void> {
  show.command(`kubectl ${args.join(' ')}`, await lab.kubectl(args));
}

function gateways(lab: Lab, family: 'ipv4' | 'ipv6', nodes?: readonly string[]): string[] {
  const through = nodes === undefined ? lab.nodes : nodes.map((name) => lab.node(name));
  return through.map((node) => node.addresses[family]);
}

/** Waits until every router's kernel has exactly these next hops for an address, and shows the route. */
export async function routesVia(lab: Lab, show: Show, ip: string, nodes?: readonly string[]): Promise<void> {
  const family = ip.includes(':') ? 'ipv6' : 'ipv4';
  const expected = gateways(lab, family, nodes);
  const routes = await Promise.all(lab.routers.map((router) => router.waitForRoutes(ip, expected)));
  for (const [i, route] of routes.entries()) {
    show.command(`${lab.routers[i]?.name}# ip ${family === 'ipv6' ? '-6 ' : ''}route show ${ip}`, routeText(ip, route));
  }
  const names = nodes ?? lab.nodes.map((node) => node.name);
  show.result(`the kernel of every router sends ${ip} through ${names.length === 0 ? 'nobody' : names.join(', ')}`);
}

function routeText(ip: string, hops: readonly NextHop[]): string {
  if (hops.length === 0) return '(no route)';
  return [
    ip,
    ...hops.map((hop) => `        nexthop via ${hop.gateway ?? '-'} dev ${hop.device} weight ${hop.weight}`),
  ].join('\n');
}

function tallyText(tally: Tally): string {
  const lines = [...tally].sort(([a], [b]) => (a < b ? -1 : 1));
  return lines.map(([pod, { node, answers }]) => `${String(answers).padStart(4)}  ${pod} on ${node}`).join('\n');
}

/**
 * A hundred requests, all answered, by all Pods. Neither a route nor Pods that are ready mean that kube-proxy has caught up: each
 * node's learns of a Service and of its endpoints when it next syncs, a second later or more, and a node that doesn't know the Service
 * answers none. So the hundred are sent anew until all are answered, and what is told is the round that was.
 */
async function answersOfAll(lab: Lab, ip: string, pods: number): Promise<Tally> {
  let last = 'none';
  return until(
    async () => {
      const tally = await request(lab.client('c1'), ip, 100);
      last = tallyText(tally);
      return tally.size === pods ? tally : undefined;
    },
    {
      what: `${pods} Pods to answer 100 requests at ${ip} through every node`,
      timeoutMs: 120_000,
      explain: () => `the last that answered all of 100 requests:\n${last}`,
    },
  );
}

async function ask(lab: Lab, show: Show, ip: string, pods: number): Promise<void> {
  const tally = await answersOfAll(lab, ip, pods);
  show.command(`c1# 100 x GET http://${ip.includes(':') ? `[${ip}]` : ip}/`, tallyText(tally));
  show.result(`100 of 100 requests were answered, by ${pods} Pods`);
}

async function ready(lab: Lab, deployment: string): Promise<void> {
  await lab.kubectl(['rollout', 'status', `deployment/${deployment}`, '--timeout=300s']);
}

/** A node that runs no replica of the manager, so that taking it away shows the route and nothing else. */
async function spareNode(lab: Lab): Promise<string> {
  const busy = new Set((await managerPods(lab)).map(({ node }) => node));
  const spare = lab.nodes.find((node) => !busy.has(node.name));
  assert.ok(spare, 'with two replicas on three nodes one node has none');
  return spare.name;
}

function othersThan(lab: Lab, name: string): string[] {
  return lab.nodes.map((node) => node.name).filter((node) => node !== name);
}

async function install(lab: Lab, show: Show): Promise<void> {
  await installManager(lab, show.progress);
  await kubectl(lab, show, 'get', 'pods', '-n', managerNamespace, '-o', 'wide');
  const nodes = new Set((await managerPods(lab)).map(({ node }) => node));
  assert.equal(nodes.size, 2, 'two replicas on two nodes');
}

async function configure(lab: Lab, show: Show): Promise<void> {
  for (const object of configuration(lab)) await lab.apply(object);
  await lab.apply(whoami('whoami', 6));
  await lab.apply(service('whoami', { app: 'whoami' }));
  await ready(lab, 'whoami');
  await addressOf(lab, 'whoami');
  await until(async () => (await lab.kubectl(['get', 'bgppeer'])).match(/ 2\/2 /g)?.length === lab.routers.length, {
    what: 'both replicas to have a session with every router',
    explain: () => lab.kubectl(['get', 'bgppeer', '-o', 'yaml']),
  });
  await until(async () => (await lab.kubectl(['get', 'eip', 'public', '-o', 'jsonpath={.status.usage}'])) === '1', {
    what: 'the pool to count the address',
  });
  await kubectl(lab, show, 'get', 'eip,bgppeer,svc');
}

async function reachCluster(lab: Lab, show: Show): Promise<void> {
  const ip = await addressOf(lab, 'whoami');
  await routesVia(lab, show, ip);
  await ask(lab, show, ip, 6);
}

async function reachLocal(lab: Lab, show: Show): Promise<void> {
  const nodes = ['n1', 'n2'];
  await lab.apply(whoami('local', 2, nodes));
  await lab.apply(service('local', { app: 'local', policy: 'Local' }));
  await ready(lab, 'local');
  await kubectl(lab, show, 'get', 'pods', '-l', 'app=local', '-o', 'wide');
  const ip = await addressOf(lab, 'local');
  await routesVia(lab, show, ip, nodes);
  await ask(lab, show, ip, 2);
}

async function reachIPv6(lab: Lab, show: Show): Promise<void> {
  await lab.apply(service('whoami-v6', { app: 'whoami', family: 'IPv6' }));
  const ip = await addressOf(lab, 'whoami-v6');
  await kubectl(lab, show, 'get', 'svc', 'whoami-v6');
  await routesVia(lab, show, ip);
  await ask(lab, show, ip, 6);
}

/** Waits until a router has learned who answers for an address on the nodes' network, and names that node. */
async function neighbourOf(lab: Lab, show: Show, ip: string): Promise<string> {
  const router = lab.router('r1');
  const look = async (): Promise<string | undefined> => {
    // Whatever is sent makes the kernel ask for the MAC address.
    await router.exec('bash', '-c', `echo > /dev/udp/${ip}/9`).catch(() => '');
    return /lladdr (\S+)/.exec(await router.exec('ip', 'neigh', 'show', ip))?.[1];
  };
  const mac = await until(look, { what: `r1 to learn the MAC address of ${ip}` });
  show.command(`r1# ip neigh show ${ip}`, await router.exec('ip', 'neigh', 'show', ip));
  for (const { name, exec } of lab.nodes.map((node) => ({ name: node.name, exec: node.exec.bind(node) }))) {
    if ((await exec('ip', 'link', 'show', 'eth0')).includes(mac)) return name;
  }
  throw new Error(`no node has the MAC address ${mac}`);
}

async function reachLayer2(lab: Lab, show: Show): Promise<void> {
  await lab.apply(linkPool());
  await lab.apply(service('lan', { app: 'whoami', pool: 'lan' }));
  await lab.apply(service('lan-v6', { app: 'whoami', pool: 'lan', family: 'IPv6' }));
  for (const name of ['lan', 'lan-v6']) {
    const ip = await addressOf(lab, name);
    await kubectl(lab, show, 'get', 'svc', name);
    const node = await neighbourOf(lab, show, ip);
    show.result(`${node} answers for ${ip}; no router was told anything`);
    await ask(lab, show, ip, 6);
  }
}

async function exclude(lab: Lab, show: Show): Promise<void> {
  const ip = await addressOf(lab, 'whoami');
  const node = await spareNode(lab);
  const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
  await kubectl(lab, show, 'label', 'node', node, `${label}=true`);
  await routesVia(lab, show, ip, othersThan(lab, node));
  await kubectl(lab, show, 'label', 'node', node, `${label}-`);
  await routesVia(lab, show, ip);
}

async function killReplica(lab: Lab, show: Show): Promise<void> {
  const ip = await addressOf(lab, 'whoami');
  const [first] = await managerPods(lab);
  assert.ok(first);
  const before = await restarts(lab, first.name);
  const oldAgeMs = await sessionAgeMs(lab, first.node);
  const seen = await underWatch(lab, ip, async () => {
    const killed = await killManager(lab, first.node);
    show.command(`${first.node}# kill -9 ${killed}`, `(the process of ${first.name})`);
    await until(async () => (await restarts(lab, first.name)) > before, {
      what: `the kubelet to restart ${first.name}`,
      timeoutMs: 120_000,
    });
    await until(async () => (await sessionAgeMs(lab, first.node)) < oldAgeMs, {
      what: 'the new process to have its session',
      timeoutMs: 120_000,
    });
  });
  await routesVia(lab, show, ip);
  show.result(
    `${seen.answered} requests meanwhile, none lost; ${seen.looks} looks at the routes, never fewer next hops`,
  );
}

/** Runs `action` while a client asks all the time and the routers' kernels are looked at; fails if either misses anything. */
async function underWatch(
  lab: Lab,
  ip: string,
  action: () => Promise<void>,
): Promise<{ answered: number; looks: number }> {
  const watched = watchRoute(lab, ip);
  const traffic = new SteadyTraffic(lab.client('c1'), ip).start();
  let looks: number;
  let outcome: { answered: number; failures: readonly string[] };
  try {
    await action();
  } finally {
    outcome = await traffic.stop();
    looks = await watched.stop();
  }
  assert.deepEqual(outcome.failures, [], 'no request may fail');
  return { answered: outcome.answered, looks };
}

/** Ends the manager's process on a node with no chance to say farewell; returns its PID. */
async function killManager(lab: Lab, node: string): Promise<number> {
  const listeners = await lab.node(node).exec('ss', '-ltnpH', 'sport = :17980');
  const pid = Number(/pid=(\d+)/.exec(listeners)?.[1]);
  assert.ok(pid > 0, `nobody listens on ${node}: ${listeners}`);
  await lab.node(node).exec('kill', '-9', String(pid));
  return pid;
}

async function restarts(lab: Lab, pod: string): Promise<number> {
  const path = '{.status.containerStatuses[0].restartCount}';
  return Number(await lab.kubectl(['get', 'pod', pod, '-n', managerNamespace, '-o', `jsonpath=${path}`]));
}

/** How long r1 has had its session with the replica on a node, in ms: the next session is younger. Infinite without one. */
async function sessionAgeMs(lab: Lab, node: string): Promise<number> {
  const { ipv4Unicast } = await lab.router('r1').bgpSummary();
  const peer = ipv4Unicast?.peers[lab.node(node).addresses.ipv4];
  return peer?.state === 'Established' ? peer.peerUptimeMsec : Number.POSITIVE_INFINITY;
}

/** Looks at the kernel's route of every router again and again. */
function watchRoute(lab: Lab, ip: string): { stop: () => Promise<number> } {
  let stopped = false;
  let looks = 0;
  const looking = (async () => {
    while (!stopped) {
      const routes = await Promise.all(lab.routers.map((router) => router.routes(ip)));
      for (const [i, route] of routes.entries()) {
        assert.equal(route.length, lab.nodes.length, `${lab.routers[i]?.name} lost next hops: ${routeText(ip, route)}`);
      }
      looks += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  // Its failure is told by stop(); until then it must not count as unhandled.
  looking.catch(() => undefined);
  return {
    stop: async () => {
      stopped = true;
      await looking;
      return looks;
    },
  };
}

async function deleteNode(lab: Lab, show: Show): Promise<void> {
  const ip = await addressOf(lab, 'whoami');
  const node = await spareNode(lab);
  await kubectl(lab, show, 'delete', 'node', node);
  await routesVia(lab, show, ip, othersThan(lab, node));
  await request(lab.client('c1'), ip, 20);
}

async function withdraw(lab: Lab, show: Show): Promise<void> {
  const ip = await addressOf(lab, 'local');
  await kubectl(lab, show, 'scale', 'deployment/local', '--replicas=0');
  await routesVia(lab, show, ip, []);
  const other = await addressOf(lab, 'whoami');
  await kubectl(lab, show, 'delete', 'svc', 'whoami');
  await routesVia(lab, show, other, []);
}

/** The product's main job, told step by step: the demo prints it, a test runs it. */
export const mainJob: readonly Step[] = [
  { title: 'Install porter-manager with helm, two replicas', run: install },
  { title: 'A pool, our AS, two routers as peers, and a Service of type LoadBalancer', run: configure },
  { title: 'Both routers spread the Service IP over all nodes', run: reachCluster },
  { title: 'externalTrafficPolicy: Local sends traffic to nodes with Pods only', run: reachLocal },
  { title: 'The same for IPv6', run: reachIPv6 },
  { title: 'The same without BGP: a pool of the nodes’ own network, by ARP and NDP (Layer 2)', run: reachLayer2 },
  { title: 'A node is excluded by label, then included again', run: exclude },
  { title: 'The first-ranked replica is killed, and the route stays', run: killReplica },
  { title: 'A node is deleted, and the route shrinks', run: deleteNode },
  { title: 'Without endpoints, and without the Service, nothing is announced', run: withdraw },
];
