import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { StateFile } from './ports.ts';

export interface StateFileHarness {
  readonly file: StateFile;
  /** As a process that starts anew sees the same file. */
  readonly again: () => StateFile;
  /** From here on nothing can be written. */
  readonly breakIt: () => Promise<void>;
}

/** What every StateFile must do; `makeHarness` is called once per test. */
export function stateFileCompliance(
  name: string,
  makeHarness: (context: TestContext) => Promise<StateFileHarness>,
): void {
  test(`${name}: nothing is there at first`, async (context) => {
    const { file } = await makeHarness(context);
    assert.equal(await file.read(), undefined);
  });

  test(`${name}: a successor reads what was written last, to the byte`, async (context) => {
    const { file, again } = await makeHarness(context);
    await file.write(new Uint8Array(70_000).fill(7));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await file.write(bytes);
    assert.deepEqual(new Uint8Array((await again().read()) ?? []), bytes);
    await again().write(new Uint8Array());
    assert.equal((await file.read())?.length, 0);
  });

  test(`${name}: what is written stays as it was, whatever becomes of the bytes`, async (context) => {
    const { file } = await makeHarness(context);
    const bytes = Uint8Array.of(1, 2, 3);
    await file.write(bytes);
    bytes.fill(0);
    assert.deepEqual(new Uint8Array((await file.read()) ?? []), Uint8Array.of(1, 2, 3));
  });

  test(`${name}: a write that fails says so`, async (context) => {
    const { file, breakIt } = await makeHarness(context);
    await file.write(Uint8Array.of(1));
    await breakIt();
    await assert.rejects(file.write(Uint8Array.of(2)));
  });
}
