import { z } from 'zod';
import { time } from './text.ts';

/** One replica of porter-manager, as all answers that need the word of each name it. */
export const replica = z
  .strictObject({
    name: z.string().meta({ description: 'Name of its Pod.' }),
    node: z.string().nullable().meta({ description: 'Node that it runs on.' }),
    answered: z
      .boolean()
      .meta({ description: 'Whether it said what only it knows. What is told of it is missing in the answer if not.' }),
    problem: z.string().optional().meta({ description: 'Why it did not answer.' }),
    version: z.string().optional(),
    leads: z.boolean().optional().meta({ description: 'Whether it is the one that gives addresses.' }),
    viewIsStale: z
      .boolean()
      .optional()
      .meta({ description: 'Whether it has not heard from the API server of Kubernetes for five seconds or more.' }),
    medOffset: z.int().nullable().optional().meta({
      description:
        'What it adds to the MED of its routes, to the router where that is least: of the replicas that it hears a router prefers the one with the lowest.',
    }),
    startedAt: time.optional(),
  })
  .meta({ description: 'A replica of porter-manager.' });

export type Replica = z.output<typeof replica>;

export const version = z
  .strictObject({
    version: z.string().meta({ description: 'The lowest version of the replicas that answered.', examples: ['0.1.0'] }),
    api: z.strictObject({ group: z.literal('porterlb.kubesphere.io'), version: z.literal('v1alpha1') }),
    replicas: z.array(replica),
  })
  .meta({ description: 'What runs.' });

export type Version = z.output<typeof version>;
