import type { Overview, PoolSummary, Preflight } from '../../generated/api.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';
import { bgpConf, noBgpConf } from '../bgp/bgp-conf.stories.ts';
import { worker } from '../nodes/node.stories.ts';
import { torPeer } from '../peers/peer.stories.ts';

type Vertex = Overview['picture']['nodes'][number];

const vertex = (kind: Vertex['kind'], name: string, state: Vertex['state'] = 'good'): Vertex => ({
  ...{ id: `${kind}/${name}`, kind, name, state },
});

const replicas = [
  { name: 'porter-manager-1', node: 'worker-1', answered: true },
  { name: 'porter-manager-2', node: 'worker-2', answered: true },
];

const good: Overview = {
  health: 'good',
  counts: {
    services: { served: 4, withAddress: 4, announced: 4 },
    pools: { all: 2, ready: 2, used: 4 },
    peers: { all: 2, established: 2 },
    nodes: { all: 3, alive: 3, dead: 0, unknown: 0, divided: 0 },
    replicas: { all: 2, answered: 2 },
  },
  problems: [],
  picture: {
    nodes: [
      ...[vertex('pool', 'office'), vertex('pool', 'six'), vertex('peer', 'tor-1'), vertex('peer', 'tor-2')],
      ...[vertex('replica', 'porter-manager-1'), vertex('replica', 'porter-manager-2')],
      ...[vertex('node', 'worker-1'), vertex('node', 'worker-2'), vertex('node', 'worker-3')],
      ...[vertex('pool', 'lan'), vertex('link', '198.51.100.0/24')],
    ],
    edges: [
      { from: 'pool/office', to: 'peer/tor-1', kind: 'announces', state: 'good' },
      { from: 'pool/office', to: 'peer/tor-2', kind: 'announces', state: 'good' },
      { from: 'pool/six', to: 'peer/tor-2', kind: 'announces', state: 'good' },
      { from: 'replica/porter-manager-1', to: 'node/worker-1', kind: 'runsOn', state: 'good' },
      { from: 'replica/porter-manager-2', to: 'node/worker-2', kind: 'runsOn', state: 'good' },
      { from: 'replica/porter-manager-1', to: 'peer/tor-1', kind: 'session', state: 'good' },
      { from: 'replica/porter-manager-2', to: 'peer/tor-1', kind: 'session', state: 'good' },
      { from: 'replica/porter-manager-2', to: 'peer/tor-2', kind: 'session', state: 'bad' },
      { from: 'pool/lan', to: 'link/198.51.100.0/24', kind: 'announces', state: 'good' },
      { from: 'node/worker-3', to: 'link/198.51.100.0/24', kind: 'answers', state: 'good' },
    ],
  },
  replicas,
};

const bad: Overview = {
  ...good,
  health: 'bad',
  counts: {
    ...good.counts,
    services: { served: 9, withAddress: 6, announced: 5 },
    peers: { all: 2, established: 1 },
    nodes: { all: 3, alive: 2, dead: 1, unknown: 0, divided: 0 },
    replicas: { all: 2, answered: 1 },
  },
  problems: [
    {
      ...{ kind: 'Service', reason: 'PoolFull', count: 3, objects: ['shop/web', 'shop/api'] },
      ...{ message: '', text: 'The Eip office has no free IPv4 address left.' },
    },
    {
      ...{ kind: 'Node', reason: 'NodeDead', count: 1, objects: ['worker-3'] },
      ...{ message: '', text: 'It does not answer.' },
    },
  ],
  replicas: [
    ...replicas.slice(0, 1),
    { name: 'porter-manager-2', node: 'worker-2', answered: false, problem: 'no answer within 1.5 s' },
  ],
};

const use = (used: number, size: string): PoolSummary['use'] => ({ used, size, released: 0, conflicts: 0 });
const pools = {
  items: [
    { name: 'office', use: use(30, '32') },
    { name: 'six', use: use(12, '18446744073709551616') },
  ],
  totalItems: 9,
};

const none = { all: 0, ready: 0, used: 0, established: 0 };
const fresh: Overview = {
  ...good,
  health: 'degraded',
  counts: { ...good.counts, services: { served: 0, withAddress: 0, announced: 0 }, pools: none, peers: none },
  picture: { nodes: [], edges: [] },
};

/** All is there but the session. */
const begun: Overview = {
  ...{ ...fresh, counts: { ...fresh.counts, pools: { all: 1, ready: 1, used: 0 }, peers: { all: 1, established: 0 } } },
};

const nodes = { items: [worker], totalItems: 1, replicas };

const preflight: Preflight = {
  ready: false,
  checks: [
    { check: 'nodes', result: 'passed', text: 'Three nodes may take traffic.', nextStep: '', objects: [], count: 0 },
    {
      ...{ check: 'kernelAnswers', result: 'failed', text: 'kube-proxy runs in IPVS mode without strictARP.' },
      ...{ nextStep: 'Set ipvs.strictARP: true.', objects: ['worker-1', 'worker-2'], count: 5 },
    },
  ],
};

const at = 'porterlb.overview';
const GET = 'GET /overview';
export const MONITORING = 'GET /kapis/monitoring.kubesphere.io/v1beta1/targets/query';
const measured = {
  data: {
    resultType: 'matrix',
    result: [
      {
        metric: {},
        values: [
          [100, '40'],
          [160, '41'],
          [220, '42'],
        ],
      },
    ],
  },
};

export const overviewStories: readonly Story[] = [
  {
    ...{ name: 'overview, all well', at, answers: { [GET]: good, 'GET /pools': pools, [MONITORING]: measured } },
    shows: [
      'Addresses in use',
      ...['Addresses in use, by pool', '30 / 32', '12 / 2^64', 'and 7 more'],
      '42',
      'Everything works.',
      '4 / 4',
      '2 / 2',
      '3 / 3',
      'office',
      'tor-1',
      'worker-1',
      '198.51.100.0/24local network',
      'porter-manager-1',
    ],
    hides: ['First steps', 'Problems', 'No charts'],
  },
  {
    ...{ name: 'overview, with problems', at, answers: { [GET]: bad } },
    shows: [
      'No charts: this cluster’s monitoring is not installed',
      ...['Some Services can’t be reached.', 'PoolFull', 'shop/web', 'and 1 more', '5 / 9'],
      'porter-manager-2 (no answer within 1.5 s)',
    ],
    hides: ['Addresses in use, by pool'],
  },
  {
    ...{ name: 'overview of an empty cluster', at },
    answers: {
      ...{ [GET]: fresh, 'GET /preflight': preflight, 'GET /bgpconfs/default': noBgpConf },
      ...{ 'GET /peers': { items: [], totalItems: 0, replicas }, 'GET /nodes': nodes },
    },
    shows: [
      'First steps',
      'kube-proxy runs in IPVS mode without strictARP.',
      'Set ipvs.strictARP: true.',
      'Say how PorterLB speaks BGP',
      ...['Put your router', 'router bgp ROUTER-AS', 'remote-as CLUSTER-AS', 'neighbor 10.0.0.11 peer-group cluster'],
      'kind: Service',
    ],
    hides: ['✓ done'],
  },
  {
    ...{ name: 'overview of a cluster whose router has no session yet', at },
    answers: {
      ...{ [GET]: begun, 'GET /preflight': preflight, 'GET /bgpconfs/default': bgpConf, 'GET /nodes': nodes },
      ...{ 'GET /peers': { items: [torPeer], totalItems: 1, replicas }, 'GET /peers/tor-1': torPeer },
    },
    shows: ['First steps', 'Say how PorterLB speaks BGP (BGP only)✓ done', 'router bgp 65000', 'remote-as 64512'],
  },
  {
    ...{ name: 'overview of an empty cluster, with an API that has no preflight', at, answers: { [GET]: fresh } },
    shows: ['First steps', "This cluster's PorterLB does not have this", 'kind: Service'],
  },
  {
    ...{ name: 'overview of an older PorterLB', at },
    answers: { [GET]: good, 'GET /version': { version: '0.1.4' } },
    shows: ['This cluster runs PorterLB 0.1.4, these pages are of 0.2.0'],
  },
  { ...{ name: 'overview, on its way', at, answers: { [GET]: silence } }, shows: ['Loading…'] },
  {
    ...{ name: 'overview, forbidden', at, answers: { [GET]: refusal(403, 'Forbidden', 'ann may not get overview.') } },
    shows: ['You may not see this'],
  },
  {
    ...{
      name: 'overview, with nobody there',
      at,
      answers: { [GET]: refusal(503, 'ServiceUnavailable', 'no endpoints') },
    },
    shows: ["PorterLB can't be reached"],
  },
];
