import { z } from 'zod';
import { MAX_ALL_CONFLICTS, MAX_HELD_NAMESPACES, MAX_RELEASED } from '../domain/pool.ts';
import * as patterns from './patterns.ts';
import { matches } from './patterns.ts';
import {
  atomicList,
  conditions,
  integer,
  keyedList,
  labelPairs,
  labelSelector,
  MAX_ADDRESS,
  matching,
  ruled,
  uint32,
} from './schema.ts';
import type { Rule } from './schema.ts';

const RANGE_FORM = '[^-/]+(/(0|[1-9][0-9]{0,2})|-[^-/]+)?';
const IPV4_RANGE = `${patterns.IPV4}-${patterns.IPV4}`;

/** `first-last`, both as long as they get. */
export const MAX_RANGE = MAX_ADDRESS * 2 + 1;

function ends(range: string): string[] {
  return (range.split('/')[0] ?? '').split('-');
}

function ipv4Number(text: string): number {
  return text.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** `ipv4Number` in CEL. Spelled out, as the cost of `map` and `isSorted` over a split text is unbounded to Kubernetes 1.28. */
function celNumber(text: string): string {
  const octets = [16_777_216, 65_536, 256, 1].map((weight, index) => `int(${text}.split('.')[${index}]) * ${weight}`);
  return `(${octets.join(' + ')})`;
}

/** Four rules instead of one pattern, so that the answer says what is wrong. */
const RANGE_RULES: readonly Rule<string>[] = [
  {
    // Not `split('-').all(...)`: the cost estimate takes that for as many addresses as the text has characters.
    cel:
      `self.matches('^${RANGE_FORM}$') && self.split('/')[0].split('-')[0].matches('^${patterns.IP}$') && ` +
      `(!self.contains('-') || self.split('-')[1].matches('^${patterns.IP}$'))`,
    message: 'must be an IP address, a CIDR prefix or a first-last range, without spaces and without leading zeros',
    holds: (value) => matches(value, RANGE_FORM) && ends(value).every((end) => matches(end, patterns.IP)),
  },
  {
    cel: `!self.matches('^[^/]+/[0-9]{1,3}$') || int(self.split('/')[1]) <= (self.contains(':') ? 128 : 32)`,
    message: 'must have a prefix length of at most 32 (IPv4) or 128 (IPv6)',
    holds: (value) =>
      !/^[^/]+\/[0-9]{1,3}$/.test(value) || Number(value.split('/')[1]) <= (value.includes(':') ? 128 : 32),
  },
  {
    cel: `!self.matches('^[^-]+-[^-]+$') || self.split('-')[0].contains(':') == self.split('-')[1].contains(':')`,
    message: 'must not mix IPv4 and IPv6 in one range',
    holds: (value) => {
      const [first, last] = ends(value);
      return first === undefined || last === undefined || first.includes(':') === last.includes(':');
    },
  },
  {
    cel: `!self.matches('^${IPV4_RANGE}$') || ${celNumber("self.split('-')[0]")} <= ${celNumber("self.split('-')[1]")}`,
    message: 'is reversed: the first address of a range must not be higher than the last',
    holds: (value) => {
      if (!matches(value, IPV4_RANGE)) return true;
      const [first = '', last = ''] = value.split('-');
      return ipv4Number(first) <= ipv4Number(last);
    },
  },
];

function addressRange(): z.ZodString {
  return ruled(z.string().max(MAX_RANGE), ...RANGE_RULES);
}

/** Well-known communities by name (IANA registry "BGP Well-known Communities"), as `asn:value`. */
export const WELL_KNOWN_COMMUNITIES: Readonly<Record<string, string>> = {
  'graceful-shutdown': '65535:0',
  blackhole: '65535:666',
  'no-export': '65535:65281',
  'no-advertise': '65535:65282',
  'no-export-subconfed': '65535:65283',
  'no-peer': '65535:65284',
};

const communityNames = Object.keys(WELL_KNOWN_COMMUNITIES);

const community = matching(
  `${patterns.COMMUNITY}|${communityNames.join('|')}`,
  32,
  `must be a community: two numbers of 16 bits as asn:value, or one of ${communityNames.join(', ')}`,
).meta({ description: 'One community.' });

const largeCommunity = ruled(z.string().max(32), {
  cel: `self.matches('^${patterns.LARGE_COMMUNITY}$') && self.split(':').all(n, int(n) <= 4294967295)`,
  message: 'must be a large community: three numbers of 32 bits as global:local1:local2',
  holds: (value) =>
    matches(value, patterns.LARGE_COMMUNITY) && value.split(':').every((number) => Number(number) <= 4_294_967_295),
}).meta({ description: 'One large community.' });

/** The rank of a replica goes on top. */
const med = integer(0, 4_294_966_000).optional();

const peerOverride = z.object({
  // Without expressions: the API server would count their rules once for each entry, and refuse the whole.
  peerSelector: z
    .object({ matchLabels: labelPairs('Labels of the BgpPeer that must be there with these values.') })
    .meta({ description: 'Which peers.' }),
  communities: atomicList(community, 16)
    .optional()
    .meta({ description: "Communities in the place of the pool's; [] for none. Empty: as the pool's." }),
  largeCommunities: atomicList(largeCommunity, 16)
    .optional()
    .meta({ description: "Large communities in the place of the pool's; [] for none. Empty: as the pool's." }),
  localPref: uint32().optional().meta({ description: "LOCAL_PREF towards iBGP peers. Empty: as the pool's." }),
  med: med.meta({
    description:
      "MULTI_EXIT_DISC of the routes; the rank of the announcing replica is added to it. Empty: as the pool's.",
  }),
});

export const poolBgp = z.object({
  communities: atomicList(community, 64)
    .optional()
    .meta({ description: `Communities (RFC 1997): asn:value, or one of ${communityNames.join(', ')}.` }),
  largeCommunities: atomicList(largeCommunity, 64)
    .optional()
    .meta({ description: 'Large communities (RFC 8092): global:local1:local2.' }),
  localPref: uint32().optional().meta({ description: 'LOCAL_PREF towards iBGP peers. Empty: 100.' }),
  med: med.meta({
    description: 'MULTI_EXIT_DISC of the routes; the rank of the announcing replica is added to it. Empty: 0.',
  }),
  peerSelector: labelSelector
    .optional()
    .meta({ description: 'Which peers hear the routes, by labels of the BgpPeer. Empty: all.' }),
  overrides: atomicList(peerOverride.meta({ description: 'Attributes for some peers.' }), 8)
    .optional()
    .meta({
      description: 'Other attributes for some of the peers. Of several entries that select a peer the first one holds.',
    }),
});

export const eipSpec = ruled(
  z.object({
    address: addressRange().optional().meta({
      description:
        'The addresses: one IP (192.168.0.100), one CIDR prefix (192.168.0.0/24) or one range (192.168.0.91-192.168.0.100).',
    }),
    addresses: atomicList(addressRange().meta({ description: 'One IP, CIDR prefix or range.' }), 64)
      .optional()
      .meta({ description: 'Instead of address: several IPs, CIDR prefixes and ranges; both families may occur.' }),
    protocol: z
      .enum(['bgp', 'layer2', 'vip'])
      .default('bgp')
      .meta({ description: 'How the network learns of the addresses. vip, a mode of OpenELB, is served as layer2.' }),
    interface: matching(
      `|can_reach:${patterns.IP}|${patterns.INTERFACE}`,
      63,
      'must be the name of an interface (at most 15 characters) or can_reach:<IP address>',
    )
      .optional()
      .meta({
        description:
          'Layer 2: interface to answer on, or can_reach:<IP> for the one that leads to that IP. Empty: the one that owns the subnet.',
      }),
    disable: z.boolean().optional().meta({ description: 'Give no new addresses from this pool; those in use stay.' }),
    priority: integer()
      .optional()
      .meta({ description: 'Among pools that are bound to a namespace the lowest number is tried first. Empty: 0.' }),
    namespaces: atomicList(
      matching(patterns.DNS_LABEL, 63, 'must be the name of a namespace').meta({ description: 'Name of a namespace.' }),
      1000,
    )
      .optional()
      .meta({ description: 'Namespaces that this pool is for, beside those that namespaceSelector selects.' }),
    namespaceSelector: labelPairs('Labels of namespaces that this pool is for; all must match.').optional(),
    serviceSelector: labelSelector
      .optional()
      .meta({ description: 'Services that this pool is for, by their labels. Empty: all.' }),
    nodeSelector: labelSelector
      .optional()
      .meta({ description: 'Nodes that may be next hop (bgp) or owner (layer2), by their labels. Empty: all.' }),
    avoidBuggyIPs: z.boolean().optional().meta({ description: 'Give no IPv4 addresses that end in .0 or .255.' }),
    reuseAfterSeconds: integer(0, 31_536_000).optional().meta({
      description: `How long a freed address rests before another Service gets it, in seconds. Empty: 0.`,
    }),
    bgp: poolBgp.optional().meta({ description: 'Attributes of the routes of this pool.' }),
    usingKnownIPs: z.boolean().optional().meta({ description: 'Ignored: it never had a meaning.' }),
  }),
  {
    cel: 'has(self.address) != has(self.addresses)',
    message: 'exactly one of address and addresses must be given',
    holds: ({ address, addresses }) => (address === undefined) !== (addresses === undefined),
    fieldPath: '.address',
  },
  {
    cel: '!has(self.addresses) || size(self.addresses) > 0',
    message: 'addresses must not be empty',
    holds: ({ addresses }) => addresses === undefined || addresses.length > 0,
    fieldPath: '.addresses',
  },
).meta({ description: 'What the pool consists of and whom it is for.' });

export type EipSpec = z.output<typeof eipSpec>;

/** The most entries of `status.addresses`: twice what the spec may have. */
export const MAX_HELD_RANGES = 128;

const conflict = z.object({
  replica: z.string().max(253).meta({ description: 'Name of the Pod of the replica that heard it.' }),
  ip: z.string().max(45).meta({ description: 'The address.' }),
  mac: z.string().max(64).meta({ description: 'MAC address of whoever answers for it.' }),
  link: z.string().max(15).meta({ description: 'Interface of the replica that it was heard on.' }),
  node: z
    .string()
    .max(253)
    .optional()
    .meta({ description: 'Node of this cluster whose kernel answers. Empty: a host that is none of ours.' }),
  announced: z
    .boolean()
    .meta({ description: 'Whether the address is announced all the same, as it was before this was heard.' }),
  since: z.iso.datetime().meta({ description: 'When it was heard first, RFC 3339.' }),
});

export type EipConflict = z.output<typeof conflict>;

export const eipStatus = z
  .object({
    poolSize: integer()
      .optional()
      .meta({ description: 'Number of addresses; at most 9007199254740991, also where there are more.' }),
    usage: integer().optional().meta({ description: 'Number of addresses in use.' }),
    occupied: z.boolean().optional().meta({ description: 'No address is left.' }),
    firstIP: z.string().optional().meta({ description: 'First address.' }),
    lastIP: z.string().optional().meta({ description: 'Last address.' }),
    v4: z.boolean().optional().meta({ description: 'The pool has IPv4 addresses.' }),
    ready: z.boolean().optional().meta({ description: 'The pool can be used; see conditions for why not.' }),
    used: z
      .record(z.string(), z.string().meta({ description: 'Services that use the address.' }))
      .optional()
      .meta({
        description:
          'Address to namespace/name of its Services, separated by ";": what is kept although the pool would not give it any more, and the first others; all of them are in the REST API.',
      }),
    holders: z.string().optional().meta({
      description:
        'Digests of all addresses in use with the UIDs of their Services, 8 characters each, up to 16384: by these a new leader tells a holder from somebody who only claims the address.',
    }),
    released: atomicList(
      z
        .object({
          ip: z.string().max(45).meta({ description: 'The address.' }),
          service: z.string().max(317).meta({ description: 'namespace/name of the Service that had it.' }),
          time: z.iso.datetime().meta({ description: 'When it was freed, RFC 3339.' }),
        })
        .meta({ description: 'One address that was freed.' }),
      MAX_RELEASED,
    )
      .optional()
      .meta({
        description:
          'The addresses that were freed last, youngest first, so that a re-created Service gets its own back.',
      }),
    addresses: atomicList(z.string().max(MAX_RANGE).meta({ description: 'One range.' }), MAX_HELD_RANGES)
      .optional()
      .meta({
        description:
          'All ranges that Services may hold addresses in: those of the spec, and earlier ones while addresses in them are in use.',
      }),
    namespaces: atomicList(z.string().max(63).meta({ description: 'Name of a namespace.' }), MAX_HELD_NAMESPACES)
      .optional()
      .meta({ description: 'Namespaces whose Services hold addresses; they keep them when the pool is edited.' }),
    conflicts: keyedList(
      conflict.meta({ description: 'Somebody else who answers for one address.' }),
      ['replica', 'ip'],
      MAX_ALL_CONFLICTS,
    )
      .optional()
      .meta({
        description:
          'Addresses that somebody else on the link answers for (layer2); each replica writes what it has heard.',
      }),
    conditions,
  })
  .meta({ description: 'What became of the pool; written by porter-manager.' });

export type EipStatus = z.output<typeof eipStatus>;
