import type { QueueLoad } from '../../cluster/write/queue.ts';
import type { InformerFacts } from '../facts.ts';
import { truth, type Chapter, type SampledMetric } from '../metric.ts';

function ofInformers(name: string, help: string, value: (informer: InformerFacts) => number): SampledMetric {
  return {
    ...{ name, type: 'gauge', help, labels: ['resource'] },
    samples: ({ informers }) =>
      informers.map((informer) => ({ value: value(informer), labels: { resource: informer.resource } })),
  };
}

function ofQueues(name: string, help: string, value: (load: QueueLoad) => number): SampledMetric {
  return {
    ...{ name, type: 'gauge', help, labels: ['queue'] },
    samples: ({ queues }) => queues.map((load) => ({ value: value(load), labels: { queue: load.queue } })),
  };
}

export const cluster: Chapter = {
  title: 'The Kubernetes API',
  about: 'Every replica has these of its own; all queues but `sessions` and `conflicts` are those of the leader.',
  metrics: [
    ofInformers('porterlb_informer_objects', 'Objects that are known.', ({ objects }) => objects),
    ofInformers(
      'porterlb_informer_synced',
      'Whether the watch of a kind stands. Where it never was listed, nothing is done; where it broke, nothing is forgotten.',
      ({ synced }) => truth(synced),
    ),
    ofInformers(
      'porterlb_informer_lag_seconds',
      'For how long the watch of a kind has been broken.',
      ({ behindMs }) => behindMs / 1_000,
    ),
    ofQueues('porterlb_queue_depth', 'Objects that wait for their turn.', ({ ready }) => ready),
    ofQueues(
      'porterlb_queue_keys',
      'Objects that wait, are being worked on, or are looked at again later, after a failure too.',
      ({ keys }) => keys,
    ),
    {
      name: 'porterlb_api_requests_total',
      type: 'counter',
      help: 'Requests to the Kubernetes API that have ended, by how: ok, conflict, not-found, forbidden, throttled, expired, client-error, server-error, timeout, connection, aborted, protocol.',
      labels: ['verb', 'resource', 'result'],
      samples: ({ apiCalls }) =>
        apiCalls.map(({ verb, resource, result, count }) => ({ value: count, labels: { verb, resource, result } })),
    },
  ],
};
