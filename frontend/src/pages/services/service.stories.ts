import type { Condition, Explanation, ListedService, Replica, Service } from '../../generated/api.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';
import type { ServiceFacts } from './service-model.ts';

const condition = (status: Condition['status'], text: string): Condition => ({
  ...{ status, reason: 'R', message: '', text, since: '2026-01-01T00:00:00Z' },
});

const web: ServiceFacts = {
  ...{ namespace: 'shop', name: 'web', createdAt: '2026-01-01T00:00:00Z', served: true, notServedBecause: null },
  ...{ ips: ['192.0.2.1', '198.51.100.1'], pools: ['office', 'lan'], externalTrafficPolicy: 'Cluster' },
  ports: ['80/TCP'],
  ...{ allocated: condition('True', 'It has its addresses.'), announced: condition('True', 'It is announced.') },
};

const waiting: ServiceFacts = {
  ...{ ...web, namespace: 'blog', name: 'comments', ips: [], pools: [], announced: null },
  allocated: condition('False', 'The Eip single has no free IPv4 address left.'),
};

const foreign: ServiceFacts = {
  ...{ ...waiting, name: 'cloud', served: false, allocated: null },
  notServedBecause: { reason: 'ForeignClass', text: 'It is of another load balancer class.' },
};

const replicas: readonly Replica[] = [
  { name: 'm-0', node: 'n1', answered: true },
  { name: 'm-1', node: 'n2', answered: true },
];

const hop = (node: string, address: string, draining = false): Service['paths'][number]['nodes'][number] => ({
  ...{ node, addresses: [address], draining },
});

const session = { state: 'Established', negotiated: true, addPath: true } as const;

const webService: Service = {
  ...web,
  replicas,
  paths: [
    {
      ...{ ip: '192.0.2.1', pool: 'office', protocol: 'bgp', owner: null, mac: null },
      announced: true,
      verdict: { reason: 'Announced', text: 'The address 192.0.2.1 is announced.' },
      nodes: [hop('n1', '192.0.2.11'), hop('n2', '192.0.2.12', true)],
      leftOut: [{ node: 'n3', reason: 'NodeDead', text: 'It does not answer.' }],
      peers: [
        {
          peer: 'tor-1',
          nextHopSelf: false,
          intended: [{ replica: 'm-0', med: 100, nextHops: ['192.0.2.11', '192.0.2.12'] }],
          confirmed: [
            { replica: 'm-0', ...session, addPath: false },
            { replica: 'm-1', ...session, state: 'Active', negotiated: false },
          ],
        },
        { peer: 'tor-2', nextHopSelf: false, intended: [], confirmed: [] },
      ],
    },
    {
      ...{ ip: '198.51.100.1', pool: 'lan', protocol: 'layer2', owner: 'n1', mac: '02:00:5e:10:00:01' },
      announced: true,
      verdict: { reason: 'Announced', text: 'The address 198.51.100.1 is announced.' },
      ...{ nodes: [hop('n1', '192.0.2.11')], leftOut: [], peers: [] },
    },
  ],
};

const explanation: Explanation = {
  ...{ namespace: 'shop', name: 'web', result: 'warning', replicas },
  sentence: 'The Service can be reached at 192.0.2.1, but: the peer tor-2 has no session.',
  nextStep: 'Look at the BgpPeer tor-2 and at the router.',
  checks: [
    ...[
      { check: 'served', result: 'passed', ip: null, reason: null, text: 'PorterLB serves it.', details: [] } as const,
    ],
    {
      ...{ check: 'peers', result: 'warning', ip: '192.0.2.1', reason: null },
      ...{ text: 'The peer tor-2 has no session with m-0.', details: ['Connection refused'] },
    },
    ...[{ check: 'replicas', result: 'skipped', ip: null, reason: null, text: 'Not looked at.', details: [] } as const],
  ],
};

const listed: ListedService = {
  ...web,
  takers: [
    { ip: '192.0.2.1', pool: 'office', protocol: 'bgp', nodes: ['n1', 'n2', 'n3'], more: 4 },
    { ip: '198.51.100.1', pool: 'lan', protocol: 'layer2', nodes: ['n1'], more: 0 },
  ],
};

const pools = {
  items: [
    { name: 'office', protocol: 'bgp' },
    { name: 'lan', protocol: 'layer2' },
  ],
  totalItems: 2,
};

const at = 'porterlb.services';
const LIST = 'GET /services';
const ONE = 'GET /namespaces/shop/services/web';
const WHY = `${ONE}/explanation`;
const OBJECT = 'GET /clusters/host/api/v1/namespaces/shop/services/web';

const object = {
  ...{ apiVersion: 'v1', kind: 'Service', spec: { type: 'LoadBalancer' } },
  metadata: { name: 'web', annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'office' } },
};

export const serviceList: Story = {
  ...{ name: 'Services, for who may change them', at, may: ['view', 'services:manage'] },
  answers: {
    [LIST]: {
      items: [listed, ...[waiting, foreign].map((each) => ({ ...each, takers: [] }))],
      totalItems: 5_003,
      replicas,
    },
    'GET /pools': pools,
    [OBJECT]: object,
    [OBJECT.replace('GET', 'PATCH')]: object,
  },
  shows: [
    ...['web', 'shop', '192.0.2.1', 'office, lan', 'BGP, Layer 2', '80/TCP', 'Announced'],
    ...['n1, n2 +5', 'n1Answers on the link'],
    ...[
      'The Eip single has no free IPv4 address left.',
      'It is of another load balancer class.',
      'Total: 5003',
      '1 / 501',
    ],
  ],
};

export const serviceDetail: Story = {
  ...{ name: 'one Service', at: `${at}/shop/web`, may: ['view', 'services:manage'] },
  answers: { ...serviceList.answers, [ONE]: webService, [WHY]: explanation },
  shows: [
    ...['shop/web', 'The Service can be reached at 192.0.2.1, but: the peer tor-2 has no session.'],
    ...['What to do:', 'Look at the BgpPeer tor-2 and at the router.', 'Connection refused', 'not looked at'],
    ...['n2 (192.0.2.12)draining', 'n1 (02:00:5e:10:00:01)', 'n3: It does not answer.', 'Conditions'],
    ...['The router takes one path only (no ADD-PATH), so that it spreads no traffic.', 'no session'],
  ],
};

export const serviceStories: readonly Story[] = [
  serviceList,
  // Who manages PorterLB may not change Services by that.
  {
    ...serviceList,
    name: 'Services, for who may only see them',
    may: ['view', 'manage'],
    shows: ['web'],
    hides: ['Actions'],
  },
  {
    ...{ ...serviceList, name: 'Services, with a replica that is silent' },
    answers: {
      ...serviceList.answers,
      [LIST]: {
        items: [{ ...web, takers: [{ ip: '192.0.2.1', pool: 'office', protocol: 'bgp', nodes: null, more: 0 }] }],
        totalItems: 1,
        replicas: [{ name: 'm-1', node: 'n2', answered: false, problem: 'timed out' }],
      },
    },
    shows: ['is missing: m-1 (timed out)', 'web', '—'],
  },
  {
    ...{ ...serviceList, name: 'Services, without a word of the pools' },
    answers: { [LIST]: serviceList.answers[LIST], 'GET /pools': refusal(403, 'Forbidden', 'ann may not') },
    shows: ['192.0.2.1', '—'],
  },
  { ...{ name: 'Services, on their way', at }, answers: { [LIST]: silence }, shows: ['Loading…'] },
  {
    ...{ name: 'no Service', at },
    answers: { [LIST]: { items: [], totalItems: 0 } },
    shows: ['No Service of type LoadBalancer is there yet.'],
  },
  {
    ...{ name: 'no Service of that name', at: `${at}?name=nobody` },
    ...{ answers: { [LIST]: { items: [], totalItems: 0 } }, shows: ['Nothing found.'] },
  },
  {
    ...{
      name: 'Services, forbidden',
      at,
      answers: { [LIST]: refusal(403, 'Forbidden', 'ann may not list services.') },
    },
    shows: ['You may not see this', 'ann may not list services.'],
  },
  {
    ...{ name: 'Services, with nobody there', at },
    answers: { [LIST]: refusal(503, 'ServiceUnavailable', 'no endpoints') },
    shows: ["PorterLB can't be reached", 'Try again'],
  },
  { ...{ name: 'Services, of a PorterLB without this API', at, answers: {} }, shows: ['does not have this'] },
  serviceDetail,
  {
    ...{ ...serviceDetail, name: 'one Service, for who may only see it', may: ['view', 'manage'] },
    hides: ['Change pool or address'],
  },
  {
    ...{ ...serviceDetail, name: 'one Service that waits, with a replica that is silent' },
    answers: {
      [ONE]: { ...webService, ...waiting, paths: [] },
      [WHY]: { ...explanation, replicas: [{ name: 'm-1', node: 'n2', answered: false, problem: 'timed out' }] },
    },
    shows: ['Waits for an address', 'is missing: m-1 (timed out)'],
  },
  {
    ...{ ...serviceDetail, name: 'one Service, of which nothing is explained' },
    answers: { ...serviceDetail.answers, [WHY]: refusal(403, 'Forbidden', 'ann may not get explanations.') },
    shows: ['n1 (02:00:5e:10:00:01)', 'ann may not get explanations.'],
  },
  {
    ...{ name: 'one Service, gone', at: `${at}/shop/web` },
    answers: { [ONE]: refusal(404, 'ObjectNotFound', 'There is no Service shop/web.') },
    shows: ['This does not exist', 'There is no Service shop/web.'],
  },
];
