import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test, type TestContext } from 'node:test';
import type { Status } from './schemas/status.ts';
import { ApiBench, type BenchOptions } from './testing/api-bench.ts';

async function bench(context: TestContext, options: BenchOptions = {}): Promise<ApiBench> {
  const api = await new ApiBench().start(options);
  context.after(async () => await api.stop());
  return api;
}

suite('a request that fails', () => {
  const cases = [
    ['without a token', 'version', { token: '' }, 401, 'Unauthorized'],
    ['with a token of nobody', 'version', { token: 'guessed' }, 401, 'Unauthorized'],
    ['with a password', 'version', { token: '', headers: { authorization: 'Basic YTpi' } }, 401, 'Unauthorized'],
    ['of somebody without the right', 'version', { token: 'nothing' }, 403, 'Forbidden'],
    ['for a path that is not there', 'nowhere', {}, 404, 'NotFound'],
    ['for an object that is not there', 'pools/nope', {}, 404, 'ObjectNotFound'],
    ['by another method', 'pools', { method: 'DELETE' }, 405, 'MethodNotAllowed'],
    ['with a number that is none', 'pools?limit=many', {}, 400, 'InvalidParameter'],
    ['with a parameter twice', 'pools?limit=1&limit=2', {}, 400, 'InvalidParameter'],
    ['with an order that there is not', 'pools?sortBy=colour', {}, 400, 'InvalidParameter'],
    ['with a selector that is none', 'pools?labelSelector=a%3D%3D%3Db', {}, 400, 'InvalidParameter'],
    ['with a name that no object has', 'pools/..%2F..', {}, 400, 'InvalidParameter'],
    ['with a path that can not be decoded', 'pools/%zz', {}, 400, 'InvalidParameter'],
  ] as const;
  for (const [what, path, ask, code, reason] of cases) {
    test(`${what} is answered with a Status`, async (context) => {
      const api = await bench(context);
      const { status, headers, json } = await api.get(path, ask);
      const answer = json<Status>();
      assert.deepEqual(
        [status, answer.kind, answer.status, answer.code, answer.reason],
        [code, 'Status', 'Failure', code, reason],
      );
      assert.doesNotMatch(answer.message, /\{|undefined/);
      assert.equal(headers['www-authenticate'], code === 401 ? 'Bearer' : undefined);
    });
  }

  test('names the fields that are wrong, and the methods that there are', async (context) => {
    const api = await bench(context);
    const wrong = (await api.get('pools?limit=0&page=x')).json<Status>();
    assert.deepEqual(wrong.details?.causes?.map(({ field }) => field).toSorted(), ['query.limit', 'query.page']);
    const { headers } = await api.get('pools', { method: 'POST' });
    assert.equal(headers['allow'], 'GET, HEAD');
  });

  test('is told in Chinese to who prefers that', async (context) => {
    const api = await bench(context);
    const { headers, json } = await api.get('pools/nope', {
      headers: { 'accept-language': 'fr, zh-CN;q=0.8, en;q=0.5' },
    });
    assert.deepEqual([json<Status>().message, headers['content-language']], ['Eip nope 不存在。', 'zh']);
  });

  test('by a fault of ours tells nothing of it, and the log all', async (context) => {
    const api = await bench(context);
    // A replica that says what no schema describes.
    api.replicas.set('porter-0', { ...(api.replicas.get('porter-0') as object), version: 7 } as never);
    const { status, json } = await api.get('version');
    const { reason, message } = json<Status>();
    assert.deepEqual([status, reason], [500, 'InternalError']);
    const id = /ID ([0-9a-f-]{36})/.exec(message)?.[1];
    assert.ok(api.logger.entries.some(({ fields }) => fields?.['id'] === id && fields?.['err'] instanceof Error));
  });

  test('as long as the cluster is not known is asked to come again, once it is known who asks', async (context) => {
    const waiting = ['waiting for the first list of services'];
    const api = await bench(context, { notReady: () => waiting });
    const { status, headers } = await api.get('version');
    assert.deepEqual([status, headers['retry-after']], [503, '1']);
    assert.equal((await api.get('version', { token: '' })).status, 401);
  });

  test('for want of the API server says that it may be tried again', async (context) => {
    const api = await bench(context);
    api.reviewsDown = true;
    const { status, json } = await api.get('version');
    assert.deepEqual([status, json<Status>().reason], [503, 'IdentityUnavailable']);
    api.reviewsDown = false;
    assert.equal((await api.get('version')).status, 200);
  });

  test('too often is told when to come again', async (context) => {
    const api = await bench(context);
    const asked = Array.from({ length: 210 }, async (_, i) => await api.get('version', { token: `guess-${i}` }));
    const codes = (await Promise.all(asked)).map(({ status }) => status);
    assert.deepEqual([...new Set(codes)].toSorted(), [401, 429]);
    assert.equal(api.reviews, 200);
    api.clock.advance(1_000);
    assert.equal((await api.get('version')).status, 200);
  });
});

suite('what is open to everybody', () => {
  test('is the OpenAPI document, as it stands in the repository', async (context) => {
    const api = await bench(context);
    const { status, text } = await api.get('openapi.json', { token: '' });
    assert.equal(status, 200);
    const committed = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
    assert.deepEqual(JSON.parse(text), JSON.parse(committed));
  });

  test('is Swagger UI, unless it is switched off', async (context) => {
    const on = await bench(context, { docs: true });
    const { status, headers } = await on.get('docs', { token: '' });
    assert.deepEqual([status, headers['location']], [301, 'docs/']);
    const page = await on.get('docs/', { token: '' });
    assert.match(page.text, /swagger-ui-bundle\.js/);
    assert.match((await on.get('docs/swagger-ui-init.js', { token: '' })).text, /\.\.\/openapi\.json/);
    assert.equal((await on.get('docs/swagger-ui-bundle.js', { token: '' })).status, 200);
    const off = await bench(context);
    assert.equal((await off.get('docs/', { token: '' })).status, 404);
  });
});

test('every answer forbids what a browser could do with it', async (context) => {
  const api = await bench(context);
  for (const path of ['version', 'openapi.json', 'nowhere']) {
    const { headers } = await api.get(path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['strict-transport-security'], undefined, path);
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, path);
    assert.equal(headers['x-powered-by'], undefined, path);
    assert.equal(headers['access-control-allow-origin'], undefined, path);
  }
});
