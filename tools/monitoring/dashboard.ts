/** What a value counts, which decides how it is written. */
export type Unit = 'count' | 'seconds' | 'bytes' | 'ratio' | 'per second' | 'cores';

/** The series of a metric that a dashboard looks at, as PromQL: with matchers of its own, and those of the dashboard. */
export type Of = (metric: string, matchers?: string) => string;

export interface Query {
  readonly expr: (of: Of) => string;
  /** Name of a series: text with `{{label}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** `number`: one value, now. `lines`, `areas`: over time, areas one upon the other. */
  readonly shows: 'number' | 'lines' | 'areas';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** For a number, from which value on it is no good news. */
  readonly badFrom?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

function number(title: string, unit: Unit, expr: Query['expr'], badFrom?: number): Panel {
  return {
    title,
    shows: 'number',
    unit,
    queries: [{ expr, legend: title }],
    ...(badFrom === undefined ? {} : { badFrom }),
  };
}

function lines(title: string, unit: Unit, ...queries: readonly [legend: string, expr: Query['expr']][]): Panel {
  return { title, shows: 'lines', unit, queries: queries.map(([legend, expr]) => ({ legend, expr })) };
}

function areas(title: string, unit: Unit, ...queries: readonly [legend: string, expr: Query['expr']][]): Panel {
  return { ...lines(title, unit, ...queries), shows: 'areas' };
}

/**
 * A count that has no series where there is nothing to count. It is 0 as long as Prometheus hears of those who count, by a series that they always have;
 * where it hears nothing, it is missing: a dashboard that shows 0 for what it does not know shows that all is well.
 */
function orNone(counted: string, heard: string): string {
  return `${counted} or 0 * sum(${heard})`;
}

/** The part of the requests to the API that failed. Those who change the same object, or look for one that is gone, have met no fault. */
function failing(requests: Of): string {
  const ended = (matchers?: string): string =>
    `sum by (instance) (rate(${requests('porterlb_api_requests_total', matchers)}[5m]))`;
  return `1 - ${ended('result=~"ok|conflict|not-found|expired|aborted"')} / ${ended()}`;
}

/** Where nothing was measured for five minutes, a gap: Prometheus makes NaN of it, which some who draw it take for a number. */
function quantile(q: number, histogram: string): string {
  return `histogram_quantile(${q}, sum by (le) (rate(${histogram}[5m]))) >= 0`;
}

/** One dashboard, for KubeSphere and for Grafana. */
export const DASHBOARD: readonly Row[] = [
  {
    title: 'Health',
    panels: [
      number('Replicas ready', 'count', (of) => `sum(${of('porterlb_ready')})`),
      number('Leaders', 'count', (of) => `sum(${of('porterlb_leader')})`),
      number('BGP sessions up', 'count', (of) => orNone(`sum(${of('porterlb_bgp_session_up')})`, of('porterlb_nodes'))),
      number(
        'BGP sessions down',
        'count',
        (of) => orNone(`sum(1 - ${of('porterlb_bgp_session_up')})`, of('porterlb_nodes')),
        1,
      ),
      number('Services with an address', 'count', (of) =>
        orNone(
          `sum(${of('porterlb_services', 'condition="Allocated",reason="Allocated"')})`,
          of('porterlb_waiting_services'),
        ),
      ),
      number('Services that wait', 'count', (of) => `sum(${of('porterlb_waiting_services')})`, 1),
      number(
        'Addresses in conflict',
        'count',
        (of) => orNone(`sum(${of('porterlb_address_conflicts')})`, of('porterlb_ready')),
        1,
      ),
      number(
        'Dead nodes',
        'count',
        (of) => orNone(`count(max by (node) (${of('porterlb_node_verdict', 'verdict="dead"')}))`, of('porterlb_nodes')),
        1,
      ),
    ],
  },
  {
    title: 'Pools and Services',
    panels: [
      lines('Used part of a pool', 'ratio', [
        '{{pool}} {{family}}',
        (of) =>
          `max by (pool, family) (${of('porterlb_pool_used_addresses')} / (${of('porterlb_pool_allocatable_addresses')} > 0))`,
      ]),
      lines(
        'Addresses of pools',
        'count',
        ['{{pool}} {{family}} used', (of) => `sum by (pool, family) (${of('porterlb_pool_used_addresses')})`],
        ['{{pool}} {{family}} resting', (of) => `sum by (pool, family) (${of('porterlb_pool_resting_addresses')})`],
      ),
      lines('Services that wait for a pool', 'count', [
        '{{pool}} {{family}}',
        (of) => `sum by (pool, family) (${of('porterlb_pool_waiting_services')})`,
      ]),
      areas('Services, by why they have their address or not', 'count', [
        '{{reason}}',
        (of) => `sum by (reason) (${of('porterlb_services', 'condition="Allocated"')})`,
      ]),
      areas('Services, by why they are announced or not', 'count', [
        '{{reason}}',
        (of) => `sum by (reason) (${of('porterlb_services', 'condition="Announced"')})`,
      ]),
      lines(
        'From a new Service to its address, and until it is announced',
        'seconds',
        ['address, half of them', (of) => quantile(0.5, of('porterlb_service_allocation_seconds_bucket'))],
        ['address, 99 %', (of) => quantile(0.99, of('porterlb_service_allocation_seconds_bucket'))],
        ['announced, half of them', (of) => quantile(0.5, of('porterlb_service_announcement_seconds_bucket'))],
        ['announced, 99 %', (of) => quantile(0.99, of('porterlb_service_announcement_seconds_bucket'))],
      ),
    ],
  },
  {
    title: 'BGP',
    panels: [
      lines('Replicas with a session', 'count', [
        '{{peer}}',
        (of) => `sum by (peer) (${of('porterlb_bgp_session_up')})`,
      ]),
      lines('Prefixes at a router', 'count', [
        '{{peer}}',
        (of) => `max by (peer) (${of('porterlb_bgp_prefixes_sent')})`,
      ]),
      lines('UPDATE messages sent', 'per second', [
        '{{peer}}',
        (of) => `sum by (peer) (rate(${of('porterlb_bgp_updates_sent_total')}[5m]))`,
      ]),
      lines('Sessions lost in an hour', 'count', [
        '{{peer}}',
        (of) => `sum by (peer) (increase(${of('porterlb_bgp_session_flaps_total')}[1h]))`,
      ]),
    ],
  },
  {
    // Without data where no peer has BFD.
    title: 'BFD',
    panels: [
      lines('Replicas with BFD', 'count', ['{{peer}}', (of) => `sum by (peer) (${of('porterlb_bfd_session_up')})`]),
      lines('Silence after which a router is given up', 'seconds', [
        '{{peer}}',
        (of) => `max by (peer) (${of('porterlb_bfd_detection_time_seconds')})`,
      ]),
      lines('Routers given up in an hour', 'count', [
        '{{peer}}',
        (of) => `sum by (peer) (increase(${of('porterlb_bfd_session_failures_total')}[1h]))`,
      ]),
    ],
  },
  {
    title: 'Layer 2',
    panels: [
      areas('Addresses by state', 'count', [
        '{{state}}',
        (of) => `sum by (state) (${of('porterlb_layer2_addresses')})`,
      ]),
      lines(
        'Questions and answers',
        'per second',
        ['{{protocol}} asked', (of) => `sum by (protocol) (rate(${of('porterlb_layer2_requests_total')}[5m]))`],
        ['{{protocol}} answered', (of) => `sum by (protocol) (rate(${of('porterlb_layer2_answers_total')}[5m]))`],
      ),
      lines('Announced without a question', 'per second', [
        '{{protocol}}',
        (of) => `sum by (protocol) (rate(${of('porterlb_layer2_announcements_total')}[5m]))`,
      ]),
      lines('Frames that were not taken', 'per second', [
        '{{reason}}',
        (of) => `sum by (reason) (rate(${of('porterlb_layer2_dropped_frames_total')}[5m]))`,
      ]),
      lines(
        'Claims of others to our addresses',
        'per second',
        ['{{interface}}, strangers', (of) => `sum by (interface) (rate(${of('porterlb_layer2_conflicts_total')}[5m]))`],
        ['{{interface}}, nodes', (of) => `sum by (interface) (rate(${of('porterlb_layer2_rivals_total')}[5m]))`],
      ),
    ],
  },
  {
    title: 'Nodes and replicas',
    panels: [
      // Each replica judges for itself: the worst of their words.
      lines('Nodes by verdict', 'count', ['{{verdict}}', (of) => `max by (verdict) (${of('porterlb_nodes')})`]),
      lines('Probes', 'per second', [
        '{{result}}',
        (of) => `sum by (result) (rate(${of('porterlb_node_probes_total')}[5m]))`,
      ]),
      lines('Replicas that answer others', 'count', [
        '{{replica}}',
        (of) => `max by (replica) (${of('porterlb_replica_answering')})`,
      ]),
    ],
  },
  {
    title: 'Kubernetes API',
    panels: [
      lines('Requests', 'per second', [
        '{{verb}} {{resource}} {{result}}',
        (of) => `sum by (verb, resource, result) (rate(${of('porterlb_api_requests_total')}[5m]))`,
      ]),
      lines('Part of the requests that failed', 'ratio', ['', failing]),
      lines('For how long a watch has been broken', 'seconds', [
        '{{resource}}',
        (of) => `max by (resource) (${of('porterlb_informer_lag_seconds')})`,
      ]),
      lines('Objects that wait for their turn', 'count', [
        '{{queue}}',
        (of) => `sum by (queue) (${of('porterlb_queue_depth')})`,
      ]),
      lines('Age of a view', 'seconds', ['', (of) => `max by (instance) (${of('porterlb_view_age_seconds')})`]),
    ],
  },
  {
    title: 'Processes',
    panels: [
      lines('CPU', 'cores', [
        '',
        (of) => `rate(process_cpu_seconds_total[5m]) * on (instance) group_left () ${of('porterlb_build_info')}`,
      ]),
      lines('Memory', 'bytes', [
        '',
        (of) => `process_resident_memory_bytes * on (instance) group_left () ${of('porterlb_build_info')}`,
      ]),
      lines('Delay of an event loop, 99 %', 'seconds', [
        '{{thread}}',
        (of) => `max by (thread) (${of('porterlb_event_loop_delay_p99_seconds')})`,
      ]),
    ],
  },
];
