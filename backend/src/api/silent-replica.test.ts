/** Why a replica says nothing is told in the language of whoever asks, wherever it is told. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Explanation, ServiceAnswer } from './schemas/service.ts';
import type { Overview } from './schemas/overview.ts';
import type { Version } from './schemas/replica.ts';
import { announced, aSession } from './testing/facts.ts';
import { factsOf } from './testing/api-bench.ts';
import { bench } from './testing/two-services.ts';

const headers = { 'accept-language': 'zh-CN' };

suite('a replica that does not say what it knows', () => {
  for (const [problem, chinese] of [
    ['no answer within 1500 ms', '1500 毫秒内无应答'],
    ['it answers with status 503', '以状态码 503 应答'],
    ['it is of another version and says what this one does not understand', '版本不同，其应答无法理解'],
    ['it serves with another certificate', '使用了另一个证书'],
    ['the answer is longer than 8388608 bytes', '应答超过 8388608 字节'],
    ['read ECONNRESET', '连接被对方重置'],
    // What the system says otherwise stays as it is.
    ['read EBADF', 'read EBADF'],
  ] as const) {
    test(`${problem}`, async (context) => {
      const api = await bench(context);
      const facts = { addresses: [announced('192.0.2.1', 'shop/web', ['203.0.113.11'])], sessions: [aSession('r1')] };
      api.replicas.set('porter-0', factsOf('porter-0', facts)).set('porter-1', undefined);
      api.silence = problem;
      const path = 'namespaces/shop/services/web/explanation';
      const { checks, replicas } = await api.answer<Explanation>(path, { headers });
      const text = `节点 porter-1-node 上的副本 porter-1 没有提供其信息：${chinese}`;
      assert.equal(checks.find(({ check }) => check === 'replicas')?.text, text);
      assert.equal(replicas.find(({ name }) => name === 'porter-1')?.problem, chinese);
      const { problems } = await api.answer<Overview>('overview', { headers });
      assert.equal(problems.find(({ kind }) => kind === 'Replica')?.text, text);
      const version = await api.answer<Version>('version', { headers });
      assert.equal(version.replicas.find(({ name }) => name === 'porter-1')?.problem, chinese);
      const english = await api.answer<Version>('version');
      assert.equal(english.replicas.find(({ name }) => name === 'porter-1')?.problem, problem);
    });
  }

  test('of addresses is named where these are told of, and heard of all else', async (context) => {
    const api = await bench(context);
    const facts = { addresses: [announced('192.0.2.1', 'shop/web', ['203.0.113.11'])], sessions: [aSession('r1')] };
    api.replicas.set('porter-0', factsOf('porter-0', facts)).set('porter-1', factsOf('porter-1', facts));
    api.mute.add('porter-1');
    const service = 'namespaces/shop/services/web';
    const { paths, replicas: ofPath } = await api.answer<ServiceAnswer>(service);
    const { checks, result, replicas: ofChecks } = await api.answer<Explanation>(`${service}/explanation`);
    for (const replicas of [ofPath, ofChecks]) {
      assert.equal(replicas.find(({ name }) => name === 'porter-1')?.problem, api.silence);
    }
    const [peer] = paths[0]?.peers ?? [];
    assert.deepEqual(
      [peer?.intended, peer?.confirmed].map((all) => all?.map(({ replica }) => replica)),
      [['porter-0'], ['porter-0']],
    );
    assert.equal(result, 'warning');
    assert.match(checks.find(({ check }) => check === 'replicas')?.text ?? '', /porter-1 /);
    const { replicas } = await api.answer<Version>('version');
    assert.deepEqual(
      replicas.map(({ answered }) => answered),
      [true, true],
    );
  });
});
