import { single, truth, type Chapter } from '../metric.ts';

export const replica: Chapter = {
  title: 'The replica',
  about: 'Every replica has these of itself.',
  metrics: [
    {
      name: 'porterlb_build_info',
      type: 'gauge',
      help: 'Always 1; its labels say what runs.',
      labels: ['version', 'node_version'],
      samples: ({ version, nodeVersion }) => [{ value: 1, labels: { version, node_version: nodeVersion } }],
    },
    {
      name: 'porterlb_ready',
      type: 'gauge',
      help: 'Whether the replica does its work, as /readyz says.',
      labels: [],
      samples: ({ ready }) => single(truth(ready)),
    },
    {
      name: 'porterlb_leader',
      type: 'gauge',
      help: 'Whether the replica leads: gives addresses and writes statuses.',
      labels: [],
      samples: ({ leads }) => single(truth(leads)),
    },
    {
      name: 'porterlb_engine_responding',
      type: 'gauge',
      help: 'Whether the engine answered this scrape within two seconds; if 0, all that it would tell is missing.',
      labels: [],
      samples: ({ engine }) => single(truth(engine !== undefined)),
    },
    {
      name: 'porterlb_view_stale',
      type: 'gauge',
      help: 'Whether the view of the Kubernetes API is stale, so that the replica loses against fresh ones.',
      labels: [],
      samples: ({ viewStale }) => single(truth(viewStale)),
    },
    {
      name: 'porterlb_view_age_seconds',
      type: 'gauge',
      help: 'For how long the view of the Kubernetes API has not been known to be current.',
      labels: [],
      samples: ({ viewAgeMs }) => single(viewAgeMs / 1_000),
    },
  ],
};
