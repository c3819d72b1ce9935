/** Time of this thread: by the clock, and what it got of the processor, which doesn't change with how busy the machine is. */
export interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export function measure<T>(work: () => T): { readonly result: T; readonly taken: Taken } {
  const start = performance.now();
  const cpu = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(cpu);
  return { result, taken: { wallMs: performance.now() - start, cpuMs: (user + system) / 1_000 } };
}
