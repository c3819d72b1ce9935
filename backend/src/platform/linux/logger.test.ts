import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LogThreshold } from '../log-level.ts';
import type { Logger } from '../ports.ts';
import { jsonLogger } from './logger.ts';

/** A logger, and the lines that it wrote, parsed. */
function logger(threshold = new LogThreshold('info')): { log: Logger; raw: string[]; lines: () => object[] } {
  const raw: string[] = [];
  const sink = { write: (line: string) => void raw.push(line) };
  const log = jsonLogger(threshold, { component: 'engine', replica: 'porter-manager-a' }, sink);
  return { log, raw, lines: () => raw.map((line) => JSON.parse(line) as object) };
}

suite('log lines', () => {
  test('are JSON objects with level, time, component, replica, fields and message', () => {
    const { log, lines } = logger();
    log.info({ peer: 'r1', reason: 'Established' }, 'BGP session established');
    const [line] = lines() as [{ ts: string }];
    const { ts, ...others } = line;
    assert.match(ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(others, {
      ...{ level: 'info', component: 'engine', replica: 'porter-manager-a' },
      ...{ peer: 'r1', reason: 'Established', msg: 'BGP session established' },
    });
  });

  test('a part names itself in the place of the whole, once', () => {
    const { log, raw } = logger();
    log.child({ component: 'bgp' }).child({ peer: 'r1' }).warn({}, 'x');
    assert.deepEqual(raw[0]?.match(/"component":"\w+"/g), ['"component":"bgp"']);
    assert.match(raw[0] ?? '', /"peer":"r1"/);
  });

  test('below the threshold nothing is written, by children made before it was set neither', () => {
    const threshold = new LogThreshold('info');
    const { log, lines } = logger(threshold);
    const child = log.child({ component: 'bgp' });
    const all = (): void => {
      for (const one of [log, child]) {
        for (const level of ['debug', 'info', 'warn', 'error'] as const) one[level]({}, level);
      }
    };
    const written = (): unknown[] => lines().map((line) => (line as { msg: string }).msg);
    all();
    assert.deepEqual(written(), ['info', 'warn', 'error', 'info', 'warn', 'error']);
    threshold.level = 'debug';
    child.debug({}, 'now');
    assert.equal(written().at(-1), 'now');
    threshold.level = 'error';
    const before = lines().length;
    all();
    assert.deepEqual(written().slice(before), ['error', 'error']);
  });

  test('no password or token is written, in fields, below them, or bound to a child', () => {
    const { log, raw } = logger();
    log.info({ password: 'hunter2', peer: { authPassword: 'hunter2' }, token: 'hunter2' }, 'x');
    log.info({ request: { authorization: 'hunter2' } }, 'x');
    log.child({ token: 'hunter2' }).info({}, 'x');
    assert.equal(raw.length, 3);
    assert.doesNotMatch(raw.join(''), /hunter2/);
  });

  test('an error has its message and stack', () => {
    const { log, lines } = logger();
    log.error({ err: new RangeError('too far') }, 'x');
    const [{ err }] = lines() as [{ err: { type: string; message: string; stack: string } }];
    assert.deepEqual([err.type, err.message], ['RangeError', 'too far']);
    assert.match(err.stack, /logger\.test\.ts/);
  });
});
