import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiReply } from '../reach/api-server.ts';
import type { WorkloadPod } from './cluster.ts';
import { unprepared } from './preparedness.ts';
import { workload } from './testing/clusters.ts';

const NO_WAY = { kind: 'Status', message: 'error trying to reach service: dial tcp: connect: connection refused' };
const BESIDE = 'waiting for the end of another load balancer: Deployment openelb-system/openelb-manager runs\n';

/** Why it is not prepared, of a Pod that is not Ready and answers this; and what was asked. */
async function why(reply: Partial<ApiReply>, pod: Partial<WorkloadPod> = {}): Promise<[string[], string[]]> {
  const calls: string[] = [];
  const { kind, object, pods } = workload('Deployment', 'porterlb-system/porter-manager', ['n1']);
  const waiting = pods.map((each) => ({ ...each, ready: false, metricsPort: 17_980, ...pod }));
  const call = async (method: string, path: string): Promise<ApiReply> => {
    calls.push(`${method} ${path}`);
    return await Promise.resolve({ status: 503, body: undefined, ...reply });
  };
  const missing = await unprepared({ call, close: () => undefined }, { kind, object, pods: waiting });
  return [missing.map((each) => `${each.pod}: ${each.why}${each.isUnheard ? ' (unheard)' : ''}`), calls];
}

const NAME = 'porterlb-system/porter-manager-n1';

describe('a replica of PorterLB beside OpenELB', () => {
  it('is prepared when it waits for nothing else, or is Ready', async () => {
    const asked = '/api/v1/namespaces/porterlb-system/pods/porter-manager-n1:17980/proxy/readyz';
    assert.deepEqual(await why({ body: BESIDE }), [[], [`GET ${asked}`]]);
    assert.deepEqual(await why({ body: BESIDE.repeat(2) }), [[], [`GET ${asked}`]]);
    assert.deepEqual(await why({ status: 200, body: 'ok\n' }), [[], [`GET ${asked}`]]);
    assert.deepEqual(await why({}, { ready: true }), [[], []]);
  });

  it('is not while it starts, or has not read the cluster', async () => {
    const [reading] = await why({ body: `waiting for the first list of services\n${BESIDE}` });
    assert.deepEqual(reading, [`${NAME}: waiting for the first list of services`]);
    const [unsure] = await why({ body: 'waiting for an answer to whether another load balancer runs\n' });
    assert.equal(unsure.length, 1);
    assert.deepEqual(await why({}, { running: false }), [[`${NAME}: its container does not run`], []]);
  });

  it('may be unheard, which is told apart', async () => {
    const [refused] = await why({ body: NO_WAY });
    assert.deepEqual(refused, [`${NAME}: the API server does not get through to it (unheard)`]);
    const [portless] = await why({}, { metricsPort: undefined });
    assert.deepEqual(portless, [`${NAME}: it has no port that is called metrics (unheard)`]);
  });

  it('is missed where there are fewer than wanted', async () => {
    const { kind, object, pods } = workload('Deployment', 'porterlb-system/porter-manager', ['n1', 'n2']);
    const api = { call: () => assert.fail('nobody is asked'), close: () => undefined };
    const [missing] = await unprepared(api, { kind, object, pods: pods.slice(1) });
    assert.deepEqual(missing, {
      pod: 'porterlb-system/porter-manager',
      why: '1 of 2 Pods are there',
      isUnheard: false,
    });
  });
});
