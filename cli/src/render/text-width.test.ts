import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrapped } from './text-width.ts';

describe('lines of Chinese', () => {
  it('begin with no punctuation that belongs to the line before, whatever stands in front of it', () => {
    assert.deepEqual(wrapped('没有会话：Connect。无法连接', 18), ['没有会话：', 'Connect。无法连接']);
    assert.deepEqual(wrapped('协议 bgp）。好', 9), ['协议', 'bgp）。好']);
    assert.deepEqual(wrapped('状态不可用。', 10), ['状态不可', '用。']);
  });
});
