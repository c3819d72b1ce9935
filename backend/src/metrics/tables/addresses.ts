import type { PoolUse } from '../../allocate/pool-use.ts';
import { single, type Chapter, type SampledMetric } from '../metric.ts';

/** Up to a second the steps are fine: that is what users wait for. */
const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

function ofPools(name: string, help: string, value: (use: PoolUse) => number): SampledMetric {
  return {
    ...{ name, help, type: 'gauge', labels: ['pool', 'family'] },
    samples: ({ leader }) =>
      (leader?.pools ?? []).map((use) => ({ value: value(use), labels: { pool: use.pool, family: use.family } })),
  };
}

export const pools: Chapter = {
  title: 'Pools and Services',
  about:
    'Only the leader has these, so that `sum` counts nothing twice. Sizes are floating-point numbers: that of an IPv6 pool may be larger than can be told exactly.',
  metrics: [
    ofPools('porterlb_pool_addresses', 'Addresses of the Eip as it is written.', ({ size }) => size),
    ofPools(
      'porterlb_pool_allocatable_addresses',
      "Addresses that the Eip gives: without those of older Eips and of the cluster's own Service ranges.",
      ({ allocatable }) => allocatable,
    ),
    ofPools(
      'porterlb_pool_used_addresses',
      'Addresses that Services hold, those from before an edit of the Eip too.',
      ({ used }) => used,
    ),
    ofPools(
      'porterlb_pool_resting_addresses',
      'Freed addresses that are not given to other Services yet (spec.reuseAfterSeconds).',
      ({ resting }) => resting,
    ),
    ofPools(
      'porterlb_pool_waiting_services',
      'Services that would take an address of the Eip if it had one; those that look to several Eips count in each.',
      ({ waiting }) => waiting,
    ),
    {
      name: 'porterlb_waiting_services',
      type: 'gauge',
      help: 'Services that lack an address they ask for, for whatever reason.',
      labels: [],
      samples: ({ leader }) => (leader === undefined ? [] : single(leader.waiting)),
    },
    {
      name: 'porterlb_services',
      type: 'gauge',
      help: 'Services by what a condition of ours says of them; reasons that none has are missing.',
      labels: ['condition', 'reason'],
      samples: ({ leader }) =>
        (leader?.services ?? []).map(({ condition, reason, count }) => ({
          value: count,
          labels: { condition, reason },
        })),
    },
  ],
};

export const announcing: Chapter = {
  title: 'Addresses and how long they take',
  about:
    'Every replica has these, each by what it sees itself. Times are measured from the moment at which a replica sees a Service ask for an address, and only where nothing but PorterLB is waited for: not for Services that are told why they get none, or whose address is not announced for want of endpoints, nodes or peers.',
  metrics: [
    {
      name: 'porterlb_addresses',
      type: 'gauge',
      help: 'Addresses that Services hold, by what the engine of this replica says of them; reasons that none has are missing.',
      labels: ['reason'],
      samples: ({ addresses }) => [...addresses].map(([reason, value]) => ({ value, labels: { reason } })),
    },
    {
      name: 'porterlb_address_conflicts',
      type: 'gauge',
      help: 'Addresses that this replica announces on a link and that others there answer for too.',
      labels: ['pool', 'heard'],
      samples: ({ conflicts }) =>
        conflicts.map(({ pool, heard, count }) => ({ value: count, labels: { pool, heard } })),
    },
    {
      name: 'porterlb_service_allocation_seconds',
      type: 'histogram',
      help: 'From a Service that asks for an address to the status that has it.',
      labels: [],
      buckets: LATENCY_BUCKETS,
      event: 'allocated',
    },
    {
      name: 'porterlb_service_announcement_seconds',
      type: 'histogram',
      help: 'From a Service that asks for an address to the moment at which this replica has announced it.',
      labels: [],
      buckets: LATENCY_BUCKETS,
      event: 'announced',
    },
  ],
};
