import type { ServiceFacts } from '../services/service-model.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';

const web: ServiceFacts = {
  ...{ namespace: 'shop', name: 'web', createdAt: '2026-01-01T00:00:00Z', served: true, notServedBecause: null },
  ...{
    ips: ['192.0.2.1', '2001:db8::1'],
    pools: ['office', 'six'],
    externalTrafficPolicy: 'Cluster',
    ports: ['80/TCP'],
  },
  allocated: { status: 'True', reason: 'Allocated', message: '', text: '', since: null },
  announced: { status: 'True', reason: 'Announced', message: '', text: '', since: null },
};

const api: ServiceFacts = {
  ...{ ...web, name: 'api', ips: [], pools: [], announced: null },
  allocated: {
    status: 'False',
    reason: 'PoolFull',
    message: '',
    text: 'The Eip office has no free IPv4 address left. Add addresses to its spec.addresses.',
    since: null,
  },
};

const noPeer: ServiceFacts = {
  ...{ ...web, name: 'shop' },
  announced: { status: 'False', reason: 'NoPeer', message: '', text: 'No BgpPeer is there.', since: null },
};

const nobodyBehind: ServiceFacts = {
  ...{ ...web, name: 'idle' },
  announced: {
    status: 'False',
    reason: 'NoEndpoints',
    message: '',
    text: 'No Pod of the Service is ready.',
    since: null,
  },
};

const at = '/workspaces/acme/porterlb-services';
const CLUSTERS = 'GET /kapis/tenant.kubesphere.io/v1beta1/workspaces/acme/clusters';
const PROJECTS = 'GET /workspaces/acme/namespaces';
const SERVICES = 'GET /namespaces/shop/services';

const names = (...all: string[]): object => ({ items: all.map((name) => ({ metadata: { name } })) });

export const tenantServices: Story = {
  ...{ name: 'a tenant’s Services', at, may: [] },
  answers: {
    [CLUSTERS]: names('host'),
    [PROJECTS]: names('shop', 'blog'),
    [SERVICES]: { items: [web, api, noPeer, nobodyBehind], totalItems: 4 },
    'GET /namespaces/blog/services': { items: [], totalItems: 0 },
  },
  at: `${at}?project=shop`,
  shows: [
    'web',
    '192.0.2.1',
    '2001:db8::1',
    'office, six',
    'Announced',
    'The address pool of this Service has no free address left. Ask who runs the cluster',
    "The cluster can't lead traffic to the address of this Service. Ask who runs the cluster.",
    'No Pod of the Service is ready.',
  ],
  hides: ['Cluster', 'Eip', 'BgpPeer'],
};

export const tenantStories: readonly Story[] = [
  tenantServices,
  {
    ...{ ...tenantServices, name: 'a tenant’s project without Services', at: `${at}?project=blog` },
    shows: ['No Service of type LoadBalancer is there yet.'],
    hides: [],
  },
  {
    ...{ ...tenantServices, name: 'a tenant’s Services, in several clusters' },
    answers: { ...tenantServices.answers, [CLUSTERS]: names('host', 'member') },
    ...{ shows: ['Cluster', 'member'], hides: [] },
  },
  {
    ...{ ...tenantServices, name: 'a workspace without projects', hides: [] },
    answers: { [CLUSTERS]: names('host'), [PROJECTS]: names() },
    shows: ['You have no project here'],
  },
  { ...{ name: 'a tenant’s Services, on their way', at }, answers: { [CLUSTERS]: silence }, shows: ['Loading…'] },
  {
    ...{ ...tenantServices, name: 'a tenant’s Services, forbidden', hides: [] },
    answers: { ...tenantServices.answers, [SERVICES]: refusal(403, 'Forbidden', 'tom may not list services.') },
    shows: ['You may not see this', 'Project'],
  },
];
