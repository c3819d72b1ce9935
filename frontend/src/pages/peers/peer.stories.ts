import type { Peer, PeerSummary, Session, Simulation } from '../../generated/api.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';

const ready = (status: 'True' | 'False', text: string): NonNullable<PeerSummary['ready']> => ({
  ...{ status, reason: 'R', message: '', text, since: '2026-01-01T00:00:00Z' },
});

export const tor: PeerSummary = {
  ...{ name: 'tor-1', createdAt: '2026-01-01T08:00:00Z', address: '192.0.2.1', port: 179, peerAs: 65000 },
  ...{
    adminDown: false,
    gracefulShutdown: false,
    deleting: false,
    established: 2,
    sessions: 2,
    ready: ready('True', 'up'),
  },
  states: [
    { replica: 'm-0', node: 'n1', state: 'Established' },
    { replica: 'm-1', node: 'n2', state: 'Established' },
  ],
};

const half: PeerSummary = {
  ...{ ...tor, name: 'tor-2', address: '2001:db8::1', port: 1179, established: 1 },
  ready: ready('False', 'There is no session from n2.'),
  states: [
    { replica: 'm-0', node: 'n1', state: 'Established' },
    { replica: 'm-1', node: null, state: 'Active' },
  ],
};

const draining: PeerSummary = { ...tor, name: 'tor-3', gracefulShutdown: true };

const shut: PeerSummary = { ...tor, name: 'old', adminDown: true, established: 0, states: [] };

const up: Session = {
  ...{ replica: 'm-0', node: 'n1', state: 'Established', since: '2026-01-01T09:00:00Z', localAddress: '192.0.2.11' },
  ...{ lastError: null, lastErrorText: null, notification: null, prefixesSent: 17 },
  negotiated: {
    ...{ routerId: '192.0.2.254', holdTimeSeconds: 9, keepaliveSeconds: 3, gracefulRestart: true },
    ...{ fourOctetAs: true, routeRefresh: true, families: [{ family: 'ipv4-unicast', addPath: true }] },
    ...{ enhancedRouteRefresh: true, extendedMessages: true, extendedNextHop: false },
    ...{ restart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true } },
    capabilities: ['multiprotocol ipv4-unicast', 'add-path ipv4-unicast receive'],
  },
  counters: {
    ...{ messagesReceived: 100, messagesSent: 200, updatesReceived: 1, updatesSent: 34, prefixesReceived: 0 },
    ...{ malformedUpdates: 0, refreshesReceived: 0, established: 2, lost: 1 },
  },
  bfd: {
    ...{ state: 'Up', since: '2026-01-01T09:00:00Z', diagnostic: null, remoteDiagnostic: null },
    ...{ transmitIntervalMs: 300, detectionTimeMs: 900, problem: null },
  },
};

const refused: Session = {
  ...{ ...up, replica: 'm-1', node: 'n2', state: 'Active', negotiated: null, prefixesSent: 0, bfd: null },
  lastError: 'peer sent: OPEN Message Error / Bad Peer AS',
  lastErrorText: 'The router sent OPEN Message Error / Bad Peer AS',
  notification: { sentBy: 'router', code: 2, subcode: 2, meaning: 'The router expects another AS number of us.' },
};

export const torPeer: Peer = {
  ...tor,
  conditions: [{ type: 'Ready', ...ready('True', 'Two sessions.') }],
  ...{
    holdTimeSeconds: 9,
    nextHopSelf: false,
    hasPassword: true,
    multihopTtl: null,
    families: [{ family: 'ipv4', sendMax: 10 }],
  },
  bfd: { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false },
  live: [up, refused],
  replicas: [
    { name: 'm-0', node: 'n1', answered: true },
    { name: 'm-1', node: 'n2', answered: true },
  ],
};

const object = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpPeer' },
  metadata: { name: 'tor-1', resourceVersion: '7' },
  spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 65000 }, timers: { config: { holdTime: '9' } } },
};

const simulation: Simulation = {
  ...{ loses: 1, unknown: 0, moves: 0, gains: 0, keeps: 40, replicas: [] },
  changes: [
    {
      ...{ effect: 'loses', ip: '192.0.2.200', services: ['shop/web'] },
      before: { announced: true, reason: null, nodes: ['n1'], peers: ['tor-1'] },
      after: { announced: false, reason: 'NoPeer', nodes: [], peers: [] },
    },
  ],
};

const at = 'porterlb.peers';
const LIST = 'GET /peers';
const ONE = 'GET /peers/tor-1';

export const peerList: Story = {
  ...{ name: 'BGP peers, for who may change them', at, may: ['view', 'manage'] },
  answers: {
    [LIST]: { items: [tor, half, draining, shut], totalItems: 4 },
    'POST /simulations': simulation,
    'PATCH /bgppeers/tor-1': object,
    'DELETE /bgppeers/tor-1': {},
  },
  shows: [
    ...['tor-1', '192.0.2.1', '65000', '2 of 2', 'n1: Established', 'Session is up'],
    ...['[2001:db8::1]:1179', 'm-1: Active', 'Some replicas have no session', 'There is no session from n2.'],
    ...['Being shut down gracefully', 'Shut down'],
  ],
};

export const peerDetail: Story = {
  ...{ name: 'one BGP peer', at: `${at}/tor-1`, may: ['view', 'manage'] },
  answers: {
    ...peerList.answers,
    [ONE]: torPeer,
    'GET /bgppeers/tor-1': object,
    'GET /bgpconfs/default': { kind: 'BgpConf', metadata: { name: 'default' }, spec: { as: 65001 } },
    'GET /nodes': {
      items: [
        { name: 'n1', addresses: ['2001:db8::11', '192.0.2.11'] },
        { name: 'n2', addresses: ['192.0.2.12'] },
      ],
      ...{ totalItems: 2, replicas: [] },
    },
  },
  shows: [
    ...[
      'm-0 on n1',
      'ipv4-unicast + ADD-PATH, graceful restart (120 s), 4-octet AS, route refresh',
      '100 / 200',
      '9 s',
    ],
    ...[
      'The router sent OPEN Message Error / Bad Peer AS',
      'The router expects another AS number of us.',
      'sends every 300 ms, down after 900 ms of silence',
      'Conditions',
    ],
    ...['neighbor cluster remote-as 65001', 'neighbor 192.0.2.12 peer-group cluster', 'password PASSWORD'],
    'ipv4, up to 10 next hops',
  ],
};

export const peerCreation: Story = {
  ...{ name: 'a BGP peer is made', at: `${at}/~new`, may: ['view', 'manage'] },
  answers: { ...peerList.answers, 'POST /bgppeers': object },
  shows: ['Create a BGP peer', 'IPv4 or IPv6 address of the router.', 'Review', 'Edit as YAML'],
};

export const peerEditing: Story = {
  ...{ name: 'a BGP peer is changed', at: `${at}/tor-1/edit`, may: ['view', 'manage'] },
  answers: { ...peerDetail.answers, 'PUT /bgppeers/tor-1': object },
  shows: ['Edit: tor-1', 'Review'],
};

const { states: _, ...older } = tor;

export const peerStories: readonly Story[] = [
  peerList,
  { ...peerList, name: 'BGP peers, for who may only see them', may: ['view'], shows: ['tor-1'], hides: ['Actions'] },
  {
    ...{ name: 'BGP peers, of an older API', at, answers: { [LIST]: { items: [older], totalItems: 1 } } },
    shows: ['2 of 2'],
  },
  { ...{ name: 'BGP peers, on their way', at }, answers: { [LIST]: silence }, shows: ['Loading…'] },
  {
    ...{ name: 'no BGP peer', at },
    answers: { [LIST]: { items: [], totalItems: 0 } },
    shows: ['There is no BGP peer yet.'],
  },
  {
    ...{ name: 'BGP peers, forbidden', at, answers: { [LIST]: refusal(403, 'Forbidden', 'ann may not list peers.') } },
    shows: ['You may not see this', 'ann may not list peers.'],
  },
  {
    ...{ name: 'BGP peers, with nobody there', at },
    answers: { [LIST]: refusal(503, 'ServiceUnavailable', 'no endpoints') },
    shows: ["PorterLB can't be reached", 'Try again'],
  },
  peerDetail,
  {
    ...{ ...peerDetail, name: 'one BGP peer, of which little may be seen', may: ['view'], hides: ['Edit'] },
    answers: { [ONE]: torPeer },
    shows: ['m-0 on n1', 'remote-as CLUSTER-AS', 'neighbor NODE-ADDRESS peer-group cluster'],
  },
  {
    ...{ ...peerDetail, name: 'one BGP peer that is being shut down gracefully' },
    answers: { ...peerDetail.answers, [ONE]: { ...torPeer, gracefulShutdown: true } },
    shows: ['It is being shut down gracefully', 'Being shut down gracefully'],
  },
  {
    ...{ ...peerDetail, name: 'one BGP peer that is being shut down gracefully, of an API that does not say so' },
    answers: {
      ...peerDetail.answers,
      [ONE]: { ...torPeer, gracefulShutdown: undefined },
      'GET /bgppeers/tor-1': { ...object, spec: { gracefulShutdown: true } },
    },
    shows: ['It is being shut down gracefully'],
  },
  {
    ...{ ...peerDetail, name: 'one BGP peer, with a replica that is silent' },
    answers: {
      ...peerDetail.answers,
      [ONE]: { ...torPeer, live: [up], replicas: [{ name: 'm-1', node: 'n2', answered: false, problem: 'timed out' }] },
    },
    shows: ['is missing: m-1 (timed out)'],
  },
  {
    ...{ ...peerDetail, name: 'one BGP peer that could never be read' },
    answers: { [ONE]: { ...torPeer, address: null, port: null, peerAs: null, families: [], live: [], bfd: null } },
    shows: ['tor-1', 'off'],
    hides: ['What to configure on the router'],
  },
  {
    ...{ name: 'one BGP peer, gone', at: `${at}/tor-1` },
    answers: { [ONE]: refusal(404, 'ObjectNotFound', 'There is no BgpPeer tor-1.') },
    shows: ['This does not exist', 'There is no BgpPeer tor-1.'],
  },
  peerCreation,
  peerEditing,
];
