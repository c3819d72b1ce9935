import { z } from 'zod';
import { condition, finding } from './condition.ts';
import { listQuery, pageOf } from './list.ts';
import { replica } from './replica.ts';
import { ip, objectName, time } from './text.ts';

const summary = {
  namespace: z.string(),
  name: z.string(),
  createdAt: time,
  served: z.boolean(),
  notServedBecause: finding.nullable(),
  ips: z.array(ip),
  pools: z.array(z.string()).meta({ description: 'Where they come from.' }),
  externalTrafficPolicy: z.enum(['Cluster', 'Local']),
  ports: z.array(z.string()).meta({ examples: [['TCP/80']] }),
  allocated: condition.nullable(),
  announced: condition.nullable(),
};

export const serviceSummary = z.strictObject(summary).meta({ description: 'A Service of type LoadBalancer.' });
export type ServiceSummary = z.output<typeof serviceSummary>;

const nextHop = z.strictObject({
  node: z.string(),
  addresses: z.array(ip).meta({ description: 'The node’s own, of the family of the address.' }),
  draining: z.boolean().meta({ description: 'It is about to go: nobody should choose it any more.' }),
});

const listener = z
  .strictObject({
    peer: z.string(),
    nextHopSelf: z.boolean().meta({
      description:
        'Each replica tells it of its own node alone, or nothing where that takes no traffic of the address.',
    }),
    intended: z
      .array(z.strictObject({ replica: z.string(), med: z.int(), nextHops: z.array(ip) }))
      .meta({ description: 'What each replica tells it; routers prefer the lowest MED.' }),
    confirmed: z
      .array(
        z.strictObject({
          replica: z.string(),
          state: z.string(),
          negotiated: z.boolean().meta({ description: 'Whether both ends agreed to exchange routes of the family.' }),
          addPath: z.boolean(),
        }),
      )
      .meta({ description: 'Whether the session that tells it stands, and takes several paths.' }),
  })
  .meta({ description: 'A router that is to hear of the address.' });

export const servicePath = z
  .strictObject({
    ip,
    pool: z.string().nullable().meta({ description: 'Null: it lies in no pool any more.' }),
    protocol: z.enum(['bgp', 'layer2']).nullable(),
    verdict: finding.nullable().meta({
      description:
        'How it is, as the condition Announced of the Service says it. Null: no replica says anything of it.',
    }),
    announced: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether that is: it is announced for the Service. Null: not known.' }),
    nodes: z.array(nextHop).meta({ description: 'Who takes its traffic, most preferred first.' }),
    leftOut: z.array(z.strictObject({ node: z.string(), ...finding.shape })),
    peers: z.array(listener).meta({ description: 'With BGP.' }),
    owner: z.string().nullable().meta({ description: 'With Layer 2: the node whose MAC address neighbours learn.' }),
    mac: z.string().nullable().meta({ description: 'That MAC address, where its node has a replica that answered.' }),
  })
  .meta({ description: 'The way of one address: pool, protocol, next hops or owner, peers.' });
export type ServicePath = z.output<typeof servicePath>;

export const service = z
  .strictObject({ ...summary, paths: z.array(servicePath), replicas: z.array(replica) })
  .meta({ description: 'A Service of type LoadBalancer, with the way of each of its addresses.' });
export type ServiceAnswer = z.output<typeof service>;

export const takers = z
  .strictObject({
    ip,
    pool: z.string().nullable().meta({ description: 'Null: it lies in no pool any more.' }),
    protocol: z.enum(['bgp', 'layer2']).nullable(),
    nodes: z.array(z.string()).nullable().meta({
      description:
        'Names of the nodes that take its traffic, eight at most. With BGP its next hops, most preferred first; with Layer 2 its owner, whose MAC address neighbours learn. Null: no replica says anything of it.',
    }),
    more: z.int().min(0).meta({ description: 'How many further nodes take it.' }),
  })
  .meta({ description: 'Who takes the traffic of one address.' });
export type Takers = z.output<typeof takers>;

export const listedService = z
  .strictObject({ ...summary, takers: z.array(takers).meta({ description: 'Of each of its addresses.' }) })
  .meta({ description: 'A Service of type LoadBalancer, with who takes the traffic of its addresses.' });
export type ListedService = z.output<typeof listedService>;

export const servicePage = z
  .strictObject({ ...pageOf(listedService).shape, replicas: z.array(replica) })
  .meta({ description: 'A page of Services of type LoadBalancer.' });
export const servicesQuery = listQuery(['name', 'createTime', 'namespace']);
export const inNamespace = z.object({ namespace: objectName });
export const namedInNamespace = z.object({ namespace: objectName, name: objectName });

export const check = z
  .strictObject({
    check: z.enum(['served', 'address', 'pool', 'endpoints', 'nodes', 'announced', 'peers', 'replicas']),
    result: z.enum(['passed', 'warning', 'failed', 'skipped', 'unknown']),
    ip: ip.nullable().meta({ description: 'The address that it is about; null: the Service.' }),
    reason: z.string().nullable(),
    text: z.string(),
    details: z.array(z.string()),
  })
  .meta({ description: 'One link of the chain.' });
export type Check = z.output<typeof check>;

export const explanation = z
  .strictObject({
    namespace: z.string(),
    name: z.string(),
    result: z.enum(['reachable', 'warning', 'unreachable', 'unknown']).meta({
      description: 'Unreachable: at none of its addresses. Where one works and another does not, it is a warning.',
    }),
    sentence: z.string().meta({ description: 'How it is, in one sentence.' }),
    nextStep: z.string().meta({ description: 'What to do next.' }),
    checks: z.array(check).meta({ description: 'What was looked at, in this order.' }),
    replicas: z.array(replica),
  })
  .meta({ description: 'Why a Service can be reached or not, in the language of the request.' });
export type Explanation = z.output<typeof explanation>;
