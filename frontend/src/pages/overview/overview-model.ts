import type { Overview } from '../../generated/api.ts';
import type { TextKey } from '../../texts/texts.ts';

export type Counts = Overview['counts'];
export type Problem = Overview['problems'][number];

interface Health {
  readonly level: 'info' | 'warning' | 'error';
  readonly title: TextKey;
}

export const HEALTH: Readonly<Record<Overview['health'], Health>> = {
  good: { level: 'info', title: 'HEALTH_GOOD' },
  degraded: { level: 'warning', title: 'HEALTH_DEGRADED' },
  bad: { level: 'error', title: 'HEALTH_BAD' },
};

/** Nobody has got an address yet: what is of use is how to begin. */
export function isNew({ services, pools }: Counts): boolean {
  return pools.all === 0 || services.withAddress === 0;
}

export interface Figure {
  readonly title: TextKey;
  readonly value: string;
  readonly about: TextKey;
  readonly params: Readonly<Record<string, number>>;
  /** The name of the page that has more of it. */
  readonly page: string;
  readonly isBad: boolean;
}

/** What is counted, each with the page behind it. */
export function figuresOf({ counts, picture }: Pick<Overview, 'counts' | 'picture'>): Figure[] {
  const { services, pools, peers, nodes, replicas } = counts;
  // What somebody switched off is not as it should be to nobody.
  const isBad = (kind: string): boolean => picture.nodes.some((each) => each.kind === kind && each.state === 'bad');
  return [
    {
      ...{ title: 'SERVICES', value: of(services.announced, services.served), about: 'FIGURE_SERVICES' },
      params: { count: services.served - services.withAddress },
      ...{ page: 'porterlb.services', isBad: services.announced < services.served },
    },
    {
      ...{ title: 'POOLS', value: of(pools.ready, pools.all), about: 'FIGURE_POOLS', params: { count: pools.used } },
      ...{ page: 'porterlb.pools', isBad: isBad('pool') },
    },
    {
      ...{ title: 'PEERS', value: of(peers.established, peers.all), about: 'FIGURE_PEERS', params: {} },
      ...{ page: 'porterlb.peers', isBad: isBad('peer') },
    },
    {
      ...{ title: 'NODES', value: of(nodes.alive, nodes.all), about: 'FIGURE_NODES' },
      params: { dead: nodes.dead, unknown: nodes.unknown + nodes.divided },
      ...{ page: 'porterlb.nodes', isBad: nodes.dead + nodes.divided > 0 },
    },
    {
      ...{ title: 'REPLICAS', value: of(replicas.answered, replicas.all), about: 'FIGURE_REPLICAS', params: {} },
      ...{ page: 'porterlb.nodes', isBad: replicas.answered < replicas.all },
    },
  ];
}

function of(some: number, all: number): string {
  return `${some} / ${all}`;
}

const PAGES: Readonly<Partial<Record<Problem['kind'], string>>> = {
  Service: 'porterlb.services',
  Eip: 'porterlb.pools',
  BgpPeer: 'porterlb.peers',
  BgpConf: 'porterlb.bgp',
  Node: 'porterlb.nodes',
};

const WITH_DETAIL: ReadonlySet<Problem['kind']> = new Set(['Service', 'Eip', 'BgpPeer', 'Node']);

/** Where in the cluster's pages an object is told of; undefined: nowhere. */
export function pageOf(kind: Problem['kind'], object: string): string | undefined {
  const page = PAGES[kind];
  if (page === undefined || !WITH_DETAIL.has(kind)) return page;
  return `${page}/${object.split('/').map(encodeURIComponent).join('/')}`;
}

export interface Step {
  readonly title: TextKey;
  readonly about: TextKey;
  /** The page of what it is about, and what that is called. */
  readonly page: { readonly name: string; readonly title: TextKey };
  /** What its form is called, where there is nothing of it yet. */
  readonly create?: TextKey | undefined;
  readonly isDone: boolean;
  /** What is shown beside it until it is done. */
  readonly shows?: 'service' | 'router';
}

/** What there is of the BgpConf; undefined: that is not known. */
export type ConfFound = 'none' | 'wrong' | 'inForce' | undefined;

/** The way to the first address, in the order in which it is gone. */
export function firstSteps({ pools, peers, services }: Counts, conf: ConfFound): Step[] {
  return [
    {
      ...{ title: 'FIRST_POOL', about: 'FIRST_POOL_ABOUT', page: { name: 'porterlb.pools', title: 'POOLS' } },
      ...{ create: pools.all === 0 ? 'POOL_CREATE' : undefined, isDone: pools.all > 0 },
    },
    {
      ...{ title: 'FIRST_CONF', about: 'FIRST_CONF_ABOUT', page: { name: 'porterlb.bgp', title: 'BGP_CONF' } },
      ...{ create: conf === 'none' ? 'BGP_CONF_CREATE' : undefined, isDone: conf === 'inForce' },
    },
    {
      ...{ title: 'FIRST_PEER', about: 'FIRST_PEER_ABOUT', page: { name: 'porterlb.peers', title: 'PEERS' } },
      ...{ create: peers.all === 0 ? 'PEER_CREATE' : undefined, isDone: peers.established > 0, shows: 'router' },
    },
    {
      ...{ title: 'FIRST_SERVICE', about: 'FIRST_SERVICE_ABOUT' },
      page: { name: 'porterlb.services', title: 'SERVICES' },
      ...{ isDone: services.announced > 0, shows: 'service' },
    },
  ];
}
