/**
 * For `node --import`, before a replica's own program: what it takes for the time of day is off by as many milliseconds as the file says that
 * is named as the node in the folder CHAOS_CLOCKS. The monotonic clock goes on, as it does when somebody sets a machine's clock.
 */
import { readFileSync, watchFile } from 'node:fs';
import { join } from 'node:path';

const file = join(process.env['CHAOS_CLOCKS'] ?? '', process.env['NODE_NAME'] ?? '');
const Real = Date;
let offset = 0;

function read(): void {
  try {
    offset = Number(readFileSync(file, 'utf8'));
  } catch {
    // Nobody has set this node's clock.
    offset = 0;
  }
}

class ShiftedDate extends Real {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [ShiftedDate.now()] : given) as [number]));
  }

  static override now(): number {
    return Real.now() + offset;
  }
}

read();
watchFile(file, { interval: 200, persistent: false }, read);
globalThis.Date = ShiftedDate as DateConstructor;
