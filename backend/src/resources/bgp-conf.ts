import { z } from 'zod';
import * as patterns from './patterns.ts';
import { matches } from './patterns.ts';
import { asNumber, atomicList, conditions, gracefulRestart, integer, ipAddress, ruled, uint32 } from './schema.ts';

export const bgpConfSpec = z
  .object({
    as: asNumber().meta({ description: 'Our AS number.' }),
    asPerRack: z
      .record(z.string(), asNumber().meta({ description: 'AS number of that rack.' }))
      .optional()
      .meta({
        description:
          'AS number by rack, the value of the label openelb.kubesphere.io/rack of the node that a replica runs on; of other nodes, that of spec.as.',
      }),
    routerId: ruled(z.string().max(15), {
      cel: `self == '' || (self.matches('^${patterns.IPV4}$') && self != '0.0.0.0')`,
      message: 'must be a BGP identifier: four decimal octets like an IPv4 address, not 0.0.0.0',
      holds: (value) => value === '' || (matches(value, patterns.IPV4) && value !== '0.0.0.0'),
    })
      .optional()
      .meta({
        description:
          'BGP identifier of every replica. Empty, and better: each replica derives one of its own from its node.',
      }),
    listenPort: integer(-1, 65535).optional().meta({
      description:
        'TCP port on which connections from routers are taken, beside ours to them. Empty, 0 or -1: none are, we only connect. Below 1024 the manager would need a capability that it does not have.',
    }),
    listenAddresses: atomicList(ipAddress().meta({ description: 'One IP address.' }), 16)
      .optional()
      .meta({ description: 'Addresses to listen on, if listenPort is given. Empty: all.' }),
    gracefulRestart: gracefulRestart
      .optional()
      .meta({ description: 'Graceful restart (RFC 4724) towards all peers that say nothing else.' }),
    families: z
      .array(uint32().meta({ description: 'Index of a family.' }))
      .optional()
      .meta({ description: 'Ignored: each peer says which families it gets.' }),
    useMultiplePaths: z.boolean().optional().meta({ description: 'Ignored: we install no routes.' }),
    policy: z.string().optional().meta({
      description:
        'Ignored: name of a ConfigMap with GoBGP policies. Eip.spec.bgp sets communities, localPref and med.',
    }),
  })
  .meta({ description: 'How we speak BGP. Only the object named default is used.' });

export type BgpConfSpec = z.output<typeof bgpConfSpec>;

export const bgpConfStatus = z
  .object({
    nodesConfStatus: z
      .record(
        z.string(),
        z
          .object({
            routerId: z.string().optional().meta({ description: 'BGP identifier in use.' }),
            as: integer().optional().meta({ description: 'AS number in use.' }),
          })
          .meta({ description: 'What the replica on that node uses.' }),
      )
      .optional()
      .meta({ description: 'By name of the node; each replica writes its own entry.' }),
    conditions,
  })
  .meta({ description: 'What became of the configuration; written by porter-manager.' });

export type BgpConfStatus = z.output<typeof bgpConfStatus>;
