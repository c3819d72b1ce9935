import { communitiesOf } from './communities.ts';
import type { Fields, Path } from './fields.ts';
import type { Findings } from './finding.ts';
import { selectorList, selects, type Requirements } from './selectors.ts';

/** What both kinds of advertisements say. */
interface Advertisement {
  readonly fields: Fields;
  /** Alternatives; none: all nodes. */
  readonly nodes: readonly Requirements[];
  readonly isFor: (pool: Fields) => boolean;
}

export interface L2Advertisement extends Advertisement {
  readonly interfaces: readonly string[];
}

export interface BgpAdvertisement extends Advertisement {
  /** Names of BGPPeers; none: all. */
  readonly peers: readonly string[];
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly localPref: number | undefined;
  /** It announces single addresses, not only prefixes that they are in. */
  readonly ofAddresses: boolean;
}

function choice(fields: Fields, pools: readonly Fields[], findings: Findings): Advertisement['isFor'] {
  const names = fields.texts('spec', 'ipAddressPools');
  const selectors = selectorList(fields, 'spec', 'ipAddressPoolSelectors');
  const missing = names.filter((name) => !pools.some((pool) => pool.name === name));
  for (const name of missing) {
    const path: Path = ['spec', 'ipAddressPools', names.indexOf(name)];
    findings.add(
      fields.finding(
        'lost',
        path,
        `there is no IPAddressPool ${name} among what is imported`,
        'Import it as well, or do without.',
      ),
    );
  }
  const isFor = (pool: Fields): boolean => {
    if (names.length === 0 && selectors.length === 0) return true;
    return names.includes(pool.name) || selectors.some((each) => selects(each, pool.labels));
  };
  if (!pools.some(isFor)) {
    const why = 'selects no IPAddressPool that is imported, so nothing comes of it';
    findings.add({ kind: 'unneeded', object: fields.label, why });
  }
  return isFor;
}

function tellServiceSelectors(fields: Fields, findings: Findings): void {
  if (fields.items('spec', 'serviceSelectors').length === 0) return;
  fields.take('spec', 'serviceSelectors');
  const why = 'which Services are announced can not be chosen by their labels: all of the pool are';
  const next = 'Give the Services that are to be announced another way a pool of their own, with spec.serviceSelector.';
  findings.add(fields.finding('lost', ['spec', 'serviceSelectors'], why, next));
}

export function l2Advertisement(fields: Fields, pools: readonly Fields[], findings: Findings): L2Advertisement {
  tellServiceSelectors(fields, findings);
  if (fields.items('spec', 'preferredNodeSelectors').length > 0) {
    fields.take('spec', 'preferredNodeSelectors');
    const why =
      'there is no preference among nodes: which of the eligible ones answers for an address is decided by a hash';
    const next = 'Use spec.nodeSelector of the Eip where an address must be on certain nodes.';
    findings.add(fields.finding('lost', ['spec', 'preferredNodeSelectors'], why, next));
  }
  return {
    fields,
    nodes: selectorList(fields, 'spec', 'nodeSelectors'),
    interfaces: fields.texts('spec', 'interfaces'),
    isFor: choice(fields, pools, findings),
  };
}

function aggregates(fields: Fields, field: string, whole: number, findings: Findings): boolean {
  const length = fields.number('spec', field);
  if (length === undefined || length === whole) return false;
  const why = `addresses are announced one by one (/${whole}), never as a /${length}`;
  const next = 'Let the routers that hear them aggregate, where others must not hear single addresses.';
  findings.add(fields.finding('lost', ['spec', field], why, next));
  return true;
}

interface BgpContext {
  readonly pools: readonly Fields[];
  readonly aliases: ReadonlyMap<string, string>;
  readonly findings: Findings;
}

export function bgpAdvertisement(fields: Fields, { pools, aliases, findings }: BgpContext): BgpAdvertisement {
  tellServiceSelectors(fields, findings);
  const inIpv4 = aggregates(fields, 'aggregationLength', 32, findings);
  const inIpv6 = aggregates(fields, 'aggregationLengthV6', 128, findings);
  const localPref = fields.number('spec', 'localPref');
  return {
    fields,
    nodes: selectorList(fields, 'spec', 'nodeSelectors'),
    peers: fields.texts('spec', 'peers'),
    ...communitiesOf(fields, aliases, findings),
    // 0 is how MetalLB has none.
    localPref: localPref === 0 ? undefined : localPref,
    ofAddresses: !inIpv4 && !inIpv6,
    isFor: choice(fields, pools, findings),
  };
}
