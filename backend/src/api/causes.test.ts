import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Status } from './schemas/status.ts';
import { ApiBench, kinds } from './testing/api-bench.ts';

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  return api;
}

type Said = readonly (readonly [field: string, message: string])[];

async function causesOf(api: ApiBench, path: string, body?: string, language = 'en'): Promise<Said> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const reply = await api.get(path, {
    headers: { 'accept-language': language, ...json },
    ...(body === undefined ? {} : { body, method: 'POST' }),
  });
  assert.equal(reply.status, 400);
  const { details, message } = reply.json<Status>();
  const causes = (details?.causes ?? []).map((cause) => [cause.field, cause.message] as const);
  assert.ok(causes.length > 0);
  for (const [field, why] of causes) assert.ok(message.includes(`${field}: ${why}`), message);
  return causes;
}

suite('a parameter that can not be used', () => {
  for (const [query, field, english, chinese] of [
    [
      'pools?limit=zz',
      'query.limit',
      'must be a whole number from 1 to 500, or -1',
      '必须是 1 到 500 之间的整数，或 -1',
    ],
    ['pools?limit=1&limit=2', 'query.limit', 'must be given once', '只能给出一次'],
    ['pools?limit=501', 'query.limit', 'must be a whole number from 1 to 500, or -1', undefined],
    ['pools?limit=0', 'query.limit', 'must be a whole number from 1 to 500, or -1', undefined],
    ['pools?limit=0x3', 'query.limit', 'must be a whole number from 1 to 500, or -1', undefined],
    ['pools?limit=1e1', 'query.limit', 'must be a whole number from 1 to 500, or -1', undefined],
    ['pools?page=2.5', 'query.page', 'must be a whole number from 1 to 1000000', '必须是 1 到 1000000 之间的整数'],
    ['pools?page=', 'query.page', 'must be a whole number from 1 to 1000000', undefined],
    ['pools?ascending=True', 'query.ascending', 'must be one of: true, false', '必须是以下之一：true, false'],
    ['nodes?sortBy=x', 'query.sortBy', 'must be one of: name, createTime, verdict', undefined],
    [`pools?name=${'x'.repeat(300)}`, 'query.name', 'must have 253 characters at most', '不得超过 253 个字符'],
    ['pools/A_', 'path.name', 'is not the name of a Kubernetes object', '不是 Kubernetes 对象的名称'],
    ['pools/%ff', 'path', 'has a percent-encoding that can not be read', '包含无法解码的百分号编码'],
    [
      'pools?labelSelector=a%3Db,c+in+()x',
      'query.labelSelector',
      'has a part that is no requirement on labels: c in ()x',
      '包含不是标签要求的部分：c in ()x',
    ],
  ] as const) {
    test(`says what it may be: ${query.slice(0, 40)}`, async (context) => {
      const api = await bench(context);
      assert.deepEqual(await causesOf(api, query), [[field, english]]);
      if (chinese !== undefined) assert.deepEqual(await causesOf(api, query, undefined, 'zh'), [[field, chinese]]);
    });
  }
});

suite('a body that can not be used', () => {
  for (const [body, causes, chinese] of [
    ['[', [['body', 'is not JSON']], [['body', '不是 JSON']]],
    ['[]', [['body', 'must be an object']], [['body', '必须是对象']]],
    [
      '{"drainNodes":"x","foo":1}',
      [
        ['body.drainNodes', 'must be a list'],
        ['body', 'has a field that is not known: foo'],
      ],
      [
        ['body.drainNodes', '必须是列表'],
        ['body', '包含未知字段：foo'],
      ],
    ],
    ['{"drainNodes":["n9"]}', [['body.drainNodes', 'there is no node n9']], [['body.drainNodes', '不存在 node n9']]],
    ['{"pools":[{"name":"a","delete":1}]}', [['body.pools.0.delete', 'must be true or false']], undefined],
    [
      JSON.stringify({ pools: [{ name: 'a', spec: { addresses: Array.from({ length: 201 }, () => '192.0.2.1') } }] }),
      [['body.pools', 'has more than 200 ranges of addresses in all specs together']],
      [['body.pools', '所有 spec 中的地址范围合计超过 200 个']],
    ],
    [
      '{"pools":[{"name":"b","spec":{"address":"192.0.2.0/29","namespacSelector":{"team":"red"}}}]}',
      [['body.pools.b.spec', 'has a field that is not known: namespacSelector']],
      [['body.pools.b.spec', '包含未知字段：namespacSelector']],
    ],
    [
      JSON.stringify({
        peers: [{ name: 'r2', spec: { conf: { peerAs: 65_000, neighborAddress: '203.0.113.2', port: 1, prot: 1 } } }],
      }),
      [['body.peers.r2.spec.conf', 'has a field that is not known: port, prot']],
      undefined,
    ],
    [
      JSON.stringify({
        pools: [
          {
            name: 'b',
            spec: {
              address: '192.0.2.0/29',
              serviceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', value: 'b' }] },
            },
          },
        ],
      }),
      [['body.pools.b.spec.serviceSelector.matchExpressions[0]', 'has a field that is not known: value']],
      undefined,
    ],
    [
      JSON.stringify({
        drainNodes: ['n8', 'n9'],
        pools: [
          { name: 'b', spec: { addresses: ['192.0.2.9-192.0.2.1', 'x'], priorty: 1, bgp: { mde: 1 } } },
          { name: 'z', disable: true },
        ],
        peers: [
          { name: 'r2', spec: { conf: { peerAs: -1, prot: 1 } } },
          { name: 'r9', adminDown: true },
        ],
      }),
      [
        ['body.drainNodes', 'there is no node n8'],
        ['body.drainNodes', 'there is no node n9'],
        ['body.pools.b.spec', 'has a field that is not known: priorty'],
        ['body.pools.b.spec.bgp', 'has a field that is not known: mde'],
        [
          'body.pools.b.spec.addresses[0]',
          'is reversed: the first address of a range must not be higher than the last',
        ],
        [
          'body.pools.b.spec.addresses[1]',
          'must be an IP address, a CIDR prefix or a first-last range, without spaces and without leading zeros',
        ],
        ['body.pools', 'there is no Eip z'],
        ['body.peers.r2.spec.conf', 'has a field that is not known: prot'],
        ['body.peers.r2.spec.conf.peerAs', 'Too small: expected number to be >=1'],
        ['body.peers.r2.spec.conf.neighborAddress', 'is required'],
        ['body.peers', 'there is no BgpPeer r9'],
      ],
      undefined,
    ],
    [
      JSON.stringify({ drainNodes: Array.from({ length: 30 }, (_, i) => `n${i}`) }),
      [
        ...Array.from({ length: 20 }, (_, i) => ['body.drainNodes', `there is no node n${i}`] as const),
        ['body', 'has further faults, not listed: 10'],
      ],
      undefined,
    ],
    [
      JSON.stringify({ pools: Array.from({ length: 30 }, () => ({})) }),
      [
        ...Array.from({ length: 20 }, (_, i) => [`body.pools.${i}.name`, 'must be text'] as const),
        ['body', 'has further faults, not listed: 10'],
      ],
      [
        ...Array.from({ length: 20 }, (_, i) => [`body.pools.${i}.name`, '必须是文本'] as const),
        ['body', '另有 10 处问题未列出'],
      ],
    ],
  ] as const) {
    test(`says why: ${body.slice(0, 40)}`, async (context) => {
      const api = await bench(context);
      assert.deepEqual(await causesOf(api, 'simulations', body), causes);
      if (chinese !== undefined) assert.deepEqual(await causesOf(api, 'simulations', body, 'zh'), chinese);
    });
  }
});

suite('what is wrong is told to programs as well', () => {
  for (const [request, reasons] of [
    [{ drainNodes: ['n9'] }, ['FieldValueNotFound']],
    [
      { pools: [{ name: 'z', disable: true }], peers: [{ name: 'r9', adminDown: true }] },
      ['FieldValueNotFound', 'FieldValueNotFound'],
    ],
    [{ drainNodes: 'n9' }, ['FieldValueInvalid']],
    [{ foo: 1 }, ['FieldValueInvalid']],
    [{ drainNodes: ['n9'], pools: [{ name: 'b', spec: { priorty: 1 } }] }, ['FieldValueNotFound', 'FieldValueInvalid']],
    // How many more there are says nothing of these.
    [
      { drainNodes: Array.from({ length: 30 }, (_, i) => `n${i}`) },
      [...Array.from({ length: 20 }, () => 'FieldValueNotFound'), undefined],
    ],
  ] as const) {
    test(`by the names that Kubernetes has: ${JSON.stringify(request).slice(0, 60)}`, async (context) => {
      const api = await bench(context);
      const headers = { 'content-type': 'application/json' };
      const reply = await api.get('simulations', { headers, body: JSON.stringify(request), method: 'POST' });
      const { details } = reply.json<Status>();
      const told = (details?.causes ?? []).map(({ reason }) => reason);
      assert.deepEqual(told.slice(0, reasons.length), reasons);
    });
  }
});

test('nodes are sorted by when they were made, as tables ask for it', async (context) => {
  const api = await bench(context);
  for (const name of ['n3', 'n1', 'n2']) await api.store(kinds.nodes, { metadata: { name } });
  const { items } = await api.answer<{ items: { name: string }[] }>('nodes?sortBy=createTime');
  assert.equal(items.map(({ name }) => name).join(' '), 'n2 n1 n3');
});
