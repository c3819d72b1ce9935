import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiReply, ApiServer } from '../reach/api-server.ts';
import type { Cluster } from './cluster.ts';
import { readCluster, refusal } from './read.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

function binding(name: string, namespace: string, account: string): object {
  return { metadata: { name }, subjects: [{ kind: 'ServiceAccount', name: account, namespace }] };
}

interface Program {
  readonly account: string;
  readonly container?: string;
  readonly command?: string;
}

function workload(key: string, { account, container = 'main', command = 'run' }: Program): object {
  const [namespace, name] = key.split('/');
  const containers = [{ name: container, command: [command] }];
  return { metadata: { namespace, name }, spec: { template: { spec: { serviceAccountName: account, containers } } } };
}

const OURS = binding('porter-manager', 'porterlb-system', 'porter-manager');
const OUR_WORKLOAD = workload('porterlb-system/porter-manager', {
  account: 'porter-manager',
  container: 'porter-manager',
});

interface Objects {
  readonly bindings: readonly object[];
  readonly deployments?: readonly object[];
  readonly daemonsets?: readonly object[];
  readonly others?: Readonly<Record<string, object>>;
}

type Read = Omit<Cluster, 'reachedBy'> & { readonly asked: readonly string[] };

/** What is read of a cluster that has these. */
async function read(
  { bindings, deployments = [], daemonsets = [], others = {} }: Objects,
  within?: string[],
): Promise<Read> {
  const lists: Readonly<Record<string, readonly object[]>> = {
    [`${RBAC}/clusterrolebindings`]: [OURS, ...bindings],
    '/apis/apps/v1/deployments': [OUR_WORKLOAD, ...deployments],
    '/apis/apps/v1/daemonsets': daemonsets,
    '/apis/apps/v1/namespaces/lb/daemonsets': daemonsets,
    '/apis/apps/v1/namespaces/porterlb-system/deployments': [OUR_WORKLOAD],
  };
  const asked: string[] = [];
  const call: ApiServer['call'] = async (_method, path) => {
    asked.push(path);
    const [base = '', query] = path.split('?');
    const body = query === undefined ? others[base] : { items: lists[base] ?? [] };
    const reply: ApiReply = body === undefined ? { status: 404, body: {} } : { status: 200, body };
    return await Promise.resolve(reply);
  };
  return { ...(await readCluster({ call, close: () => undefined }, within)), asked };
}

function seen({ workloads }: Read): string[] {
  return workloads.map(({ kind, object: { metadata }, isHidden }) => {
    return `${kind} ${metadata.namespace ?? ''}/${metadata.name}${isHidden === true ? ' hidden' : ''}`;
  });
}

const SPEAKER = binding('openelb-x7k2p-speaker', 'lb', 'openelb-speaker');
const speaker = workload('lb/openelb-x7k2p-speaker', { account: 'openelb-speaker', container: 'openelb-speaker' });

describe('OpenELB in a cluster', () => {
  it('is found under the name of any release, and PorterLB is not taken for it', async () => {
    assert.deepEqual(seen(await read({ bindings: [SPEAKER], daemonsets: [speaker] })), [
      'DaemonSet lb/openelb-x7k2p-speaker',
    ]);
  });

  it('0.5 is found as its chart and as its manifest install it', async () => {
    const manager = { account: 'openelb-manager', container: 'openelb-manager' };
    const chart = {
      bindings: [binding('openelb-manager', 'lb', 'openelb-manager')],
      deployments: [workload('lb/openelb-manager', manager)],
    };
    assert.deepEqual(seen(await read(chart)), ['Deployment lb/openelb-manager']);
    const account = 'openelb-admission';
    const manifest = {
      bindings: [binding('openelb-manager-rolebinding', 'openelb-system', account)],
      deployments: [workload('openelb-system/openelb-manager', { ...manager, account })],
    };
    assert.deepEqual(seen(await read(manifest)), ['Deployment openelb-system/openelb-manager']);
  });

  it('is found by its program where all names are others, as what replicas of PorterLB would not wait for', async () => {
    const bindings = [binding('lb-speaker', 'lb', 'lb')];
    for (const program of [{ container: 'openelb-speaker' }, { command: '/usr/bin/openelb-speaker' }]) {
      const daemonsets = [workload('lb/lb-speaker', { account: 'lb', ...program })];
      assert.deepEqual(seen(await read({ bindings, daemonsets })), ['DaemonSet lb/lb-speaker hidden']);
    }
  });

  it('is nobody whom a tenant gave its name, without rights in the whole cluster', async () => {
    const there = workload('shop/openelb-speaker', { account: 'default', container: 'openelb-speaker' });
    assert.deepEqual(seen(await read({ bindings: [SPEAKER], daemonsets: [there] })), []);
    const other = workload('lb/proxy', { account: 'openelb-speaker', container: 'node-proxy' });
    assert.deepEqual(seen(await read({ bindings: [SPEAKER], daemonsets: [other] })), []);
  });

  it('may have names that replicas may not look at, as long as its namespace is there', async () => {
    const others = { '/api/v1/namespaces/lb': {} };
    const names = ['openelb-x7k2p-speaker'];
    const before = await read({ bindings: [SPEAKER], daemonsets: [speaker], others });
    assert.deepEqual(before.strangers, [{ namespace: 'lb', names, right: 'none' }]);
    const [role, bound] = ['roles', 'rolebindings'].map((plural) => {
      return { [`${RBAC}/namespaces/lb/${plural}/porter-manager-takeover`]: {} };
    });
    for (const [there, right] of [
      [{ ...role, ...bound }, 'whole'],
      [role, 'half'],
      [bound, 'half'],
    ] as const) {
      const after = await read({ bindings: [SPEAKER], others: { ...others, ...there } });
      assert.deepEqual(after.strangers, [{ namespace: 'lb', names, right }]);
    }
    assert.deepEqual((await read({ bindings: [SPEAKER] })).strangers, []);
    const usual = binding('openelb-speaker', 'lb', 'openelb-speaker');
    assert.deepEqual((await read({ bindings: [usual], others })).strangers, []);
  });

  it('is looked for only where it was found once', async () => {
    const again = await read({ bindings: [SPEAKER], daemonsets: [speaker] }, ['lb']);
    assert.deepEqual(seen(again), ['DaemonSet lb/openelb-x7k2p-speaker']);
    assert.ok(!again.asked.some((path) => path.startsWith('/apis/apps/v1/deployments')), again.asked.join('\n'));
  });
});

describe('an answer that is no yes', () => {
  const said = (status: number, body: unknown): string => refusal(status, body, 'this can’t be read').message;

  it('is told in the words of the API server, or else of whoever is in between, as of a kubectl proxy that reaches nobody', () => {
    assert.equal(said(403, { message: 'nodes is forbidden' }), 'this can’t be read:\nnodes is forbidden');
    const unreached = 'dial tcp 10.0.0.1:6443: connect: connection refused\n';
    assert.equal(said(500, unreached), `this can’t be read:\nHTTP 500: ${unreached.trim()}`);
    for (const empty of ['', ' \n', undefined, {}]) assert.equal(said(502, empty), 'this can’t be read:\nHTTP 502');
  });

  it('ends the command by what it is: refused, in the way, or no answer', () => {
    const codes = [401, 403, 422, 400, 429, 500, 503].map((status) => refusal(status, {}, 'x').exitCode);
    assert.deepEqual(codes, [4, 4, 1, 1, 3, 3, 3]);
  });

  it('is told in one line of some length, none of whose characters moves the cursor', () => {
    const text = said(502, `<html>\u001b[2J\n${'x'.repeat(10_000)}`);
    assert.match(text, /HTTP 502: <html>\?\[2J\?x+/);
    assert.ok(text.length < 400, `${text.length}`);
  });
});
