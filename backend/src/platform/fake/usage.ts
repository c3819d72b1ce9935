import type { ProcessUse, ThreadUse, Usage } from '../ports.ts';

/** Says what a test says. */
export class FakeUsage implements Usage {
  threadUse: ThreadUse = { heapUsedBytes: 0, loopDelay: { mean: 0, p99: 0, max: 0 } };
  processUse: ProcessUse = { cpuSeconds: 0, residentBytes: 0, openFiles: 0, maxFiles: undefined, startedAt: 0 };

  thread(): ThreadUse {
    return this.threadUse;
  }

  process(): ProcessUse {
    return this.processUse;
  }

  stop(): void {}
}
