import type { Node, Replica } from '../../generated/api.ts';
import { refusal, silence } from '../../testing/fake-http.ts';
import type { Story } from '../../testing/story.ts';
import type { Evidence } from './node-model.ts';

const at = 'porterlb.nodes';
const LIST = 'GET /nodes';

function evidence(replica: string, change: Partial<Evidence> = {}): Evidence {
  return {
    ...{ replica, health: 'alive', address: '10.0.0.11', since: '2026-01-01T08:00:00Z', found: 'well' },
    ...{ answeredAt: '2026-01-01T09:00:00Z', status: 200, misses: 0, witness: null, witnessSaid: null },
    ...change,
  };
}

const both = [evidence('porter-manager-1'), evidence('porter-manager-2')];

export const worker: Node = {
  ...{ name: 'worker-1', addresses: ['10.0.0.11', '2001:db8::11'], ready: true, verdict: 'alive' },
  ...{ takesTraffic: true, because: null, drains: [], evidence: both },
};

const dead: Node = {
  ...{ ...worker, name: 'worker-2', addresses: ['10.0.0.12'], verdict: 'dead', takesTraffic: false },
  because: { reason: 'NodeDead', text: 'The node worker-2 does not answer.' },
  evidence: [
    evidence('porter-manager-1', {
      ...{ health: 'dead', address: '10.0.0.12', found: 'timeout', misses: 9 },
      ...{ witness: 'nothing', witnessSaid: 'no answer on port 10250' },
    }),
    evidence('porter-manager-2', {
      health: 'dead',
      address: '10.0.0.12',
      found: 'timeout',
      misses: 8,
      witness: 'host',
    }),
  ],
};

const leaving: Node = { ...worker, name: 'worker-3', drains: ['toBeDeleted', 'cordoned'] };

const excluded: Node = {
  ...{ ...worker, name: 'worker-4', ready: false, verdict: 'divided', takesTraffic: false },
  because: { reason: 'NodeExcluded', text: 'The node worker-4 is excluded by its label.' },
};

export const replicas: readonly Replica[] = [
  { name: 'porter-manager-1', node: 'worker-1', answered: true },
  { name: 'porter-manager-2', node: 'worker-3', answered: true },
];

function pageOf(...items: readonly Node[]): object {
  return { items, totalItems: items.length, replicas };
}

export const nodeList: Story = {
  ...{ name: 'nodes', at },
  answers: { [LIST]: pageOf(worker, dead, leaving, excluded) },
  shows: [
    ...['worker-1', '10.0.0.11, 2001:db8::11', 'Alive', 'Dead', 'The node worker-2 does not answer.'],
    ...['About to go', 'To be deleted', 'Cordoned', 'Replicas disagree', 'is excluded by its label', 'Total: 4'],
  ],
};

export const nodeDetail: Story = {
  ...{ name: 'one node', at: `${at}/worker-1` },
  answers: {
    [LIST]: pageOf({ ...worker, name: 'a-worker-1' }, worker),
    'POST /simulations': {
      ...{ loses: 0, unknown: 0, moves: 1, gains: 0, keeps: 12, replicas: [] },
      changes: [
        {
          ...{ effect: 'moves', ip: '192.0.2.31', services: ['shop/api'] },
          before: { announced: true, reason: null, nodes: ['worker-1'], peers: [] },
          after: { announced: true, reason: null, nodes: ['worker-3'], peers: [] },
        },
      ],
    },
  },
  shows: ['worker-1', 'porter-manager-2', 'HTTP 200', 'not asked', 'If it went', 'Find out'],
  hides: ['a-worker-1', '192.0.2.31'],
};

export const nodeStories: readonly Story[] = [
  nodeList,
  { ...{ name: 'nodes, on their way', at }, answers: { [LIST]: silence }, shows: ['Loading…'] },
  { ...{ name: 'no node', at }, answers: { [LIST]: pageOf() }, shows: ['No node is known.'] },
  {
    ...{ name: 'no node of that name', at: `${at}?name=nobody` },
    ...{ answers: { [LIST]: pageOf() }, shows: ['Nothing found.'] },
  },
  {
    ...{ name: 'nodes, forbidden', at, answers: { [LIST]: refusal(403, 'Forbidden', 'ann may not list nodes.') } },
    ...{ shows: ['You may not see this', 'ann may not list nodes.'], hides: ['Try again'] },
  },
  {
    ...{ name: 'nodes, with nobody there', at },
    ...{ answers: { [LIST]: refusal(503, 'ServiceUnavailable', 'no endpoints') }, shows: ['Try again'] },
  },
  {
    ...{ name: 'nodes, of a PorterLB without this API', at, answers: {} },
    ...{ shows: ["This cluster's PorterLB does not have this"], hides: ['Try again'] },
  },
  {
    ...{ name: 'nodes, where a replica does not answer', at },
    answers: {
      [LIST]: {
        ...pageOf(worker),
        replicas: [...replicas, { name: 'porter-manager-3', node: null, answered: false, problem: 'timeout' }],
      },
    },
    shows: ['porter-manager-3 (timeout)', 'worker-1'],
  },
  nodeDetail,
  {
    ...{ name: 'one node that is dead', at: `${at}/worker-2`, answers: { [LIST]: pageOf(dead) } },
    shows: ['The node worker-2 does not answer.', 'nothing', 'no answer on port 10250', 'the host', '9', 'timeout'],
  },
  {
    ...{ name: 'one node of which no replica says anything', at: `${at}/worker-1` },
    answers: { [LIST]: pageOf({ ...worker, verdict: 'unknown', evidence: [] }) },
    shows: ['Not known', 'No replica has said anything of this node.'],
  },
  {
    ...{ name: 'one node, of an older PorterLB', at: `${at}/worker-1` },
    answers: {
      [LIST]: {
        ...{ totalItems: 1 },
        items: [{ ...worker, drains: undefined, evidence: undefined, verdict: 'odd' }],
      },
    },
    shows: ['worker-1', 'Not known'],
  },
  {
    ...{ name: 'one node, gone', at: `${at}/worker-9`, answers: { [LIST]: pageOf(worker) } },
    shows: ['This does not exist', 'There is no node worker-9.'],
  },
];
