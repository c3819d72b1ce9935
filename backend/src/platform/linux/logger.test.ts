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

  test('no credential is written at any depth, whatever holds it', () => {
    const { log, raw, lines } = logger();
    const conf = { authPassword: 'hunter2', peerAs: 64512 };
    log.info({ authorization: 'hunter2', peer: { conf }, peers: [{ password: 'hunter2', host: 'r1' }] }, 'x');
    log.child({ peer: { conf } }).info({ headers: { Authorization: 'hunter2', 'set-cookie': ['hunter2'] } }, 'x');
    const err = Object.assign(new Error('refused'), { request: { headers: { authorization: 'hunter2' }, path: '/x' } });
    log.error({ err, causes: [err], bearerToken: 'hunter2', told: { toJSON: () => ({ password: 'hunter2' }) } }, 'x');
    assert.doesNotMatch(raw.join(''), /hunter2/);
    const [first, second, third] = lines() as Record<string, object>[];
    assert.deepEqual([first?.['peer'], first?.['peers']], [{ conf: { peerAs: 64512 } }, [{ host: 'r1' }]]);
    assert.deepEqual(second?.['headers'], {});
    const told = third?.['err'] as { message: string; type: string; request: object };
    assert.deepEqual([told.type, told.message, told.request], ['Error', 'refused', { headers: {}, path: '/x' }]);
  });

  test('what leads back to itself, or goes on too deep, is cut off', () => {
    const { log, lines } = logger();
    const ring: Record<string, unknown> = { name: 'a' };
    ring['next'] = ring;
    let deep: object = { password: 'hunter2' };
    for (let i = 0; i < 1000; i++) deep = { deep };
    log.info({ ring, deep, when: new Date(0), bytes: 10n, nothing: null }, 'x');
    const [line] = lines() as Record<string, unknown>[];
    assert.deepEqual(line?.['ring'], { name: 'a', next: '[circular]' });
    assert.match(JSON.stringify(line?.['deep']), /"\[deep\]"/);
    assert.deepEqual([line?.['when'], line?.['bytes'], line?.['nothing']], ['1970-01-01T00:00:00.000Z', 10, null]);
  });

  test('an error has its message and stack', () => {
    const { log, lines } = logger();
    log.error({ err: new RangeError('too far') }, 'x');
    const [{ err }] = lines() as [{ err: { type: string; message: string; stack: string } }];
    assert.deepEqual([err.type, err.message], ['RangeError', 'too far']);
    assert.match(err.stack, /logger\.test\.ts/);
  });
});
