import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { LoopDelay, ProcessUse, Usage } from '../ports.ts';

type Histogram = ReturnType<typeof monitorEventLoopDelay>;

/**
 * From one look at the event loop to the next, in milliseconds: what is shorter may stay unseen. Each look wakes a thread up that has nothing else
 * to do, and where others want the processor that costs more than the look itself: 10 a second were two fifths of all that woke a replica at rest.
 */
const RESOLUTION_MS = 250;
/** How often what is older is forgotten, in milliseconds. */
const WINDOW_MS = 30_000;

/**
 * Begins to watch the event loop of the calling thread. Whoever reads changes nothing for others who do: two histograms take turns in
 * being emptied, and the fuller one is read.
 */
export function watchUsage(): Usage {
  let [fuller, other] = [watchLoop(), watchLoop()];
  const turns = setInterval(() => {
    [fuller, other] = [other, fuller];
    other.reset();
  }, WINDOW_MS).unref();
  return {
    thread: () => ({ heapUsedBytes: getHeapStatistics().used_heap_size, loopDelay: loopDelay(fuller) }),
    process: processUse,
    stop: () => {
      clearInterval(turns);
      for (const histogram of [fuller, other]) histogram.disable();
    },
  };
}

function watchLoop(): Histogram {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

/** Node.js records the time from one look to the next: what is beyond the resolution is the delay. */
function loopDelay(histogram: Histogram): LoopDelay {
  // Nothing recorded yet: the mean is NaN, and the others are of an empty histogram.
  if (histogram.count === 0) return { mean: 0, p99: 0, max: 0 };
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
  return { mean: seconds(histogram.mean), p99: seconds(histogram.percentile(99)), max: seconds(histogram.max) };
}

function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage();
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    // The one that the folder is read by is not counted.
    openFiles: readdirSync('/proc/self/fd').length - 1,
    maxFiles: Number.isNaN(limit) ? undefined : limit,
    startedAt: Date.now() / 1e3 - process.uptime(),
  };
}
