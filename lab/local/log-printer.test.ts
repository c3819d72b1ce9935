import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LogPrinter } from './log-printer.ts';

const line = JSON.stringify({
  level: 'info',
  ts: '2026-11-23T21:58:24.219Z',
  component: 'engine',
  replica: 'porter-manager-n1',
  peer: 'r1',
  holdTime: 90,
  msg: 'established',
});

suite('log lines for people', () => {
  const plain = new LogPrinter({ level: 'info', color: false });

  test('time, level, component, message and fields', () => {
    assert.equal(plain.format(line), '21:58:24.219 info  engine   established  peer=r1 holdTime=90');
  });

  test('an error with its stack', () => {
    const error = { type: 'Error', message: 'no', stack: 'Error: no\n    at here' };
    const record = JSON.stringify({
      level: 'error',
      ts: '2026-11-23T21:58:24.219Z',
      component: 'manager',
      err: error,
      msg: 'x',
    });
    assert.equal(plain.format(record), '21:58:24.219 error manager  x  err=\n    Error: no\n        at here');
  });

  test('nothing below the level', () => {
    const quiet = new LogPrinter({ level: 'warn', color: false });
    assert.equal(quiet.format(line), undefined);
    assert.notEqual(quiet.format(line.replace('"info"', '"error"')), undefined);
  });

  test('what is no log line stays as it is', () => {
    for (const text of ['SyntaxError: nope', '{"a": 1}', '', '7']) assert.equal(plain.format(text), text);
  });

  test('color, where there is a terminal', () => {
    const colored = new LogPrinter({ level: 'info', color: true }).format(line);
    assert.match(colored ?? '', /\u001b\[32minfo /);
  });
});
