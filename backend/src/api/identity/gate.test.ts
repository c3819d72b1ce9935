import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { Problem } from '../errors.ts';
import type { Status } from '../schemas/status.ts';
import { ApiBench } from '../testing/api-bench.ts';
import type { Access } from './caller.ts';
import type { Credentials } from './gate.ts';

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  return api;
}

async function outcome(
  api: ApiBench,
  path: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, json } = await api.get(path, { token, headers });
  return status === 200 ? '200' : `${status} ${json<Status>().reason}`;
}

suite('who comes directly', () => {
  test('may what RBAC lets the owner of the token do', async (context) => {
    const api = await bench(context);
    api.users.set('viewer', { name: 'viewer', may: ['list pools'] });
    assert.equal(await outcome(api, 'pools', 'viewer'), '200');
    assert.equal(await outcome(api, 'peers', 'viewer'), '403 Forbidden');
  });

  test('is nobody by what headers claim', async (context) => {
    const api = await bench(context);
    const forged = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
    assert.equal(await outcome(api, 'pools', '', forged), '401 Unauthorized');
    // Without KubeSphere the header has no meaning at all: the token counts.
    assert.equal(await outcome(api, 'pools', 'nothing', forged), '403 Forbidden');
    api.kubesphere.present = true;
    assert.equal(await outcome(api, 'pools', '', forged), '401 Unauthorized');
    assert.equal(await outcome(api, 'pools', 'admin', forged), '401 Unauthorized');
  });

  test('is not asked for anew with each request, and not for long by a right that is gone', async (context) => {
    const api = await bench(context);
    api.users.set('viewer', { name: 'viewer', may: ['list pools'] });
    for (let i = 0; i < 5; i += 1) assert.equal(await outcome(api, 'pools', 'viewer'), '200');
    assert.equal(api.reviews, 1);
    api.users.set('viewer', { name: 'viewer', may: [] });
    api.clock.advance(10_000);
    assert.equal(await outcome(api, 'pools', 'viewer'), '403 Forbidden');
    api.users.delete('viewer');
    api.clock.advance(30_000);
    assert.equal(await outcome(api, 'pools', 'viewer'), '401 Unauthorized');
  });
});

suite('who comes while others guess tokens', () => {
  test('is let in once he has been known, however many guess', async (context) => {
    const api = await bench(context);
    const from = (address: string): Credentials => ({
      authorization: 'Bearer admin',
      remoteUser: undefined,
      from: address,
    });
    const pools: Access = {
      verb: 'list',
      resource: 'pools',
      subresource: undefined,
      namespace: undefined,
      name: undefined,
    };
    const gate = api.gate();
    const question = { method: 'GET', path: '/' };
    await gate.admit(from('192.0.2.1'), pools, question);
    const guesses: Promise<void>[] = [];
    for (let second = 0; second < 60; second += 1) {
      api.clock.advance(1_000);
      for (let i = 0; i < 300; i += 1) {
        const guess = { ...from(`198.51.100.${i % 6}`), authorization: `Bearer guess-${second}-${i}` };
        guesses.push(assert.rejects(gate.admit(guess, pools, question), Problem));
      }
      await gate.admit(from('192.0.2.1'), pools, question);
    }
    api.clock.advance(10_000);
    await Promise.all(guesses);
  });
});

suite('who shares the judges with others', () => {
  const of = (token: string): Credentials => ({
    authorization: `Bearer ${token}`,
    remoteUser: undefined,
    from: '192.0.2.1',
  });
  const listing = (namespace: string): Access => {
    return { verb: 'list', resource: 'services', subresource: undefined, namespace, name: undefined };
  };
  const question = { method: 'GET', path: '/' };

  test('is let in on, and told fewer names, when he has asked about too many', async (context) => {
    const api = await bench(context);
    api.users.set('tenant', { name: 'tenant', may: ['get overview', 'list services'] });
    const gate = api.gate();
    const overview: Access = { ...listing(''), verb: 'get', resource: 'overview', namespace: undefined };
    const { may } = await gate.admit(of('tenant'), overview, question);
    let named = 0;
    for (let i = 0; i < 700; i += 1) if (await may(listing(`ns-${i}`), question)) named += 1;
    assert.equal(named, 600);
    await gate.admit(of('tenant'), listing('shop'), question);
  });

  test('counts as one with the other ServiceAccounts of a namespace', async (context) => {
    const api = await bench(context);
    const account = (namespace: string, i: number): string => `system:serviceaccount:${namespace}:a${i}`;
    const everywhere = ['list services bank', ...Array.from({ length: 700 }, (_, i) => `list services ns-${i}`)];
    for (const [namespace, i] of [...Array.from({ length: 20 }, (_, n) => ['shop', n] as const), ['bank', 0] as const])
      api.users.set(`${namespace}-${i}`, { name: account(namespace, i), may: everywhere });
    const gate = api.gate();
    let refused = 0;
    for (let i = 0; i < 700; i += 1) {
      const asked = gate.admit(of(`shop-${i % 20}`), listing(`ns-${i}`), question);
      await asked.catch(() => (refused += 1));
    }
    // Each of them was asked for once as to all namespaces.
    assert.equal(refused, 700 + 20 - 600);
    await gate.admit(of('bank-0'), listing('bank'), question);
  });
});

suite('who asks about ever new Services', () => {
  async function refusals(context: TestContext, may: readonly string[]): Promise<string> {
    const api = await bench(context);
    api.users.set('asker', { name: 'asker', may });
    const gate = api.gate();
    const of = { authorization: 'Bearer asker', remoteUser: undefined, from: '192.0.2.1' };
    const right = { verb: 'get', resource: 'services', subresource: 'explanation', namespace: 'shop' } as const;
    const codes = new Set<string>();
    for (let i = 0; i < 700; i += 1) {
      const asked = gate.admit(of, { ...right, name: `s${i}` }, { method: 'GET', path: `/s${i}` });
      await asked.catch((error: unknown) => codes.add(error instanceof Problem ? error.code : 'another'));
    }
    return `${[...codes].join(' ')} after ${api.accessReviews} reviews`.trim();
  }

  test('is asked for once, if he may read all of them, in the cluster or in their namespace', async (context) => {
    assert.equal(await refusals(context, ['get services/explanation']), 'after 1 reviews');
    assert.equal(await refusals(context, ['get services/explanation shop']), 'after 2 reviews');
  });

  test('is asked for by each name where he may read some alone, and is told to come again', async (context) => {
    const some = Array.from({ length: 700 }, (_, i) => `get services/explanation shop/s${i}`);
    assert.equal(await refusals(context, some), 'TooManyRequests after 600 reviews');
    assert.equal(await refusals(context, some.slice(0, 2)), 'Forbidden TooManyRequests after 600 reviews');
  });
});

suite('who waits for those who judge', () => {
  test('hears within ten seconds that he has to ask again', async (context) => {
    const api = await bench(context);
    api.reviewsWait = new Promise(() => undefined);
    const asked = api.get('pools', { token: 'admin' });
    // The question is under way.
    while (api.reviews === 0) await new Promise((resolve) => setImmediate(resolve));
    api.clock.advance(10_000);
    const { status, headers } = await asked;
    assert.deepEqual([status, headers['retry-after']], [504, '1']);
  });
});

suite('who comes through KubeSphere', () => {
  async function withKubeSphere(context: TestContext): Promise<ApiBench> {
    const api = await bench(context);
    api.kubesphere.present = true;
    api.kubesphere.users.set('jwt-viewer', { name: 'viewer', paths: ['/pools', '/overview'] });
    api.kubesphere.users.set('jwt-tenant', { name: 'tenant', paths: ['/namespaces/shop'] });
    return api;
  }

  test('is the owner of its token there, and may what it lets through', async (context) => {
    const api = await withKubeSphere(context);
    assert.equal(await outcome(api, 'pools', 'jwt-viewer', { 'x-remote-user': 'viewer' }), '200');
    assert.equal(await outcome(api, 'namespaces/shop/services', 'jwt-tenant', { 'x-remote-user': 'tenant' }), '200');
    assert.equal(api.reviews, 0);
  });

  test('may not claim to be somebody else', async (context) => {
    const api = await withKubeSphere(context);
    assert.equal(await outcome(api, 'pools', 'jwt-viewer', { 'x-remote-user': 'admin' }), '401 IdentityMismatch');
  });

  test('may not go past it with the token and the header that it would have set', async (context) => {
    const api = await withKubeSphere(context);
    // The tenant reaches our port himself: ks-apiserver would never have let him through to this path.
    assert.equal(await outcome(api, 'pools', 'jwt-tenant', { 'x-remote-user': 'tenant' }), '403 Forbidden');
    assert.equal(
      await outcome(api, 'namespaces/bank/services', 'jwt-tenant', { 'x-remote-user': 'tenant' }),
      '403 Forbidden',
    );
  });

  test('is asked to come again while it does not answer', async (context) => {
    const api = await withKubeSphere(context);
    api.kubesphere.down = true;
    assert.equal(await outcome(api, 'pools', 'jwt-viewer', { 'x-remote-user': 'viewer' }), '503 IdentityUnavailable');
  });
});
