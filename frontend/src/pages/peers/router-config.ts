/** In the place of what is not known as long as there is no BgpPeer. */
export const ROUTER_AS = 'ROUTER-AS';
export const ROUTER_ADDRESS = 'ROUTER-ADDRESS';

/** What a router has to be told, from the BgpPeer's own values. */
export interface RouterFacts {
  readonly routerAddress: string;
  readonly routerAs: number | typeof ROUTER_AS;
  /** Undefined: it can't be read here. */
  readonly ourAs: number | undefined;
  /** Where sessions may come from: addresses of nodes, of the family of the router's own. */
  readonly nodes: readonly string[];
  readonly families: readonly ('ipv4' | 'ipv6')[];
  readonly hasPassword: boolean;
  readonly multihopTtl: number | undefined;
  /** Where packets count only if they came over so few hops (RFC 5082): the router has to send with TTL 255. */
  readonly ttlSecurityHops: number | undefined;
  readonly bfd: { readonly multiplier: number; readonly intervalMs: number } | undefined;
}

export interface RouterKind {
  readonly name: string;
  /** Whether sessions with it are part of this product's tests. */
  readonly isTested: boolean;
  readonly config: (facts: RouterFacts) => string;
}

/** In the place of what only the reader knows. */
const OUR_AS = 'CLUSTER-AS';
const PASSWORD = 'PASSWORD';
const NODE = 'NODE-ADDRESS';

type Line = string | undefined | false;

function lines(...all: readonly (Line | readonly Line[])[]): string {
  return `${all
    .flat()
    .filter((line) => typeof line === 'string')
    .join('\n')}\n`;
}

function nodesOf({ nodes }: RouterFacts): readonly string[] {
  return nodes.length === 0 ? [NODE] : nodes;
}

function asOf({ ourAs }: RouterFacts): string {
  return ourAs === undefined ? OUR_AS : String(ourAs);
}

function isExternal({ ourAs, routerAs }: RouterFacts): boolean {
  return ourAs !== routerAs;
}

function frr(facts: RouterFacts): string {
  const { routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  return lines(
    `router bgp ${routerAs}`,
    isExternal(facts) && ' no bgp ebgp-requires-policy',
    ' neighbor cluster peer-group',
    ` neighbor cluster remote-as ${asOf(facts)}`,
    hasPassword && ` neighbor cluster password ${PASSWORD}`,
    multihopTtl !== undefined && ` neighbor cluster ebgp-multihop ${multihopTtl}`,
    hops !== undefined && ` neighbor cluster ttl-security hops ${hops}`,
    bfd !== undefined && ` neighbor cluster bfd ${bfd.multiplier} ${bfd.intervalMs} ${bfd.intervalMs}`,
    nodesOf(facts).map((node) => ` neighbor ${node} peer-group cluster`),
    families.flatMap((family) => [
      ` address-family ${family} unicast`,
      '  neighbor cluster activate',
      '  maximum-paths 64',
      ' exit-address-family',
    ]),
  );
}

function bird(facts: RouterFacts): string {
  const { routerAddress, routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  return lines(
    families.map(
      (family) =>
        `protocol kernel { merge paths on limit 64; ${family} { import none; export where source = RTS_BGP; }; }`,
    ),
    bfd !== undefined &&
      `protocol bfd { interface "*" { interval ${bfd.intervalMs} ms; multiplier ${bfd.multiplier}; }; }`,
    'template bgp cluster {',
    `  local ${routerAddress} as ${routerAs};`,
    hasPassword && `  password "${PASSWORD}";`,
    multihopTtl !== undefined && `  multihop ${multihopTtl};`,
    hops !== undefined && hops > 1 && `  multihop ${hops};`,
    hops !== undefined && '  ttl security on;',
    bfd !== undefined && '  bfd graceful;',
    families.map((family) => `  ${family} { import all; export none; add paths rx; };`),
    '}',
    nodesOf(facts).map(
      (node, i) => `protocol bgp cluster${i + 1} from cluster { neighbor ${node} as ${asOf(facts)}; }`,
    ),
  );
}

function vyos(facts: RouterFacts): string {
  const { routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  const group = 'set protocols bgp peer-group cluster';
  return lines(
    `set protocols bgp system-as ${routerAs}`,
    `${group} remote-as ${asOf(facts)}`,
    hasPassword && `${group} password ${PASSWORD}`,
    multihopTtl !== undefined && `${group} ebgp-multihop ${multihopTtl}`,
    hops !== undefined && `${group} ttl-security hops ${hops}`,
    bfd !== undefined && `${group} bfd`,
    families.flatMap((family) => [
      `${group} address-family ${family}-unicast`,
      `set protocols bgp address-family ${family}-unicast maximum-paths ebgp 64`,
    ]),
    nodesOf(facts).map((node) => `set protocols bgp neighbor ${node} peer-group cluster`),
  );
}

function ciscoXe(facts: RouterFacts): string {
  const { routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  return lines(
    `router bgp ${routerAs}`,
    ' neighbor cluster peer-group',
    ` neighbor cluster remote-as ${asOf(facts)}`,
    hasPassword && ` neighbor cluster password ${PASSWORD}`,
    multihopTtl !== undefined && ` neighbor cluster ebgp-multihop ${multihopTtl}`,
    hops !== undefined && ` neighbor cluster ttl-security hops ${hops}`,
    bfd !== undefined && ' neighbor cluster fall-over bfd',
    nodesOf(facts).map((node) => ` neighbor ${node} peer-group cluster`),
    families
      .flatMap((family) => [
        ` address-family ${family}${family === 'ipv6' ? ' unicast' : ''}`,
        '  bgp additional-paths receive',
        nodesOf(facts).map((node) => `  neighbor ${node} activate`),
        '  maximum-paths 16',
        ' exit-address-family',
      ])
      .flat(),
  );
}

function eos(facts: RouterFacts): string {
  const { routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  return lines(
    `router bgp ${routerAs}`,
    '   maximum-paths 64 ecmp 64',
    '   neighbor CLUSTER peer group',
    `   neighbor CLUSTER remote-as ${asOf(facts)}`,
    hasPassword && `   neighbor CLUSTER password ${PASSWORD}`,
    multihopTtl !== undefined && `   neighbor CLUSTER ebgp-multihop ${multihopTtl}`,
    hops !== undefined && `   neighbor CLUSTER ttl maximum-hops ${hops}`,
    bfd !== undefined && '   neighbor CLUSTER bfd',
    nodesOf(facts).map((node) => `   neighbor ${node} peer group CLUSTER`),
    families.flatMap((family) => [
      `   address-family ${family}`,
      '      bgp additional-paths receive',
      '      neighbor CLUSTER activate',
    ]),
  );
}

function junos(facts: RouterFacts): string {
  const { routerAs, families, hasPassword, multihopTtl, ttlSecurityHops: hops, bfd } = facts;
  const group = 'set protocols bgp group cluster';
  return lines(
    `set routing-options autonomous-system ${routerAs}`,
    'set policy-options policy-statement ecmp then load-balance per-packet',
    'set routing-options forwarding-table export ecmp',
    'set policy-options policy-statement nothing then reject',
    `${group} type ${isExternal(facts) ? 'external' : 'internal'}`,
    isExternal(facts) && `${group} peer-as ${asOf(facts)}`,
    hasPassword && `${group} authentication-key ${PASSWORD}`,
    multihopTtl !== undefined && `${group} multihop ttl ${multihopTtl}`,
    hops !== undefined && `${group} ${hops > 1 ? 'multihop ttl' : 'ttl'} 255`,
    bfd !== undefined && `${group} bfd-liveness-detection minimum-interval ${bfd.intervalMs}`,
    families.map((family) => `${group} family ${family === 'ipv4' ? 'inet' : 'inet6'} unicast add-path receive`),
    `${group} multipath`,
    `${group} export nothing`,
    nodesOf(facts).map((node) => `${group} neighbor ${node}`),
  );
}

/** Those that documents have a page for, the tested ones first. */
export const ROUTER_KINDS: readonly RouterKind[] = [
  { name: 'FRR', isTested: true, config: frr },
  { name: 'BIRD 2', isTested: true, config: bird },
  { name: 'VyOS', isTested: false, config: vyos },
  { name: 'Cisco IOS XE', isTested: false, config: ciscoXe },
  { name: 'Arista EOS', isTested: false, config: eos },
  { name: 'Juniper Junos', isTested: false, config: junos },
];
