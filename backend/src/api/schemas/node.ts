import { z } from 'zod';
import { finding } from './condition.ts';
import { listQuery, pageOf } from './list.ts';
import { replica } from './replica.ts';
import { ip, time } from './text.ts';

const evidence = z
  .strictObject({
    replica: z.string(),
    health: z.enum(['alive', 'dead', 'unknown']),
    address: ip,
    since: time,
    found: z
      .string()
      .meta({ description: 'What the last probe found; in the language of the request, as far as it is known.' }),
    answeredAt: time.nullable().meta({ description: 'The last answer in HTTP, and its status code.' }),
    status: z.int().nullable(),
    misses: z.int().meta({ description: 'Probes in a row without an answer.' }),
    witness: z
      .enum(['host', 'nothing'])
      .nullable()
      .meta({ description: 'What the second witness (the link, or the kubelet) saw, if it was asked.' }),
    witnessSaid: z
      .string()
      .nullable()
      .meta({ description: 'By what it saw that; in the language of the request, as far as it is known.' }),
  })
  .meta({ description: 'What one replica has found by its probes.' });

export const node = z
  .strictObject({
    name: z.string(),
    addresses: z.array(ip),
    ready: z.boolean().meta({ description: 'The condition Ready of the Node.' }),
    verdict: z.enum(['alive', 'dead', 'unknown', 'divided']).meta({
      description: 'What the replicas that answered find; divided: not the same.',
    }),
    takesTraffic: z.boolean().meta({ description: 'Whether it may, as far as that does not depend on the Service.' }),
    because: finding.nullable().meta({ description: 'Why it may not.' }),
    drains: z.array(z.enum(['deleting', 'toBeDeleted', 'cordoned'])),
    evidence: z.array(evidence),
  })
  .meta({ description: 'A node, and whether it takes traffic from outside.' });
export type NodeAnswer = z.output<typeof node>;

export const nodePage = z
  .strictObject({ ...pageOf(node).shape, replicas: z.array(replica) })
  .meta({ description: 'A page of the nodes.' });
export const nodesQuery = listQuery(['name', 'createTime', 'verdict']);
