import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processTerminal, type Terminal } from './terminal.ts';

function terminalOf(stdout: object): Terminal {
  return processTerminal({ stdout, stderr: {}, env: {} } as unknown as NodeJS.Process);
}

describe('a terminal', () => {
  it('is as high and as wide as it says', () => {
    const { isTty, width, height } = terminalOf({ isTTY: true, columns: 100, rows: 50 });
    assert.deepEqual([isTty, width(), height()], [true, 100, 50]);
  });

  it('has no height where none looks at it: nothing has to fit', () => {
    const { isTty, width, height } = terminalOf({});
    assert.deepEqual([isTty, width(), height()], [false, 120, undefined]);
  });

  it('that does not know its size (a console that nobody told one) is taken for a usual one', () => {
    const { width, height } = terminalOf({ isTTY: true, columns: 0, rows: 0 });
    assert.deepEqual([width(), height()], [80, 24]);
  });
});
