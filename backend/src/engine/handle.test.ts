import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { EngineHandle } from './handle.ts';

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 12_000 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

test("the engine's thread gives signs of life by itself, is missed without them, and ends when told to", async () => {
  const clock = new FakeClock();
  const engine = new EngineHandle(
    {
      clock,
      logger: new FakeLogger(),
      onMessage: (message) => assert.fail(message.type),
      onDeath: (error) => assert.fail(error),
    },
    {
      replica: 'a',
      node: 'n1',
      address: '127.0.0.1',
      probePort: 0,
      layer2: false,
      layer2SteadyMs: 0,
      drainGraceMs: 0,
      drainOnCordon: false,
      logLevel: 'error',
    },
  );
  try {
    assert.deepEqual(engine.notAlive(), []);
    const facts = await engine.measures();
    assert.deepEqual([facts?.sessions, facts?.nodes, facts?.layer2, facts?.medOffset], [[], [], undefined, undefined]);
    assert.ok((facts?.thread.heapUsedBytes ?? 0) > 0);
    for (const _ of ['when it starts', 'and later']) {
      // The clock of this thread alone goes on: in no time, so that nothing can have come meanwhile.
      clock.advance(10_000);
      assert.deepEqual(engine.notAlive(), ['the engine has given no sign of life for 10 s']);
      await until(() => engine.notAlive().length === 0);
    }
  } finally {
    await engine.stop();
  }
  assert.equal(clock.pendingTimers, 0);
});
