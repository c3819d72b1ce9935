import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { lifeOf, type Life, type Workload, type WorkloadKind } from './predecessor.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');

/** A workload of which the counts were written at `countedAt`. */
function workload(
  parts: Partial<Workload> & { readonly phase?: string; readonly countedAt?: string; readonly generation?: number },
): Workload {
  const { phase, countedAt, generation, ...rest } = parts;
  return {
    metadata: {
      name: 'w',
      ...(generation === undefined ? {} : { generation }),
      ...(phase === undefined ? {} : { annotations: { 'porterlb.kubesphere.io/takeover': phase } }),
      managedFields: [
        { manager: 'kubectl', time: '2026-01-01T00:00:59Z' },
        ...(countedAt === undefined ? [] : [{ subresource: 'status', time: countedAt }]),
      ],
    },
    ...rest,
  };
}

const CASES: readonly (readonly [what: string, kind: WorkloadKind, workload: Workload, life: Life])[] = [
  ['a Deployment that says no number wants one', 'Deployment', workload({}), 'runs'],
  [
    'that is to have none and has one',
    'Deployment',
    workload({ spec: { replicas: 0 }, status: { replicas: 1 } }),
    'runs',
  ],
  [
    'whose last Pod is ending, where Kubernetes counts those',
    'Deployment',
    workload({ spec: { replicas: 0 }, status: { replicas: 0, terminatingReplicas: 1 } }),
    'runs',
  ],
  [
    'of which nobody has seen yet that it is to have none',
    'Deployment',
    workload({ generation: 2, spec: { replicas: 0 }, status: { observedGeneration: 1, replicas: 0 } }),
    'runs',
  ],
  [
    'whose last Pod may still be ending',
    'Deployment',
    workload({ countedAt: '2026-01-01T00:00:31Z', spec: { replicas: 0 }, status: { replicas: 0 } }),
    'ending',
  ],
  [
    'whose last Pod has had its time',
    'Deployment',
    workload({ countedAt: '2026-01-01T00:00:30Z', spec: { replicas: 0 }, status: { replicas: 0 } }),
    'gone',
  ],
  [
    'by its own grace period',
    'Deployment',
    workload({
      countedAt: '2026-01-01T00:00:31Z',
      spec: { replicas: 0, template: { spec: { terminationGracePeriodSeconds: 10 } } },
      status: {},
    }),
    'gone',
  ],
  ['that nobody has counted', 'Deployment', workload({ spec: { replicas: 0 } }), 'gone'],
  [
    'that is being taken over',
    'Deployment',
    workload({ phase: 'stopping', countedAt: '2026-01-01T00:00:01Z', spec: { replicas: 0 } }),
    'ending',
  ],
  [
    'that somebody began to take over who never went on',
    'Deployment',
    workload({ phase: 'stopping', countedAt: '2026-01-01T00:00:00Z', spec: { replicas: 0 } }),
    'gone',
  ],
  [
    'of which that one left a Pod',
    'DaemonSet',
    workload({ phase: 'stopping', status: { desiredNumberScheduled: 0, numberMisscheduled: 1 } }),
    'runs',
  ],
  [
    'that is to come back',
    'Deployment',
    workload({ phase: 'returning', countedAt: '2025-01-01T00:00:00Z', spec: { replicas: 0 } }),
    'returning',
  ],
  [
    'that was taken over',
    'Deployment',
    workload({ phase: 'stopped', countedAt: '2026-01-01T00:00:59Z', spec: { replicas: 0 } }),
    'gone',
  ],
  [
    'that was taken over, and is counted where a node is dead',
    'DaemonSet',
    workload({ phase: 'stopped', status: { desiredNumberScheduled: 0, numberMisscheduled: 1 } }),
    'gone',
  ],
  ['that was taken over and is back', 'Deployment', workload({ phase: 'stopped', spec: { replicas: 1 } }), 'runs'],
  ['a DaemonSet with a node', 'DaemonSet', workload({ status: { desiredNumberScheduled: 1 } }), 'runs'],
  [
    'a DaemonSet whose last Pod is where none should be',
    'DaemonSet',
    workload({ status: { desiredNumberScheduled: 0, currentNumberScheduled: 0, numberMisscheduled: 1 } }),
    'runs',
  ],
  ['a DaemonSet without nodes', 'DaemonSet', workload({ status: { desiredNumberScheduled: 0 } }), 'gone'],
];

suite('the life of a workload', () => {
  for (const [what, kind, given, life] of CASES) {
    test(`${what}: ${life}`, () => assert.equal(lifeOf(kind, given, NOW), life));
  }
});
