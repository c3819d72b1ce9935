import type { KubernetesObject } from '../../api/objects.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';

const at = 'porterlb.bgp';
const ONE = 'GET /bgpconfs/default';

function condition(change: object = {}): object {
  return {
    ...{ type: 'Ready', status: 'True', reason: 'InUse', message: 'In use.', observedGeneration: 2 },
    lastTransitionTime: '2026-01-01T08:00:00Z',
    ...change,
  };
}

export const bgpConf: KubernetesObject = {
  ...{ apiVersion: 'network.kubesphere.io/v1alpha2', kind: 'BgpConf' },
  metadata: { name: 'default', resourceVersion: '7', generation: 2, creationTimestamp: '2026-01-01T08:00:00Z' },
  spec: { as: 64512, asPerRack: { 'rack-2': 64514, 'rack-1': 64513 }, listenPort: 1790 },
  status: { conditions: [condition()] },
};

export const noBgpConf = refusal(404, 'NotFound', 'bgpconfs.network.kubesphere.io "default" not found');

function withStatus(change: object): KubernetesObject {
  return { ...bgpConf, status: { conditions: [condition(change)] } };
}

export const bgpConfShown: Story = {
  ...{ name: 'the BGP configuration, for who may change it', at, may: ['view', 'manage'] },
  answers: { [ONE]: bgpConf },
  shows: [
    'In force',
    '64512',
    'rack-1: 64513, rack-2: 64514',
    'one per replica',
    '1790, on all addresses',
    'routers keep routes for 120 s',
    'Edit',
    'Conditions',
  ],
};

export const bgpConfCreation: Story = {
  ...{ name: 'the BGP configuration is made', at: `${at}/~new`, may: ['view', 'manage'] },
  answers: { [ONE]: noBgpConf, 'POST /bgpconfs': bgpConf },
  shows: ['Create the BGP configuration', 'AS number', 'Graceful restart', 'Review', 'Edit as YAML'],
};

export const bgpConfEditing: Story = {
  ...{ name: 'the BGP configuration is changed', at: `${at}/edit`, may: ['view', 'manage'] },
  answers: { [ONE]: bgpConf, 'PUT /bgpconfs/default': bgpConf },
  shows: ['Edit the BGP configuration', 'Addresses to listen on', 'Review'],
};

export const bgpConfStories: readonly Story[] = [
  bgpConfShown,
  {
    ...bgpConfShown,
    name: 'the BGP configuration, for who may only see it',
    ...{ may: ['view'], shows: ['64512'], hides: ['Edit'] },
  },
  {
    ...{ name: 'a BGP configuration that says something else of everything', at },
    answers: {
      [ONE]: {
        ...withStatus({ message: 'Without effect here: spec.policy.' }),
        spec: {
          ...{ as: 4_200_000_000, routerId: '192.0.2.1', listenPort: 1790, listenAddresses: ['192.0.2.1'] },
          ...{ gracefulRestart: { enabled: false }, policy: 'gobgp' },
        },
      },
    },
    shows: ['4200000000', '192.0.2.1', '1790, on 192.0.2.1', 'off', 'Without effect here: spec.policy.'],
  },
  {
    ...{ name: 'a BGP configuration that can not be', at },
    answers: {
      [ONE]: withStatus({
        ...{ status: 'False', reason: 'Invalid' },
        message:
          'spec.routerId: must be a BGP identifier. The last good version stays in force until this is corrected.',
      }),
    },
    shows: ['Not in force', 'The last good version stays in force'],
  },
  {
    ...{ name: 'a BGP configuration that nobody has read yet', at },
    answers: { [ONE]: { ...bgpConf, metadata: { ...bgpConf.metadata, generation: 3 } } },
    shows: ['Changed; not read yet'],
  },
  { ...{ name: 'the BGP configuration, on its way', at }, answers: { [ONE]: silence }, shows: ['Loading…'] },
  {
    ...{ name: 'no BGP configuration', at, may: ['view', 'manage'], answers: { [ONE]: noBgpConf } },
    shows: ['BGP is not configured.', 'Create'],
  },
  {
    ...{ name: 'no BGP configuration, for who may only see it', at, answers: { [ONE]: noBgpConf } },
    ...{ shows: ['BGP is not configured.'], hides: ['Create'] },
  },
  {
    ...{ name: 'the BGP configuration, forbidden', at },
    answers: { [ONE]: refusal(403, 'Forbidden', 'bgpconfs "default" is forbidden: ann may not') },
    ...{ shows: ['You may not see this', 'ann may not'], hides: ['Try again'] },
  },
  {
    ...{ name: 'the BGP configuration, with nobody there', at },
    ...{ answers: { [ONE]: refusal(503, 'ServiceUnavailable', 'no endpoints') }, shows: ['Try again'] },
  },
  {
    ...{ name: 'the BGP configuration, where there is no such kind', at, answers: {} },
    ...{ shows: ["This cluster's PorterLB does not have this"], hides: ['Try again'] },
  },
  bgpConfCreation,
  bgpConfEditing,
  {
    ...{ name: 'the BGP configuration is changed that is gone', at: `${at}/edit`, answers: { [ONE]: noBgpConf } },
    shows: ['This does not exist'],
  },
];
