import { z } from 'zod';
import { condition } from './condition.ts';
import { listQuery, pageOf } from './list.ts';
import { ip, namespaceName, objectName, time } from './text.ts';

const protocol = z.enum(['bgp', 'layer2']);

/** JSON numbers are exact up to 2^53; an IPv6 /64 has more addresses. */
const count = z
  .string()
  .regex(/^\d+$/)
  .meta({ description: 'A number as text: an IPv6 pool has more than a JSON number holds.', examples: ['254'] });

const use = z.strictObject({
  size: count,
  used: z.int().min(0).meta({ description: 'Addresses that Services hold.' }),
  released: z.int().min(0).meta({ description: 'Addresses that were freed and that the pool remembers.' }),
  conflicts: z.int().min(0).meta({ description: 'Addresses that hosts outside of the cluster use.' }),
});

const summary = {
  name: z.string(),
  createdAt: time,
  protocol: protocol.nullable().meta({ description: 'Null: the object could never be read.' }),
  ranges: z.array(z.string()).meta({ description: 'What is in force, which may be older than the object.' }),
  isDefault: z.boolean(),
  disabled: z.boolean(),
  deleting: z.boolean(),
  priority: z.int(),
  ready: condition.nullable(),
  use,
};

export const poolSummary = z.strictObject(summary).meta({ description: 'A pool of addresses (an Eip).' });
export type PoolSummary = z.output<typeof poolSummary>;

export const pool = z
  .strictObject({
    ...summary,
    conditions: z.array(z.strictObject({ type: z.string(), ...condition.shape })),
    interface: z.string().meta({ description: 'Empty: the one that owns the subnet.' }),
    namespaces: z.array(z.string()).meta({ description: 'Empty: all, unless a selector of namespaces is set.' }),
    hasNamespaceSelector: z.boolean(),
    hasServiceSelector: z.boolean(),
    hasNodeSelector: z.boolean(),
    avoidBuggyIPs: z.boolean(),
    reuseAfterSeconds: z.int().min(0),
    peers: z.array(z.string()).meta({ description: 'BgpPeers that hear of its addresses.' }),
    overlaps: z
      .array(
        z.strictObject({
          kind: z.enum(['pool', 'serviceRange', 'node']),
          other: z.string(),
          first: ip,
          last: ip,
        }),
      )
      .meta({ description: 'Parts of it that are somebody else’s too.' }),
  })
  .meta({ description: 'A pool of addresses (an Eip), with all that is known of it.' });
export type PoolAnswer = z.output<typeof pool>;

export const ADDRESS_STATES = ['used', 'resting', 'released', 'conflict', 'free', 'reserved'] as const;

export const poolAddress = z
  .strictObject({
    ip,
    state: z.enum(ADDRESS_STATES).meta({
      description:
        'used: Services hold it; resting, released: it was freed, and others get it not yet, or last; conflict: a host ' +
        'outside of the cluster uses it; free; reserved: never given, as it is a subnet’s own, or a node’s, or an older pool’s.',
    }),
    services: z.array(namespaceName.nullable()).meta({ description: 'Who holds it, or had it last.' }),
    since: time.nullable().meta({ description: 'Since when it is held, or was freed; null: not known.' }),
    restsUntil: time.nullable(),
    heldBy: z.string().nullable().meta({ description: 'MAC address of the host outside of the cluster.' }),
  })
  .meta({ description: 'One address of a pool.' });
export type PoolAddress = z.output<typeof poolAddress>;

export const poolAddresses = z
  .strictObject({
    ...pageOf(poolAddress).shape,
    complete: z.boolean().meta({
      description:
        'Whether free and reserved addresses are listed as well: in a pool of more than 4,096 they are not. All others are, one by one: ' +
        'each has an owner, a time, or a stranger of its own.',
    }),
  })
  .meta({ description: 'A page of the addresses of a pool.' });

export const poolPage = pageOf(poolSummary).meta({ description: 'A page of the pools.' });

export const poolsQuery = listQuery(['name', 'createTime', 'priority', 'used', 'size']);
export const addressesQuery = listQuery(['name', 'createTime', 'state']).extend({
  state: z.enum(ADDRESS_STATES).optional().meta({ description: 'Only addresses of this state.' }),
});
export const named = z.object({ name: objectName });
