import type { ProcessUse, ThreadUse } from '../../platform/ports.ts';
import { single, type Chapter, type SampledMetric } from '../metric.ts';

function ofThreads(name: string, help: string, value: (use: ThreadUse) => number): SampledMetric {
  return {
    ...{ name, type: 'gauge', help, labels: ['thread'] },
    samples: ({ thread: main, engine }) =>
      [
        { thread: 'main', use: main },
        { thread: 'engine', use: engine?.thread },
      ].flatMap(({ thread, use }) => (use === undefined ? [] : [{ value: value(use), labels: { thread } }])),
  };
}

type Type = SampledMetric['type'];

function ofProcess(name: string, type: Type, help: string, value: (use: ProcessUse) => number): SampledMetric {
  return { ...{ name, type, help, labels: [] }, samples: ({ process }) => single(value(process)) };
}

export const process: Chapter = {
  title: 'The process',
  about:
    'Every replica has these of itself. Those without our prefix are named as in all programs that Prometheus watches. Delays of an event loop are those of the last half to one minute, however often they are read; whatever a thread has to do waits for so long.',
  metrics: [
    ofThreads(
      'porterlb_event_loop_delay_mean_seconds',
      "How late a thread's event loop comes to what is due, on average.",
      ({ loopDelay }) => loopDelay.mean,
    ),
    ofThreads(
      'porterlb_event_loop_delay_p99_seconds',
      "How late a thread's event loop comes to what is due, in all but one percent of the cases.",
      ({ loopDelay }) => loopDelay.p99,
    ),
    ofThreads(
      'porterlb_event_loop_delay_max_seconds',
      "How late a thread's event loop comes to what is due, at most.",
      ({ loopDelay }) => loopDelay.max,
    ),
    ofThreads('porterlb_heap_used_bytes', 'JavaScript memory of a thread.', ({ heapUsedBytes }) => heapUsedBytes),
    ofProcess(
      'process_cpu_seconds_total',
      'counter',
      'User and system CPU time that was spent.',
      ({ cpuSeconds }) => cpuSeconds,
    ),
    ofProcess('process_resident_memory_bytes', 'gauge', 'Memory in use.', ({ residentBytes }) => residentBytes),
    ofProcess('process_open_fds', 'gauge', 'Open file descriptors.', ({ openFiles }) => openFiles),
    {
      name: 'process_max_fds',
      type: 'gauge',
      help: 'Most file descriptors that may be open.',
      labels: [],
      samples: ({ process: { maxFiles } }) => (maxFiles === undefined ? [] : single(maxFiles)),
    },
    ofProcess(
      'process_start_time_seconds',
      'gauge',
      'When the process started, in seconds since the epoch.',
      ({ startedAt }) => startedAt,
    ),
  ],
};
