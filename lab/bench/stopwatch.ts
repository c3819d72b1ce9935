/** Time of one thread: by the clock, and by what the thread itself got of the processor, which a busy machine doesn't change. */
export interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export function measure(work: () => void): Taken {
  const start = performance.now();
  const cpu = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(cpu);
  return { wallMs: performance.now() - start, cpuMs: (user + system) / 1_000 };
}
