import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from './fake/clock.ts';
import { FakeLogger } from './fake/logger.ts';
import { LogLevelFile } from './log-level-file.ts';
import { LogThreshold } from './log-level.ts';

const LOOK_MS = 5_000;

suite('a file with a log level', () => {
  interface Desk {
    readonly threshold: LogThreshold;
    readonly logger: FakeLogger;
    /** Puts a text into the file, undefined: takes it away; and waits until it was looked at. */
    readonly say: (text: string | undefined) => Promise<void>;
  }

  async function desk(text: string | undefined): Promise<Desk> {
    const clock = new FakeClock();
    const logger = new FakeLogger();
    const threshold = new LogThreshold('info');
    let content = text;
    const read = (): Promise<string> =>
      content === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(content);
    await new LogLevelFile({ clock, logger, threshold, read }).follow();
    const say = async (next: string | undefined): Promise<void> => {
      content = next;
      clock.advance(LOOK_MS);
      await new Promise(setImmediate);
    };
    return { threshold, logger, say };
  }

  test('is followed from the start on', async () => {
    const { threshold, say } = await desk('debug\n');
    assert.equal(threshold.level, 'debug');
    await say('error');
    assert.equal(threshold.level, 'error');
  });

  test('is told of in the log, with the level before and after', async () => {
    const { logger, say } = await desk('debug');
    await say('error');
    assert.deepEqual(
      logger.entries.map(({ level, message, fields }) => [level, message, fields]),
      [
        ['info', 'the log level is set', { from: 'info', to: 'debug' }],
        ['info', 'the log level is set', { from: 'debug', to: 'error' }],
      ],
    );
  });

  test('that is empty or gone means the configured level', async () => {
    const { threshold, say } = await desk(undefined);
    assert.equal(threshold.level, 'info');
    await say('debug');
    await say('');
    assert.equal(threshold.level, 'info');
    await say('warn');
    await say(undefined);
    assert.equal(threshold.level, 'info');
  });

  test('with anything else changes nothing, and that is said once', async () => {
    const { threshold, logger, say } = await desk('debug');
    for (let i = 0; i < 3; i++) await say('verbose');
    assert.equal(threshold.level, 'debug');
    assert.equal(logger.entries.filter(({ message }) => message.startsWith('not a log level')).length, 1);
  });
});
