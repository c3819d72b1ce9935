import type { NodeHealth } from '../../announce/snapshot.ts';
import type { ReplicaFacts } from '../../health/tracked-replica.ts';
import { single, truth, type Chapter, type SampledMetric } from '../metric.ts';

const VERDICTS: readonly NodeHealth[] = ['alive', 'dead', 'unknown'];

function ofReplicas(name: string, help: string, value: (other: ReplicaFacts) => boolean): SampledMetric {
  return {
    ...{ name, type: 'gauge', help, labels: ['replica'] },
    samples: ({ engine }) =>
      (engine?.replicas ?? []).map((other) => ({ value: truth(value(other)), labels: { replica: other.name } })),
  };
}

export const health: Chapter = {
  title: 'Nodes and other replicas',
  about:
    'Every replica judges for itself, and has these by what it sees; they come from the engine, and are missing where it does not answer. [Node health](../node-health.md) says what a verdict needs.',
  metrics: [
    {
      name: 'porterlb_nodes',
      type: 'gauge',
      help: 'Nodes by what probes say of them.',
      labels: ['verdict'],
      samples: ({ engine }) =>
        engine === undefined
          ? []
          : VERDICTS.map((verdict) => ({
              value: engine.nodes.filter(({ health: found }) => found === verdict).length,
              labels: { verdict },
            })),
    },
    {
      name: 'porterlb_node_verdict',
      type: 'gauge',
      help: 'Always 1: the verdict on a node, and the kind of what was found last, which may speak against it already.',
      labels: ['node', 'verdict', 'evidence'],
      samples: ({ engine }) =>
        (engine?.nodes ?? []).map(({ node, health: verdict, evidence }) => ({
          value: 1,
          labels: { node, verdict, evidence },
        })),
    },
    {
      name: 'porterlb_node_flaps',
      type: 'gauge',
      help: 'How often a node has died again soon after it had come back; nodes that have not are missing.',
      labels: ['node'],
      samples: ({ engine }) =>
        (engine?.nodes ?? [])
          .filter(({ flaps }) => flaps > 0)
          .map(({ node, flaps }) => ({ value: flaps, labels: { node } })),
    },
    {
      name: 'porterlb_node_verdicts_held',
      type: 'gauge',
      help: 'Nodes that are silent and whose verdict stands all the same, because the fault may be at this replica.',
      labels: [],
      samples: ({ engine }) => (engine === undefined ? [] : single(engine.heldVerdicts)),
    },
    {
      name: 'porterlb_node_probes_total',
      type: 'counter',
      help: 'Probes of nodes by what they found: well, ailing, silent, or void, which says nothing of the node.',
      labels: ['result'],
      samples: ({ engine }) =>
        Object.entries(engine?.probes ?? {}).map(([result, value]) => ({ value, labels: { result } })),
    },
    ofReplicas('porterlb_replica_answering', 'Whether another replica answers this one.', ({ answering }) => answering),
    ofReplicas(
      'porterlb_replica_stale',
      'Whether the view of another replica is stale, by its own last word.',
      ({ stale }) => stale,
    ),
    ofReplicas(
      'porterlb_replica_announcing',
      'Whether all BGP sessions of another replica are established, by its own last word.',
      ({ announcing }) => announcing,
    ),
  ],
};
