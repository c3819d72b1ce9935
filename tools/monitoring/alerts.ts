/** An alert, with what Prometheus needs and what a person needs who is woken by it. */
export interface Alert {
  readonly name: string;
  /** PromQL; true as long as it has results. Each series of a result is an alert of its own. */
  readonly expr: string;
  /** For how long it has to be true, as Prometheus writes durations. */
  readonly for: string;
  /** `critical`: traffic is lost, or would be by one more fault; a person should look now. `warning`: within the day. */
  readonly severity: 'warning' | 'critical';
  /** One line; a template of Prometheus. */
  readonly summary: string;
  /** What is going on and what it means for traffic; a template of Prometheus. */
  readonly message: string;
  /** What to do, in this order: Markdown. */
  readonly steps: readonly string[];
}

/** Reasons for which an address isn't announced that are for the cluster's administrator, not for the Service's owner, to mend. */
const ADMINISTRATORS_REASONS = [
  'NoPeer',
  'NoPeerEstablished',
  'AllNodesExcluded',
  'NoEligibleNode',
  'NoReplicaOnLink',
  'NodeNotMet',
  'ProtocolNotSupported',
  'NotInRecordedPool',
  'AddressConflict',
  'AddressTaken',
];

const LOGS = '`kubectl -n NAMESPACE logs POD` has a line for each change, with its reason.';

const pools: readonly Alert[] = [
  {
    name: 'PorterLBPoolAlmostFull',
    // A pool of a few addresses is meant to be used up.
    expr: '(porterlb_pool_used_addresses / (porterlb_pool_allocatable_addresses >= 8)) > 0.85 < 1',
    for: '10m',
    severity: 'warning',
    summary: 'The Eip {{ $labels.pool }} is almost full ({{ $labels.family }}).',
    message:
      'Of the {{ $labels.family }} addresses of the Eip {{ $labels.pool }}, {{ $value | humanizePercentage }} are in use. Once all are, new Services that look to it get no address.',
    steps: [
      'See who uses it: `kubectl get eip POOL -o yaml` (status), or the pool’s addresses in the REST API.',
      'Add addresses to `spec.addresses`; that moves nobody. A second Eip for the same namespaces does as well.',
      'Delete Services that nobody needs.',
    ],
  },
  {
    name: 'PorterLBPoolFull',
    // Of a pool that is meant to be used up, only who waits for it tells that it is too small.
    expr: 'porterlb_pool_used_addresses >= porterlb_pool_allocatable_addresses and (porterlb_pool_allocatable_addresses >= 8 or porterlb_pool_waiting_services > 0)',
    for: '5m',
    severity: 'warning',
    summary: 'The Eip {{ $labels.pool }} is full ({{ $labels.family }}).',
    message:
      'All {{ $labels.family }} addresses that the Eip {{ $labels.pool }} gives are in use: {{ $value }}. Services that have one keep it; new ones that look to this Eip wait.',
    steps: [
      'Add addresses to `spec.addresses` of the Eip: who waits is served at once, the oldest Service first.',
      'Look at its conditions `Overlapping` and `AddressConflict`: addresses that these name are not given.',
    ],
  },
  {
    name: 'PorterLBPoolExhaustionForecast',
    expr: 'predict_linear(porterlb_pool_used_addresses[6h], 3 * 86400) > (porterlb_pool_allocatable_addresses >= 8) and porterlb_pool_used_addresses > 0.5 * porterlb_pool_allocatable_addresses and porterlb_pool_used_addresses < porterlb_pool_allocatable_addresses',
    for: '1h',
    severity: 'warning',
    summary: 'The Eip {{ $labels.pool }} will be full within three days ({{ $labels.family }}).',
    message:
      'At the rate of the last six hours all {{ $labels.family }} addresses of the Eip {{ $labels.pool }} will be in use within three days.',
    steps: [
      'Add addresses to `spec.addresses` of the Eip before it is full.',
      'If Services are created by mistake in great number, find out whose they are: `kubectl get svc -A`.',
    ],
  },
  {
    name: 'PorterLBServicesWaiting',
    expr: 'porterlb_waiting_services > 0',
    for: '5m',
    severity: 'warning',
    summary: '{{ $value }} Services wait for an address.',
    message:
      '{{ $value }} Services lack an address that they ask for. Each says why in its condition network.kubesphere.io/Allocated.',
    steps: [
      'Which reasons: the metric `porterlb_services{condition="Allocated"}` has them by number.',
      'Which Services: those with `EXTERNAL-IP` `<pending>` in `kubectl get svc -A`; `kubectl describe svc NAME` has the reason and what to do. [Reasons](reasons.md) has them all.',
    ],
  },
  {
    name: 'PorterLBServicesNotAnnounced',
    expr: `sum by (namespace, reason) (porterlb_services{condition="Announced",reason=~"${ADMINISTRATORS_REASONS.join('|')}"}) > 0`,
    for: '5m',
    severity: 'warning',
    summary: '{{ $value }} Services have an address that is not announced ({{ $labels.reason }}).',
    message:
      '{{ $value }} Services hold an address, but neither routers nor hosts are told of it, for a reason that is for the cluster’s administrators to mend: {{ $labels.reason }}. Nobody reaches them from outside.',
    steps: ['Look the reason up in [Reasons](reasons.md#announcing): it says what to do.'],
  },
];

const network: readonly Alert[] = [
  {
    name: 'PorterLBPeerDown',
    expr: 'porterlb_bgp_session_up == 0',
    for: '2m',
    severity: 'warning',
    summary: 'No BGP session with {{ $labels.peer }}.',
    message:
      'The replica {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} has had no BGP session with the router of the BgpPeer {{ $labels.peer }} for two minutes. Traffic goes on as long as another replica has one.',
    steps: [
      '`kubectl get bgppeer PEER -o yaml`: the status has state and last error of each replica.',
      'Is the router reachable from that node (`ping`, TCP port 179)? Does it know this node’s address as a neighbour, with the right AS and password?',
      'A NOTIFICATION from the router says what it does not like; [BGP quick start](../bgp-quick-start.md) has the router’s side.',
    ],
  },
  {
    name: 'PorterLBAllPeersDown',
    expr: 'max by (namespace) (porterlb_bgp_session_up) == 0',
    for: '1m',
    severity: 'critical',
    summary: 'No BGP session with any router.',
    message:
      'No replica has a BGP session with any router: addresses of Eips of protocol bgp are unreachable, or will be once graceful restart has run out.',
    steps: [
      'Has BgpConf or a BgpPeer been edited (`kubectl get bgpconf,bgppeer`; their conditions say whether an edit is in force)?',
      'Do the nodes reach the routers? If all routers were restarted, sessions come back by themselves within seconds.',
      LOGS,
    ],
  },
  {
    name: 'PorterLBPeerFlapping',
    expr: 'increase(porterlb_bgp_session_flaps_total[30m]) > 3',
    for: '0m',
    severity: 'warning',
    summary: 'The BGP session with {{ $labels.peer }} comes and goes.',
    message: 'The session with {{ $labels.peer }} was lost {{ $value | humanize }} times within half an hour.',
    steps: [
      'The last errors in the status of the BgpPeer: `Hold Timer Expired` means packets are lost or the router is overloaded; `Cease` means that somebody ended it.',
      'Look at the link and at the CPU of node and router.',
    ],
  },
  {
    name: 'PorterLBBfdDown',
    expr: 'porterlb_bfd_session_up == 0 and on (namespace, pod, instance, peer) porterlb_bgp_session_up == 1',
    for: '5m',
    severity: 'warning',
    summary: 'BGP with {{ $labels.peer }} goes on without its BFD.',
    message:
      'The replica {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} has a BGP session with {{ $labels.peer }}, but no BFD session: if the router or the way to it is lost, that shows only after the hold time.',
    steps: [
      'The condition `Ready` of the BgpPeer says what is missing; often BFD is not configured at the router, or UDP port 3784 (several hops away: 4784) is closed.',
      'The router’s side is in [BFD](../bfd.md).',
    ],
  },
  {
    name: 'PorterLBAddressConflict',
    expr: 'sum by (namespace, pool, heard) (porterlb_address_conflicts) > 0',
    for: '1m',
    severity: 'critical',
    summary: 'Others answer for addresses of the Eip {{ $labels.pool }}.',
    message:
      '{{ $value }} addresses of the Eip {{ $labels.pool }} are answered for by others as well ({{ $labels.heard }}): clients may reach the wrong host.',
    steps: [
      '`kubectl get eip POOL -o yaml`: the condition `AddressConflict` names the addresses and the MAC addresses of the others.',
      'heard="stranger": find that host by its MAC address in the switches and give it another address, or take the address out of the Eip.',
      'heard="node": the kernel of a node answers; set `ipvs.strictARP: true` where kube-proxy runs in IPVS mode. [Layer 2](../layer2.md) has more.',
    ],
  },
];

const nodes: readonly Alert[] = [
  {
    name: 'PorterLBNodeDead',
    expr: 'max by (namespace, node) (porterlb_node_verdict{verdict="dead"}) == 1',
    for: '1m',
    severity: 'warning',
    summary: 'The node {{ $labels.node }} does not answer and takes no traffic.',
    message:
      'Probes of the node {{ $labels.node }} fail, so that no router and no host is sent there. Others take its traffic.',
    steps: [
      'Is the node up (console, `kubectl get node NODE`)? Does kube-proxy run on it, and does `http://NODE:10256/livez` answer?',
      '[Node health](../node-health.md) says what is asked and what a verdict needs.',
    ],
  },
  {
    name: 'PorterLBNodeFlapping',
    expr: 'max by (namespace, node) (porterlb_node_flaps) >= 3',
    for: '0m',
    severity: 'warning',
    summary: 'The node {{ $labels.node }} dies again and again.',
    message:
      'The node {{ $labels.node }} has died {{ $value }} times soon after it had come back. Each time it comes back to traffic later.',
    steps: ['Look at its kernel log, its network card and cable, and at whether kube-proxy is restarted all the time.'],
  },
  {
    name: 'PorterLBVerdictsHeld',
    // Its verdict stands for some seconds; then it has none. Where nothing ever answered, that is how it is meant to be.
    expr: 'count by (namespace, pod, instance) (porterlb_node_verdict{verdict!="dead",evidence=~"host-seen|host-silent"} or porterlb_node_verdict{verdict="unknown",evidence="ailing"} and on (namespace, node) max_over_time(porterlb_node_verdict{verdict="alive"}[1d])) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'A replica can’t tell whether {{ $value }} nodes are alive.',
    message:
      '{{ $value }} nodes that have answered probes fail them, and {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} has no verdict on them, as the fault may be its own or on the way. One that dies now keeps its traffic until Kubernetes calls it NotReady.',
    steps: [
      'Has a firewall between nodes been changed? TCP port 10256 (kube-proxy’s health port) has to be open from the nodes that replicas run on.',
      'Does kube-proxy listen on all addresses (`--healthz-bind-address`)?',
      '`porterlb_node_verdict` names the nodes; the log of the replica (`verdict on a node changed`) says what was found.',
    ],
  },
];

const manager: readonly Alert[] = [
  {
    name: 'PorterLBAbsent',
    expr: 'absent(porterlb_build_info)',
    for: '5m',
    severity: 'critical',
    summary: 'Nothing is heard of PorterLB.',
    message:
      'Prometheus gets no metrics of any replica of porter-manager: it does not run, or is not scraped. If it does not run, no address is announced.',
    steps: [
      '`kubectl -n NAMESPACE get pods -l app.kubernetes.io/name=porter-manager`; `kubectl describe` says why one does not start. After a [way back to OpenELB](../how-to/takeover-openelb.md) there is none on purpose: uninstall PorterLB.',
      'If they run: is there a PodMonitor (value `monitoring.podMonitor`), does Prometheus select it, may it reach port 17980 of the nodes?',
    ],
  },
  {
    name: 'PorterLBNotReady',
    expr: 'porterlb_ready == 0',
    for: '5m',
    severity: 'warning',
    summary: 'A replica of porter-manager does not do its work.',
    message:
      '{{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} has not been ready for five minutes. The others do its work.',
    steps: [
      '`curl http://NODE:17980/readyz` says what is missing. Replicas that wait for the end of an OpenELB are as they should be: [takeover](../how-to/takeover-openelb.md).',
      LOGS,
    ],
  },
  {
    name: 'PorterLBNoLeader',
    expr: 'sum by (namespace) (porterlb_leader) == 0',
    for: '1m',
    severity: 'critical',
    summary: 'No replica leads.',
    message:
      'Nobody gives addresses or writes statuses. What is announced stays announced; new and changed Services are not served.',
    steps: [
      'Do all replicas wait for the end of an OpenELB, as `curl http://NODE:17980/readyz` says then? [Take over](../how-to/takeover-openelb.md), or uninstall PorterLB; until then OpenELB announces, and serves Services.',
      '`kubectl -n NAMESPACE get lease porter-manager -o yaml`: who holds it, and since when is it not renewed?',
      'Do replicas reach the API server, and may they write the Lease (`porterlb_api_requests_total{resource="leases"}` by result)?',
      LOGS,
    ],
  },
  {
    name: 'PorterLBReplicaSilent',
    expr: 'max by (namespace, replica) (porterlb_replica_answering) == 0',
    for: '5m',
    severity: 'warning',
    summary: 'The replica {{ $labels.replica }} answers no other one.',
    message:
      'No other replica hears the replica {{ $labels.replica }}. On links its addresses are spoken for by others; if it runs all the same, both may answer.',
    steps: [
      'UDP port 17981 has to be open between the nodes that replicas run on.',
      '`kubectl -n NAMESPACE get pods -o wide`: does it run, and is its node alive?',
    ],
  },
  {
    name: 'PorterLBEngineNotResponding',
    expr: 'porterlb_engine_responding == 0',
    for: '1m',
    severity: 'critical',
    summary: 'The engine of a replica does not answer.',
    message:
      'The thread of {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} that holds sessions and answers on links is busy or hangs.',
    steps: [
      'Is the node’s CPU full? `porterlb_event_loop_delay_p99_seconds{thread="engine"}` says how late it is.',
      'Keep the log, then delete the Pod: another replica takes over at once.',
    ],
  },
  {
    name: 'PorterLBEngineLate',
    expr: 'porterlb_event_loop_delay_p99_seconds{thread="engine"} > 0.25',
    for: '5m',
    severity: 'warning',
    summary: 'The engine of a replica is late.',
    message:
      'What the engine of {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} has to do waits for {{ $value | humanizeDuration }}: answers on links come late, and sessions may be lost.',
    steps: [
      'Give it more CPU: `resources` of the chart; a limit of CPU throttles it, the chart sets none.',
      'What else runs on the node?',
    ],
  },
  {
    name: 'PorterLBViewStale',
    expr: 'porterlb_view_stale == 1',
    for: '2m',
    severity: 'warning',
    summary: 'A replica does not hear the Kubernetes API.',
    message:
      'What {{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.instance }}{{ end }} knows of the cluster is old. It goes on announcing what it knows; changes do not arrive.',
    steps: [
      'Does the API server answer from that node? If the API server is down: nothing is withdrawn, mend it first.',
      '`porterlb_informer_synced == 0` says which kinds are concerned, `porterlb_api_requests_total` with which results.',
    ],
  },
  {
    name: 'PorterLBKindNotWatched',
    expr: 'porterlb_informer_synced == 0',
    for: '5m',
    severity: 'warning',
    summary: 'A replica can’t watch {{ $labels.resource }}.',
    message:
      'The watch of {{ $labels.resource }} has been broken for five minutes. What is known of them stays in force; changes do not arrive.',
    steps: [
      'Are its rights and CRDs those of the chart (`kubectl get crd`, `kubectl auth can-i watch RESOURCE --as=system:serviceaccount:NAMESPACE:porter-manager`)? `helm upgrade` brings them back.',
      LOGS,
    ],
  },
  {
    name: 'PorterLBApiRequestsFail',
    expr: 'sum by (namespace, resource, verb, result) (rate(porterlb_api_requests_total{result=~"forbidden|client-error|server-error|throttled|protocol"}[5m])) > 0.05',
    for: '10m',
    severity: 'warning',
    summary: 'Requests to the Kubernetes API fail ({{ $labels.verb }} {{ $labels.resource }}: {{ $labels.result }}).',
    message:
      '{{ $value | humanize }} requests a second ({{ $labels.verb }} {{ $labels.resource }}) end with {{ $labels.result }}. They are repeated, ever more rarely; what they would have written is late.',
    steps: [
      'forbidden: the ClusterRole is not that of the chart; `helm upgrade` brings it back.',
      'throttled, server-error: look at the API server.',
      LOGS,
    ],
  },
];

/** All alerts, by what they are about, in the order of the documents. */
export const ALERTS: ReadonlyMap<string, readonly Alert[]> = new Map([
  ['Pools and Services', pools],
  ['The network', network],
  ['Nodes', nodes],
  ['The manager', manager],
]);
