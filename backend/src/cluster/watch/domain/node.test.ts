import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type * as kinds from '../../kinds.ts';
import type { DrainSignal } from '../../../domain/node.ts';
import { toNode } from './node.ts';

/** As the API server returns it (kubectl get node -o json, 1.28), shortened where nothing of it is read. */
const NODE: kinds.Node = JSON.parse(`{
  "apiVersion": "v1",
  "kind": "Node",
  "metadata": {
    "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "labels": {"kubernetes.io/hostname": "n1", "kubernetes.io/os": "linux"},
    "name": "n1",
    "resourceVersion": "100",
    "uid": "3f0a6f4e-3f5e-4a53-a6c2-5f1f9f1a6c01"
  },
  "spec": {"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24"]},
  "status": {
    "addresses": [
      {"address": "10.0.0.1", "type": "InternalIP"},
      {"address": "FD00:0::1", "type": "InternalIP"},
      {"address": "203.0.113.9", "type": "ExternalIP"},
      {"address": "n1", "type": "Hostname"}
    ],
    "conditions": [
      {"lastHeartbeatTime": "2026-01-02T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "CalicoIsUp", "status": "False", "type": "NetworkUnavailable"},
      {"lastHeartbeatTime": "2026-01-02T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "KubeletHasSufficientMemory", "status": "False", "type": "MemoryPressure"},
      {"lastHeartbeatTime": "2026-01-02T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z", "reason": "KubeletReady", "status": "True", "type": "Ready"}
    ],
    "images": [{"names": ["registry.example/pause:3.9"], "sizeBytes": 268051}],
    "nodeInfo": {"kubeletVersion": "v1.28.15"}
  }
}`);

const TIME = Date.UTC(2026, 0, 2);

function condition(type: string, status: string): kinds.Node {
  const others = (NODE.status?.conditions ?? []).filter((each) => each.type !== type);
  return { ...NODE, status: { ...NODE.status, conditions: [...others, { type, status }] } };
}

function annotated(annotations: Readonly<Record<string, string>>): kinds.Node {
  return { ...NODE, metadata: { ...NODE.metadata, annotations } };
}

function pinned(annotations: Readonly<Record<string, string>>): string[] {
  return toNode(annotated(annotations)).pinned.map(({ text }) => text);
}

suite('a Node', () => {
  test('that is fine', () => {
    assert.deepEqual(toNode(NODE), {
      name: 'n1',
      labels: { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux' },
      internalIPs: [
        { family: 'ipv4', value: 0x0a000001n, text: '10.0.0.1' },
        { family: 'ipv6', value: 0xfd000000000000000000000000000001n, text: 'fd00::1' },
      ],
      externalIPs: [{ family: 'ipv4', value: 0xcb007109n, text: '203.0.113.9' }],
      pinned: [],
      ready: true,
      networkUnavailable: false,
      excluded: false,
      drainSignals: [],
    });
  });

  test('that has just registered has no status', () => {
    const { ready, networkUnavailable, internalIPs } = toNode({ metadata: { name: 'n1' }, spec: {}, status: {} });
    assert.deepEqual(
      { ready, networkUnavailable, internalIPs },
      { ready: false, networkUnavailable: false, internalIPs: [] },
    );
  });

  test('is equal in every field after a heartbeat', () => {
    const conditions = NODE.status?.conditions?.map((each) => ({ ...each, lastHeartbeatTime: '2026-01-02T00:05:00Z' }));
    const heartbeat: kinds.Node = {
      ...NODE,
      metadata: { ...NODE.metadata, resourceVersion: '101' },
      status: { ...NODE.status, conditions: conditions ?? [], images: [] },
    };
    assert.deepEqual(toNode(heartbeat), toNode(NODE));
  });

  test('is ready only if the condition is True', () => {
    assert.deepEqual(
      ['True', 'False', 'Unknown'].map((status) => toNode(condition('Ready', status)).ready),
      [true, false, false],
    );
  });

  test('has no network if the condition is True', () => {
    assert.deepEqual(
      ['True', 'False', 'Unknown'].map((status) => toNode(condition('NetworkUnavailable', status)).networkUnavailable),
      [true, false, false],
    );
  });

  test('has the time of a cordon from the taint that follows it', () => {
    const cordoned = (...taints: readonly kinds.Taint[]): readonly DrainSignal[] =>
      toNode({ ...NODE, spec: { unschedulable: true, taints } }).drainSignals;
    const taint = { effect: 'NoSchedule', key: 'node.kubernetes.io/unschedulable' };
    assert.deepEqual(cordoned(), [{ kind: 'cordoned', since: undefined }]);
    assert.deepEqual(cordoned(taint), [{ kind: 'cordoned', since: undefined }]);
    assert.deepEqual(cordoned({ ...taint, timeAdded: '2026-01-02T00:00:00Z' }), [{ kind: 'cordoned', since: TIME }]);
  });

  test('uncordoned is not cordoned, though the taint has not followed yet', () => {
    const taint = { effect: 'NoSchedule', key: 'node.kubernetes.io/unschedulable', timeAdded: '2026-01-02T00:00:00Z' };
    assert.deepEqual(toNode({ ...NODE, spec: { taints: [taint] } }).drainSignals, []);
  });

  test('has the time at which the autoscaler tainted it from the value of the taint', () => {
    const tainted = (value?: string, timeAdded?: string): readonly DrainSignal[] => {
      const taint = { effect: 'NoSchedule', key: 'ToBeDeletedByClusterAutoscaler' };
      const more = { ...(value === undefined ? {} : { value }), ...(timeAdded === undefined ? {} : { timeAdded }) };
      return toNode({ ...NODE, spec: { taints: [{ ...taint, ...more }] } }).drainSignals;
    };
    const at = (since: number | undefined): readonly DrainSignal[] => [{ kind: 'toBeDeleted', since }];
    assert.deepEqual(tainted('1767312000'), at(TIME));
    assert.deepEqual(tainted('1', '2026-01-02T00:00:00Z'), at(TIME));
    for (const value of [undefined, '', '1', 'soon', '-1767312000', '1767312000.5', '99999999999999']) {
      assert.deepEqual(tainted(value), at(undefined), value);
    }
  });

  test('that is being deleted says since when', () => {
    const metadata = { ...NODE.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' };
    assert.deepEqual(toNode({ ...NODE, metadata }).drainSignals, [{ kind: 'deleting', since: TIME }]);
  });

  test('other taints say nothing', () => {
    const keys = ['DeletionCandidateOfClusterAutoscaler', 'node.kubernetes.io/not-ready', 'example.com/gpu'];
    const taints = keys.map((key) => ({ effect: 'NoSchedule', key, value: '1767312000' }));
    assert.deepEqual(toNode({ ...NODE, spec: { taints } }).drainSignals, []);
  });
});

suite('the exclude label', () => {
  // The values of Go's strconv.ParseBool, from its documentation; anything else can't be read, which excludes.
  const values: [value: string, excluded: boolean][] = [
    ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((value): [string, boolean] => [value, true]),
    ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((value): [string, boolean] => [value, false]),
    ...['', 'yes', 'no', 'tRUE', 'fALSE', '2', 'off'].map((value): [string, boolean] => [value, true]),
  ];
  for (const [value, excluded] of values) {
    test(`"${value}" ${excluded ? 'excludes' : 'includes'}`, () => {
      const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': value };
      assert.equal(toNode({ ...NODE, metadata: { ...NODE.metadata, labels } }).excluded, excluded);
    });
  }
});

suite("OpenELB's annotation for the next hop", () => {
  const OPENELB = 'layer2.openelb.kubesphere.io/v1alpha1';
  const PORTER = 'layer2.porter.kubesphere.io/v1alpha1';
  test('an address, in both eras', () => {
    assert.deepEqual(pinned({ [OPENELB]: '172.16.0.9' }), ['172.16.0.9']);
    assert.deepEqual(pinned({ [PORTER]: '172.16.0.9' }), ['172.16.0.9']);
  });
  test('the younger era wins', () => {
    assert.deepEqual(pinned({ [PORTER]: '172.16.0.8', [OPENELB]: '172.16.0.9' }), ['172.16.0.9']);
  });
  test('a prefix picks an InternalIP', () => assert.deepEqual(pinned({ [OPENELB]: '10.0.0.0/8' }), ['10.0.0.1']));
  test('never an ExternalIP', () => assert.deepEqual(pinned({ [OPENELB]: '203.0.113.0/24' }), []));
});
