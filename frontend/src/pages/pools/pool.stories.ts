import type { Pool, PoolAddress, PoolSummary, Simulation } from '../../generated/api.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';

const READY = { status: 'True', reason: 'Ready', message: '', text: '', since: '2026-01-01T00:00:00Z' } as const;

export const office: PoolSummary = {
  ...{ name: 'office', createdAt: '2026-01-01T08:00:00Z', protocol: 'bgp', ranges: ['192.0.2.0/27'], isDefault: true },
  ...{ disabled: false, deleting: false, priority: 0, ready: READY },
  use: { size: '32', used: 3, released: 2, conflicts: 0 },
};

const lan: PoolSummary = {
  ...{ ...office, name: 'lan', protocol: 'layer2', ranges: ['198.51.100.10-198.51.100.20'], isDefault: false },
  ready: {
    ...READY,
    status: 'False',
    reason: 'InvalidRange',
    text: 'The range 198.51.100.20-10 ends before it begins.',
  },
  use: { size: '11', used: 0, released: 0, conflicts: 1 },
};

const v6: PoolSummary = {
  ...{ ...office, name: 'six', ranges: ['2001:db8::/64'], disabled: true, isDefault: false },
  use: { size: '18446744073709551616', used: 12, released: 0, conflicts: 0 },
};

export const officePool: Pool = {
  ...office,
  conditions: [{ type: 'Ready', ...READY, text: 'In use.' }],
  ...{ interface: '', namespaces: ['shop'], hasNamespaceSelector: false, hasServiceSelector: false },
  ...{ hasNodeSelector: false, avoidBuggyIPs: false, reuseAfterSeconds: 600, peers: ['tor-1', 'tor-2'] },
  overlaps: [{ kind: 'node', other: 'worker-1', first: '192.0.2.9', last: '192.0.2.9' }],
};

function address(last: number): PoolAddress {
  const known: Readonly<Record<number, Partial<PoolAddress>>> = {
    1: { state: 'used', services: ['shop/web'], since: '2026-01-01T09:00:00Z' },
    2: { state: 'used', services: ['shop/api', 'shop/api-udp'], since: '2026-01-01T09:30:00Z' },
    3: { state: 'used', services: [null] },
    4: { state: 'resting', services: ['shop/old'], since: '2026-01-01T10:00:00Z', restsUntil: '2026-01-01T10:10:00Z' },
    5: { state: 'released', services: ['shop/older'], since: '2026-01-01T08:00:00Z' },
    7: { state: 'conflict', heldBy: '02:00:5e:10:00:07' },
    9: { state: 'reserved' },
  };
  const free: PoolAddress = {
    ip: `192.0.2.${last}`,
    state: 'free',
    services: [],
    since: null,
    restsUntil: null,
    heldBy: null,
  };
  return { ...free, ...known[last] };
}

const addresses = { items: Array.from({ length: 32 }, (_, last) => address(last)), totalItems: 32, complete: true };

const LIST = 'GET /pools';
const ONE = 'GET /pools/office';
const MAP = 'GET /pools/office/addresses';
const at = 'porterlb.pools';

export const poolList: Story = {
  ...{ name: 'pools, for who may change them', at, may: ['view', 'manage'] },
  answers: {
    [LIST]: { items: [office, lan, v6], totalItems: 3 },
    'POST /simulations': { loses: 0, unknown: 0, moves: 0, gains: 0, keeps: 3, changes: [], replicas: [] },
    'PATCH /eips/office': {},
    'DELETE /eips/office': {},
  },
  shows: [
    'office',
    '192.0.2.0/27',
    '3 / 32',
    '12 / 2^64',
    'Not ready',
    'Disabled',
    '1 used by other hosts',
    'Total: 3',
  ],
};

export const poolDetail: Story = {
  ...{ name: 'one pool', at: `${at}/office`, may: ['view', 'manage'] },
  answers: { [ONE]: officePool, [MAP]: addresses },
  shows: [
    'projects shop',
    'tor-1, tor-2',
    '192.0.2.9 is an address of the node worker-1, and is never given.',
    'Conditions',
  ],
};

export const object = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'Eip', metadata: { name: 'office', resourceVersion: '7' } },
  spec: { address: '192.0.2.0/27', protocol: 'bgp', priority: 3 },
};

const simulation: Simulation = {
  ...{ loses: 1, unknown: 0, moves: 1, gains: 0, keeps: 40, replicas: [] },
  changes: [
    {
      ...{ effect: 'loses', ip: '192.0.2.30', services: ['shop/web', null] },
      before: { announced: true, reason: null, nodes: ['worker-1'], peers: ['tor-1'] },
      after: { announced: false, reason: 'NoPeer', nodes: [], peers: [] },
    },
    {
      ...{ effect: 'moves', ip: '192.0.2.31', services: ['shop/api'] },
      before: { announced: true, reason: null, nodes: ['worker-1'], peers: ['tor-1'] },
      after: { announced: true, reason: null, nodes: ['worker-2'], peers: ['tor-1'] },
    },
  ],
};

export const poolCreation: Story = {
  ...{ name: 'a pool is made', at: `${at}/~new`, may: ['view', 'manage'] },
  answers: { ...poolList.answers, 'POST /eips': object, 'POST /simulations': simulation },
  shows: ['Create a pool', 'One a line', 'Review', 'Edit as YAML'],
};

export const poolEditing: Story = {
  ...{ name: 'a pool is changed', at: `${at}/office/edit`, may: ['view', 'manage'] },
  answers: {
    ...poolDetail.answers,
    'GET /eips/office': object,
    'PUT /eips/office': object,
    'POST /simulations': simulation,
  },
  shows: ['Edit: office', 'Review'],
};

export const poolStories: readonly Story[] = [
  poolList,
  { ...poolList, name: 'pools, for who may only see them', may: ['view'], shows: ['office'], hides: ['Actions'] },
  { ...{ name: 'pools, on their way', at }, answers: { [LIST]: silence }, shows: ['Loading…'] },
  {
    ...{ name: 'no pool', at },
    answers: { [LIST]: { items: [], totalItems: 0 } },
    shows: ['There is no address pool yet.'],
  },
  {
    ...{ name: 'no pool of that name', at: `${at}?name=nobody` },
    ...{ answers: { [LIST]: { items: [], totalItems: 0 } }, shows: ['Nothing found.'] },
  },
  {
    ...{ name: 'pools, forbidden', at, answers: { [LIST]: refusal(403, 'Forbidden', 'ann may not list pools.') } },
    ...{ shows: ['You may not see this', 'ann may not list pools.'], hides: ['Try again'] },
  },
  {
    ...{
      name: 'pools, with nobody there',
      at,
      answers: { [LIST]: refusal(503, 'ServiceUnavailable', 'no endpoints') },
    },
    ...{ shows: ["PorterLB can't be reached", 'Try again'] },
  },
  {
    ...{ name: 'pools, of a PorterLB without this API', at, answers: {} },
    ...{ shows: ["This cluster's PorterLB does not have this"], hides: ['Try again'] },
  },
  poolCreation,
  poolEditing,
  {
    ...poolEditing,
    name: 'a pool is changed that may not be seen',
    answers: { 'GET /eips/office': refusal(403, 'Forbidden', 'ann may not') },
    shows: ['You may not see this'],
  },
  poolDetail,
  {
    ...{ name: 'one pool, gone', at: `${at}/office` },
    answers: { [ONE]: refusal(404, 'ObjectNotFound', 'There is no Eip office.') },
    shows: ['This does not exist', 'There is no Eip office.'],
  },
  {
    ...{ name: 'one pool, too big for its free addresses', at: `${at}/office` },
    answers: { [ONE]: officePool, [MAP]: { ...addresses, items: addresses.items.slice(1, 6), complete: false } },
    shows: ['The pool is too big to list its free addresses.'],
  },
];
