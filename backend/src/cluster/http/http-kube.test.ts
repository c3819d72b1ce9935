import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { systemClock } from '../../platform/linux/clock.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { leases, services } from '../kinds.ts';
import type { CallOptions } from '../kube.ts';
import { bearerToken } from './credential.ts';
import type { Credential } from './credential.ts';
import { HttpKube } from './http-kube.ts';
import type { HttpKubeOptions } from './http-kube.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const ref = { namespace: 'shop', name: 'web' };
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A server on loopback that answers as the test says, and a client of it. */
async function serve(
  answer: Answer,
  options: Partial<HttpKubeOptions> & { credential?: Credential } = {},
): Promise<HttpKube> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { credential = bearerToken('secret-token'), ...rest } = options;
  const config = { server: `http://127.0.0.1:${port}/prefix/`, namespace: 'shop', tls: {}, credential };
  const api = new HttpKube({ clock: systemClock }, { config, ...rest });
  cleanUps.push(async () => {
    await api.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return api;
}

function json(response: ServerResponse, value: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/** What a watch told, until it was over. */
async function watched(api: HttpKube, openTimeoutMs = 5_000): Promise<{ told: string[]; error: unknown }> {
  const told: string[] = [];
  return await new Promise((resolve) => {
    api.watch(
      services,
      { resourceVersion: '5', timeoutSeconds: 300, openTimeoutMs },
      {
        onOpen: () => told.push('OPEN'),
        onEvent: (type, object) => told.push(`${type} ${object.metadata?.name ?? ''}`),
        onBookmark: (version) => told.push(`BOOKMARK ${version}`),
        onClose: (error) => resolve({ told, error }),
      },
    );
  });
}

function line(type: string, metadata: object): string {
  return `${JSON.stringify({ type, object: { metadata } })}\n`;
}

function isNetworkError(kind: NetworkError['kind']): (error: unknown) => boolean {
  return (error) => error instanceof NetworkError && error.kind === kind;
}

describe('HttpKube: calls', () => {
  it('asks as the API wants it: path, query, headers, body', async () => {
    const seen: string[] = [];
    const api = await serve((request, response, body) => {
      const { authorization = '', 'content-type': type = '-', 'user-agent': agent = '' } = request.headers;
      seen.push([request.method, request.url, type, body].join(' '));
      assert.equal(authorization, 'Bearer secret-token');
      assert.equal(agent, 'porter-manager');
      json(response, { metadata: { name: 'web' } });
    });
    await api.get(services, ref);
    await api.create(leases, { metadata: ref });
    await api.patch(services, ref, { type: 'merge', body: {} }, { subresource: 'status' });
    await api.patch(services, ref, { type: 'strategic', body: {} });
    await api.patch(services, ref, { type: 'json', body: [{ op: 'remove', path: '/x' }] });
    await api.patch(leases, ref, { type: 'apply', body: { metadata: ref }, fieldManager: 'me & you', force: true });
    await api.delete(services, ref, { preconditions: { uid: 'u' } });
    await api.delete(services, ref, { propagationPolicy: 'Foreground' });
    await api.ping();
    const lease = '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"namespace":"shop","name":"web"}}';
    const group = '/prefix/apis/coordination.k8s.io/v1/namespaces/shop/leases';
    const web = '/prefix/api/v1/namespaces/shop/services/web';
    assert.deepEqual(seen, [
      `GET ${web} - `,
      `POST ${group} application/json ${lease}`,
      `PATCH ${web}/status application/merge-patch+json {}`,
      `PATCH ${web} application/strategic-merge-patch+json {}`,
      `PATCH ${web} application/json-patch+json [{"op":"remove","path":"/x"}]`,
      `PATCH ${group}/web?fieldManager=me+%26+you&force=true application/apply-patch+yaml ${lease}`,
      `DELETE ${web} application/json {"preconditions":{"uid":"u"}}`,
      `DELETE ${web} application/json {"propagationPolicy":"Foreground"}`,
      'GET /prefix/livez - ',
    ]);
  });

  it('selects and pages', async () => {
    const urls: (string | undefined)[] = [];
    const api = await serve((request, response) => {
      urls.push(request.url);
      json(response, { metadata: { resourceVersion: '9', continue: 'more' }, items: null });
    });
    const page = await api.list(services, { labelSelector: 'a in (b)', limit: 500, continue: 'to/ken' });
    assert.deepEqual(page, { items: [], resourceVersion: '9', continue: 'more' });
    assert.deepEqual(urls, ['/prefix/api/v1/services?labelSelector=a+in+%28b%29&limit=500&continue=to%2Fken']);
  });

  it('never sends a name that would lead elsewhere', async () => {
    const urls: (string | undefined)[] = [];
    const api = await serve((request, response) => {
      urls.push(request.url);
      json(response, {});
    });
    await api.get(services, { namespace: 'a/../b', name: 'x?y' });
    assert.deepEqual(urls, ['/prefix/api/v1/namespaces/a%2F..%2Fb/services/x%3Fy']);
    await assert.rejects(api.get(services, { namespace: 'a', name: '' }), TypeError);
    await assert.rejects(api.get(services, { name: 'x' }), TypeError);
  });

  it('turns a Status into an error with its reason, and a time to wait', async () => {
    const api = await serve((_request, response) => {
      json(response, { kind: 'Status', reason: 'TooManyRequests', message: 'slow', code: 429 }, 429, {
        'retry-after': '7',
      });
    });
    await assert.rejects(api.get(services, ref), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual(
        [error.status, error.reason, error.message, error.retryAfterMs],
        [429, 'TooManyRequests', 'slow', 7_000],
      );
      return true;
    });
  });

  it('understands an error page of a proxy', async () => {
    const api = await serve((_request, response) => {
      response.writeHead(502).end('<html>Bad gateway</html>');
    });
    await assert.rejects(api.get(services, ref), (error) => error instanceof ApiError && error.status === 502);
  });

  it('gives up after its timeout, before and within the answer', async () => {
    const api = await serve((request, response) => {
      if (request.url?.includes('leases') === true) response.writeHead(200).write('{"metadata":');
    });
    await assert.rejects(api.get(services, ref, { timeoutMs: 50 }), isNetworkError('timeout'));
    await assert.rejects(api.get(leases, ref, { timeoutMs: 50 }), isNetworkError('timeout'));
  });

  it('can be aborted, before and after it is sent', async () => {
    const abort = new AbortController();
    const api = await serve(() => abort.abort());
    await assert.rejects(api.get(services, ref, { signal: abort.signal }), isNetworkError('aborted'));
    await assert.rejects(api.get(services, ref, { signal: abort.signal }), isNetworkError('aborted'));
  });

  it('reports a connection that breaks, and works again on the next call', async () => {
    let calls = 0;
    const api = await serve((request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else json(response, { metadata: { name: 'web' } });
    });
    await assert.rejects(api.get(services, ref), isNetworkError('connection'));
    assert.equal((await api.get(services, ref)).metadata?.name, 'web');
  });

  it('does not repeat a write by itself', async () => {
    let calls = 0;
    const api = await serve((request) => {
      calls += 1;
      request.socket.destroy();
    });
    await assert.rejects(api.create(leases, { metadata: ref }), isNetworkError('connection'));
    assert.equal(calls, 1);
  });

  it('refuses an answer that is no JSON without quoting it, and one that is too large', async () => {
    const api = await serve(
      (request, response) => {
        response.end(request.url?.includes('leases') === true ? 'x'.repeat(5_000) : 'password=hunter2');
      },
      { maxBodyBytes: 1_000 },
    );
    await assert.rejects(
      api.get(services, ref),
      (error) => error instanceof NetworkError && !error.message.includes('hunter2'),
    );
    await assert.rejects(api.get(leases, ref), isNetworkError('protocol'));
  });

  it('fetches a new token after 401, and asks for the token with every call', async () => {
    const tokens = ['Bearer old', 'Bearer new'];
    const credential = { header: () => tokens[0], invalidate: () => void tokens.shift() };
    const api = await serve(
      (request, response) => {
        if (request.headers.authorization === 'Bearer new') json(response, {});
        else json(response, { reason: 'Unauthorized' }, 401);
      },
      { credential },
    );
    await assert.rejects(api.get(services, ref), (error) => error instanceof ApiError && error.status === 401);
    await api.get(services, ref);
  });

  it('lets urgent calls pass a burst that fills the pool', async () => {
    const held: ServerResponse[] = [];
    const api = await serve(
      (request, response) => {
        if (request.url?.includes('leases') === true) json(response, {});
        else held.push(response);
      },
      { connections: 2 },
    );
    const burst = Promise.all(Array.from({ length: 6 }, async () => await api.get(services, ref)));
    const urgent: CallOptions = { urgent: true, timeoutMs: 5_000 };
    await api.get(leases, ref, urgent);
    const release = setInterval(() => {
      for (const response of held.splice(0)) json(response, {});
    }, 5);
    await burst;
    clearInterval(release);
  });
});

describe('HttpKube: calls aside', () => {
  it('hold up nobody else, however many there are', async () => {
    const held: ServerResponse[] = [];
    const api = await serve((request, response) => {
      if (request.url?.includes('leases') === true) json(response, {});
      else held.push(response);
    });
    const aside = Array.from({ length: 100 }, async () => await api.get(services, ref, { aside: true }));
    await api.get(leases, ref, { timeoutMs: 5_000 });
    assert.ok(held.length <= 4);
    const release = setInterval(() => {
      for (const response of held.splice(0)) json(response, {});
    }, 1);
    await Promise.all(aside);
    clearInterval(release);
  });
});

describe('HttpKube: watches', () => {
  it('asks for bookmarks and an end', async () => {
    let url: string | undefined;
    const api = await serve((request, response) => {
      url = request.url;
      response.end();
    });
    await watched(api);
    assert.equal(
      url,
      '/prefix/api/v1/services?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=300',
    );
  });

  it('reads lines that come in pieces and several at once, up to the orderly end', async () => {
    const text =
      line('ADDED', { name: 'ä' }) + line('MODIFIED', { name: 'b' }) + line('BOOKMARK', { resourceVersion: '8' });
    const bytes = Buffer.from(text + line('DELETED', { name: 'c' }));
    const api = await serve((_request, response) => {
      response.writeHead(200);
      response.flushHeaders();
      let sent = 0;
      const send = (): void => {
        const size = sent < 40 ? 1 : 64;
        response.write(bytes.subarray(sent, sent + size));
        sent += size;
        if (sent < bytes.length) setImmediate(send);
        else response.end();
      };
      send();
    });
    const { told, error } = await watched(api);
    assert.deepEqual(told, ['OPEN', 'ADDED ä', 'MODIFIED b', 'BOOKMARK 8', 'DELETED c']);
    assert.equal(error, undefined);
  });

  it('ends with the error that the server tells within the stream', async () => {
    const api = await serve((_request, response) => {
      const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      response.write(line('ADDED', { name: 'after the end' }));
    });
    const { told, error } = await watched(api);
    assert.deepEqual(told, ['OPEN']);
    assert.ok(error instanceof ApiError && error.status === 410 && error.reason === 'Expired');
  });

  it('ends with the refusal of the server', async () => {
    const api = await serve((_request, response) => {
      json(response, { kind: 'Status', reason: 'TooManyRequests', message: 'slow' }, 429, { 'retry-after': '1' });
    });
    const { told, error } = await watched(api);
    assert.deepEqual(told, []);
    assert.ok(error instanceof ApiError && error.status === 429 && error.retryAfterMs === 1_000);
  });

  it('ends when the connection breaks', async () => {
    const api = await serve((request, response) => {
      response.write(line('ADDED', { name: 'a' }), () => setTimeout(() => request.socket.resetAndDestroy(), 20));
    });
    const { told, error } = await watched(api);
    assert.deepEqual(told, ['OPEN', 'ADDED a']);
    assert.ok(isNetworkError('connection')(error), String(error));
  });

  it('ends when the server sends half a line, nonsense, or a line without end', async () => {
    const bodies = ['{"type":"ADDED","obj', 'nonsense\n', '{}\n', 'x'.repeat(2_000)];
    const api = await serve((_request, response) => void response.end(bodies.shift()), { maxLineBytes: 1_000 });
    for (let time = 0; time < 4; time += 1) {
      const { told, error } = await watched(api);
      assert.deepEqual(told, ['OPEN']);
      assert.ok(isNetworkError('protocol')(error), String(error));
    }
  });

  it('ends when it is not accepted in time', async () => {
    const api = await serve(() => undefined);
    const { told, error } = await watched(api, 50);
    assert.deepEqual(told, []);
    assert.ok(isNetworkError('timeout')(error), String(error));
  });

  it('tells nothing after it was closed, be it from within a handler', async () => {
    const api = await serve((_request, response) => {
      response.write(line('ADDED', { name: 'a' }) + line('ADDED', { name: 'b' }));
      setTimeout(() => response.end(), 20);
    });
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      const watch = api.watch(
        services,
        { resourceVersion: '5', timeoutSeconds: 300 },
        {
          onOpen: () => told.push('OPEN'),
          onEvent: (type, object) => {
            told.push(`${type} ${object.metadata?.name ?? ''}`);
            watch.close();
            setTimeout(resolve, 50);
          },
          onBookmark: () => told.push('BOOKMARK'),
          onClose: () => told.push('CLOSED'),
        },
      );
    });
    assert.deepEqual(told, ['OPEN', 'ADDED a']);
  });
});
