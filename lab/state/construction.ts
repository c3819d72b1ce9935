import { folderOf, registerLab } from './lab-registry.ts';
import type { LabRecord } from './lab-registry.ts';
import { Processes } from './processes.ts';
import { teardown } from './teardown.ts';

/**
 * Registers a lab and builds it. When building fails, or `signal` aborts it, nothing new is started, what waits gives up,
 * and everything that is there already is removed.
 */
export async function construct<T>(
  lab: Pick<LabRecord, 'name' | 'keep' | 'kind'>,
  signal: AbortSignal | undefined,
  build: (record: LabRecord, processes: Processes) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const record = await registerLab(lab);
  const processes = new Processes(folderOf(record.name));
  const abort = (): void => processes.seal(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await build(record, processes);
  } catch (error) {
    processes.seal(error);
    await teardown(record);
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
