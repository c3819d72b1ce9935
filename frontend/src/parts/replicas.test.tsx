import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installTexts } from '../testing/fake-texts.ts';
import { replicaWords } from './Replicas.tsx';

test('why a replica did not answer is told in the language of who reads it', () => {
  const said = (problem?: string): string =>
    replicaWords({ name: 'm-1', node: null, answered: false, ...(problem === undefined ? {} : { problem }) });
  installTexts('zh');
  assert.deepEqual(
    [
      'no answer within 2000 ms',
      'it answers with status 503',
      'it is of another version and says what this one does not understand',
      'it serves with another certificate',
      'connect ECONNREFUSED 192.0.2.1:9443',
      undefined,
    ].map(said),
    [
      'm-1 (2000 毫秒内没有应答)',
      'm-1 (返回状态码 503)',
      'm-1 (版本不同，其应答无法识别)',
      'm-1 (使用了另一张证书)',
      'm-1 (connect ECONNREFUSED 192.0.2.1:9443)',
      'm-1',
    ],
  );
  installTexts('en');
  assert.equal(said('no answer within 2000 ms'), 'm-1 (no answer within 2000 ms)');
});
