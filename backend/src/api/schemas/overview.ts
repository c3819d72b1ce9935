import { z } from 'zod';
import { replica } from './replica.ts';

const counts = z.strictObject({
  services: z.strictObject({
    served: z.int().meta({ description: 'Services that PorterLB serves.' }),
    withAddress: z.int(),
    announced: z.int(),
  }),
  pools: z.strictObject({ all: z.int(), ready: z.int(), used: z.int().meta({ description: 'Addresses in use.' }) }),
  peers: z.strictObject({
    all: z.int(),
    established: z.int().meta({ description: 'With a session of some replica.' }),
  }),
  nodes: z.strictObject({ all: z.int(), alive: z.int(), dead: z.int(), unknown: z.int(), divided: z.int() }),
  replicas: z.strictObject({ all: z.int(), answered: z.int() }),
});

export const problem = z
  .strictObject({
    kind: z.enum(['Service', 'Eip', 'BgpPeer', 'BgpConf', 'Node', 'Replica']),
    reason: z.string(),
    count: z.int(),
    objects: z.array(z.string()).meta({ description: 'The first of them by name; the others are counted.' }),
    message: z.string().meta({
      description:
        'Of the first of them: as its status has it, in English, or of nodes and replicas in the language of the request.',
    }),
    text: z.string().meta({ description: 'The same in the language of the request, as far as it is known.' }),
  })
  .meta({ description: 'What is not as it should be, by reason; what somebody has switched off is not among it.' });
export type Problem = z.output<typeof problem>;

const vertex = z.strictObject({
  id: z.string(),
  kind: z.enum(['pool', 'peer', 'replica', 'node', 'link']).meta({
    description: 'link: a local network where addresses are answered for (Layer 2), named by its subnet.',
  }),
  name: z.string(),
  state: z.enum(['good', 'bad', 'off', 'unknown']),
});

const edge = z.strictObject({
  from: z.string(),
  to: z.string(),
  kind: z.enum(['announces', 'session', 'runsOn', 'answers']).meta({
    description:
      'announces: addresses of the pool, to a router or on a local network; answers: the node does so for addresses there.',
  }),
  state: z.enum(['good', 'bad', 'off', 'unknown']),
});

export const overview = z
  .strictObject({
    health: z.enum(['good', 'degraded', 'bad']).meta({
      description:
        'bad: some Service that has an address can not be reached; degraded: anything else is not as it should be.',
    }),
    counts,
    problems: z.array(problem),
    picture: z.strictObject({ nodes: z.array(vertex), edges: z.array(edge) }),
    replicas: z.array(replica),
  })
  .meta({ description: 'All at a glance.' });
export type Overview = z.output<typeof overview>;
export type Vertex = z.output<typeof vertex>;
export type Edge = z.output<typeof edge>;
