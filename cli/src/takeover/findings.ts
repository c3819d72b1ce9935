import { keyOf, type Cluster, type ServiceObject } from './cluster.ts';
import { isForeignClass, isWaiting, sharedBy, wantedIP, type Holding } from './holdings.ts';
import { ALLOW_SHARED, CRD_VERSION, MANAGER, NODE_PROXY_KEYS, OLD_FINALIZERS, RECORD } from './keys.ts';
import type { Finding } from './step.ts';
import { END_LOST_PODS, lostPodsOf, stoppedByRollback } from './workloads.ts';

type Check = (cluster: Cluster, holdings: readonly Holding[]) => Finding | undefined;

/** Nothing is found where no object is concerned. */
function found(kind: Finding['kind'], text: string, next: string, objects: readonly string[]): Finding | undefined {
  return objects.length === 0 ? undefined : { kind, text, next, objects: [...objects].sort() };
}

function keys(holdings: readonly Holding[]): string[] {
  return holdings.map(({ key }) => key);
}

const notInstalled: Check = ({ namespace, manager }) => {
  if (manager !== undefined && (manager.pods.length > 0 || stoppedByRollback(manager) !== undefined)) return undefined;
  const what = namespace === undefined ? 'PorterLB is not installed' : `no Pod of ${MANAGER} runs in ${namespace}`;
  return {
    kind: 'obstacle',
    text: `${what}, so nobody would announce the addresses once OpenELB is stopped.`,
    next: 'Install it first, with helm and without --wait: its replicas wait beside OpenELB until that is gone.',
    objects: [],
  };
};

const hidden: Check = ({ workloads }) =>
  found(
    'obstacle',
    'No ClusterRoleBinding tells of these workloads of OpenELB as its charts and manifests do: PorterLB would not wait for their end.',
    'Take it over by hand as docs/how-to/takeover-openelb.md says: scale PorterLB to none until OpenELB is stopped.',
    workloads.filter(({ isHidden }) => isHidden === true).map(({ object }) => keyOf(object)),
  );

/** OpenELB's marks without OpenELB: it is gone, or it is not found. */
const nowhere: Check = ({ namespace, workloads, record, webhooks, services, pools, confs, peers }) => {
  if (workloads.length > 0 || record !== undefined) return undefined;
  const old: readonly string[] = Object.values(OLD_FINALIZERS);
  const marked = [...services, ...pools, ...confs, ...peers].filter(({ metadata }) =>
    metadata.finalizers?.some((each) => old.includes(each)),
  );
  return found(
    'obstacle',
    'Webhooks or finalizers of OpenELB are there, and no workload of it was found: it would go on announcing, if it runs.',
    `Look for it: kubectl get pods --all-namespaces. If it is gone for certain, say so with an empty record: kubectl -n ${namespace ?? 'NAMESPACE'} create configmap ${RECORD} --from-literal=record.json='{"workloads":[],"webhooks":[]}'`,
    [...webhooks.map(({ object }) => object), ...marked].map(keyOf),
  );
};

const lostPods: Check = ({ workloads }) =>
  found(
    'obstacle',
    'Pods of OpenELB are on nodes that are not Ready: nobody can end them, and they may go on announcing.',
    END_LOST_PODS,
    workloads.flatMap(lostPodsOf),
  );

/** What was its way to the API server is gone with OpenELB. */
const ownWay: Check = ({ reachedBy }, holdings) =>
  found(
    'obstacle',
    'kubectl reaches the API server by an address that OpenELB announces: stopping it would cut off this program, too.',
    'Use a kubeconfig whose server is a control plane node, or another way that does not lead through OpenELB.',
    holdings.flatMap(({ key, ips }) => ips.flatMap((ip) => (reachedBy.includes(ip) ? `${key}: ${ip}` : []))),
  );

const oldKinds: Check = ({ crds }) =>
  found(
    'obstacle',
    'The CRDs are still those of OpenELB, in which PorterLB can not write what it has to.',
    'Install the chart with crds.upgrade (the default), or apply its folder crds/: kubectl apply --server-side --force-conflicts -f crds/',
    crds.filter(({ metadata }) => metadata.annotations?.[CRD_VERSION] === undefined).map(keyOf),
  );

/** What v1alpha1 called them otherwise is not there any more; with these kinds, a cluster before 1.30 refuses every change of them. */
const emptyPeers: Check = ({ peers }) =>
  found(
    'obstacle',
    'BgpPeers have no spec.conf, as those that were written for v1alpha1: they are nobody\u2019s neighbours, and can not be changed.',
    'Delete them: kubectl delete bgppeer NAME',
    peers.filter(({ spec }) => spec?.conf === undefined).map(keyOf),
  );

const foreignClass: Check = (_cluster, holdings) =>
  found(
    'obstacle',
    'Services have an address of OpenELB and the class of another load balancer, so that PorterLB would not serve them.',
    'A class can not be changed: make them anew without it, or with the class lb.kubesphere.io/porter.',
    keys(holdings.filter(({ service }) => isForeignClass(service))),
  );

const noPool: Check = (_cluster, holdings) =>
  found(
    'obstacle',
    'Services have an address that no pool says is theirs, neither by its status nor by the label of the Service.',
    'Make OpenELB write its records first (restart it), or delete the Services and create them again.',
    keys(holdings.filter(({ pools }) => pools.includes(undefined))),
  );

const wantsAnother: Check = (_cluster, holdings) =>
  found(
    'obstacle',
    'Services ask for another address than they have, and PorterLB would give it to them.',
    'Set the wish (the annotation eip.openelb.kubesphere.io/v1alpha1, else spec.loadBalancerIP) to the address that each has.',
    keys(
      holdings.filter(({ service, ips }) => {
        const wanted = wantedIP(service);
        return wanted !== undefined && !ips.includes(wanted);
      }),
    ),
  );

function portsOf({ spec }: ServiceObject): string[] {
  return (spec?.ports ?? []).map(({ protocol, port }) => `${protocol ?? 'TCP'}/${port}`);
}

/** As PorterLB shares addresses: within a namespace, on different ports, and with `Local` for the same Pods only. */
function canShare(a: ServiceObject, b: ServiceObject): boolean {
  const isLocal = [a, b].map(({ spec }) => spec?.externalTrafficPolicy === 'Local');
  const [one, other] = [a, b].map(({ spec }) => JSON.stringify(Object.entries(spec?.selector ?? {}).sort()));
  const samePlaces = isLocal.every((local) => !local) || (isLocal.every((local) => local) && one === other);
  const keysOfBoth = [a, b].flatMap(({ metadata }) => metadata.annotations?.[ALLOW_SHARED] ?? []);
  const ports = portsOf(b);
  return (
    a.metadata.namespace === b.metadata.namespace &&
    !portsOf(a).some((port) => ports.includes(port)) &&
    samePlaces &&
    new Set(keysOfBoth).size < 2
  );
}

const sharedTooWidely: Check = (_cluster, holdings) => {
  const apart = [...sharedBy(holdings)].filter(([, sharers]) =>
    sharers.some((a, i) => sharers.slice(i + 1).some((b) => !canShare(a.service, b.service))),
  );
  return found(
    'obstacle',
    'Services share an address that PorterLB would not let them share: it asks for one namespace, different ports and, with externalTrafficPolicy Local, the same Pods.',
    'Give each of them an address of its own, or bring them together.',
    apart.map(([ip, sharers]) => `${ip}: ${keys(sharers).join(' ')}`),
  );
};

const vipPools: Check = ({ pools }) =>
  found(
    'note',
    'Pools of protocol vip are served as layer2 from then on: one node answers ARP for each address, by its own MAC address, and keepalived (VRRP) is no more. The objects stay as they are.',
    'See that kube-proxy has strictARP where it runs in IPVS mode, and that spec.interface names an interface of the nodes.',
    pools.filter(({ spec }) => spec?.protocol === 'vip').map(keyOf),
  );

const nodeProxies: Check = ({ services }) =>
  found(
    'note',
    'Services use the node proxy of OpenELB, which PorterLB does not have.',
    'Its Pods (node-proxy-*) go on as long as nobody deletes them, also when a Service is deleted: its finalizer is taken off. Make the Services ones of type LoadBalancer.',
    services.filter(({ metadata }) => NODE_PROXY_KEYS.some((key) => metadata.annotations?.[key])).map(keyOf),
  );

const newlyServed: Check = ({ services, pools }) =>
  found(
    'note',
    'Services have no address of OpenELB and PorterLB will give them one: by their annotation, by their class, or as there is a default pool, which OpenELB gives from only to those that have its annotation.',
    'Annotate those that should have none: lb.kubesphere.io/v1alpha1: none.',
    services.filter((service) => isWaiting(service, pools)).map(keyOf),
  );

const policies: Check = ({ confs }) =>
  found(
    'note',
    "A BgpConf names a policy of GoBGP (communities, MED, prepending), which PorterLB doesn't read.",
    'Write communities, MED and local preference into spec.bgp of the Eips.',
    confs.filter(({ spec }) => (spec?.policy ?? '') !== '').map(keyOf),
  );

function nodesOf(workloads: Cluster['workloads']): Set<string> {
  return new Set(workloads.flatMap(({ pods }) => pods.map(({ node }) => node)));
}

const elsewhere: Check = ({ workloads, manager }) => {
  if (manager === undefined) return undefined;
  const speakers = nodesOf(workloads.filter(({ object }) => !object.metadata.name.endsWith('openelb-controller')));
  const ours = nodesOf([manager]);
  return found(
    'note',
    'Routers must accept BGP sessions from nodes that OpenELB had none on, as replicas of PorterLB run there.',
    'Make these nodes neighbours on the routers, or set nodeSelector of the chart.',
    speakers.size === 0 ? [] : [...ours].filter((node) => !speakers.has(node)),
  );
};

const CHECKS: readonly Check[] = [
  ...[notInstalled, nowhere, hidden, ownWay, lostPods, oldKinds, emptyPeers],
  ...[foreignClass, noPool, wantsAnother, sharedTooWidely],
  ...[vipPools, nodeProxies, newlyServed, policies, elsewhere],
];

/** What is in the way, and what an administrator should know. */
export function findingsOf(cluster: Cluster, holdings: readonly Holding[]): Finding[] {
  return CHECKS.flatMap((check) => check(cluster, holdings) ?? []);
}
