import { z } from 'zod';
import { reason } from './condition.ts';
import { replica } from './replica.ts';
import { ip, namespaceName, objectName } from './text.ts';

const MAX_CHANGES = 100;
/** Each range is compared with all others. */
const MAX_RANGES = 200;

interface PoolChange {
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
}

function rangesIn(pools: readonly PoolChange[]): number {
  const counts = pools.map(({ spec }) => {
    const addresses = spec?.['addresses'];
    return (Array.isArray(addresses) ? addresses.length : 0) + (spec?.['address'] === undefined ? 0 : 1);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

export const simulationRequest = z
  .strictObject({
    drainNodes: z
      .array(objectName)
      .max(MAX_CHANGES)
      .default([])
      .meta({ description: 'Nodes that go, with the Pods that run there.' }),
    pools: z
      .array(
        z.strictObject({
          name: objectName,
          disable: z.boolean().optional(),
          delete: z.boolean().optional(),
          isDefault: z.boolean().optional().meta({
            description: 'Whether Services without a class get addresses from it: an annotation of the Eip has that.',
          }),
          spec: z.record(z.string(), z.unknown()).optional().meta({
            description: 'A whole spec of an Eip, in the place of what it has; of a name that is not there: a new one.',
          }),
        }),
      )
      .max(MAX_CHANGES)
      .refine((pools) => rangesIn(pools) <= MAX_RANGES, { params: { what: 'ranges', max: MAX_RANGES } })
      .default([])
      .meta({
        description: `Pools that change; ${MAX_RANGES} ranges of addresses in all their specs together, at most.`,
      }),
    peers: z
      .array(
        z.strictObject({
          name: objectName,
          delete: z.boolean().optional(),
          adminDown: z.boolean().optional(),
          spec: z.record(z.string(), z.unknown()).optional().meta({
            description:
              'A whole spec of a BgpPeer, in the place of what it has; of a name that is not there: a new one.',
          }),
        }),
      )
      .max(MAX_CHANGES)
      .default([]),
  })
  .meta({ description: 'What if: nodes drained, pools or peers changed, all at once.' });
export type SimulationRequest = z.output<typeof simulationRequest>;

const standing = z.strictObject({
  announced: z
    .boolean()
    .nullable()
    .meta({ description: 'Null: not known, as a replica did not answer that may tell of it.' }),
  reason: reason.nullable(),
  nodes: z.array(z.string()).meta({ description: 'Who takes the traffic.' }),
  peers: z.array(z.string()).meta({ description: 'Who hears of it.' }),
});

export const simulation = z
  .strictObject({
    loses: z.int().meta({ description: 'Addresses that could not be reached any more.' }),
    unknown: z.int().meta({
      description: 'Addresses of which it is not known, as replicas that may tell of them did not answer.',
    }),
    moves: z.int().meta({ description: 'Addresses that other nodes would take, or other peers would hear of.' }),
    gains: z.int().meta({ description: 'Addresses that could be reached then, and Services that would get one.' }),
    keeps: z.int().meta({ description: 'Addresses of which nothing changes.' }),
    changes: z
      .array(
        z.strictObject({
          effect: z.enum(['loses', 'unknown', 'moves', 'gains']),
          ip: ip.nullable().meta({ description: 'Null: it has none yet.' }),
          services: z.array(namespaceName.nullable()),
          before: standing,
          after: standing,
        }),
      )
      .meta({ description: 'What changes, the worst first; 1,000 at most.' }),
    replicas: z.array(replica),
  })
  .meta({ description: 'The difference that a change would make, by the same functions that act.' });
export type Simulation = z.output<typeof simulation>;

export const preflight = z
  .strictObject({
    ready: z.boolean().meta({ description: 'Whether nothing is in the way.' }),
    checks: z.array(
      z.strictObject({
        check: z.enum([
          ...[
            'nodes',
            'loadBalancers',
            'kubeProxy',
            'kernelAnswers',
            'healthPort',
            'ports',
            'pools',
            'bgp',
            'replicas',
          ],
        ] as const),
        result: z.enum(['passed', 'warning', 'failed', 'unknown']),
        text: z.string(),
        nextStep: z.string(),
        objects: z.array(z.string()).meta({ description: 'What it is about: the first of them that you may see.' }),
        count: z.int().min(0).meta({ description: 'How many objects it is about.' }),
      }),
    ),
  })
  .meta({ description: 'Whether a cluster is as PorterLB needs it.' });
export type Preflight = z.output<typeof preflight>;
