import type { LightLab } from '../light-lab.ts';
import { seconds } from './figures.ts';
import type { Replicas } from './replicas.ts';
import { findProcesses, usage } from './usage.ts';

/** Name of a part of the lab -> PIDs. */
type Parts = ReadonlyMap<string, readonly number[]>;

/** CPU time by part of the lab: where all share one machine, what one of them takes is what the others have not. */
export class CpuByPart {
  readonly #parts: Parts;
  readonly #before: ReadonlyMap<string, number>;

  private constructor(parts: Parts, before: ReadonlyMap<string, number>) {
    this.#parts = parts;
    this.#before = before;
  }

  static async start(lab: LightLab, replicas: Replicas): Promise<CpuByPart> {
    const ofLab = async (program: string): Promise<number[]> =>
      findProcesses((line) => line.split(' ', 1).join().endsWith(program) && line.includes(lab.name));
    const parts: Parts = new Map([
      ['API server', await ofLab('kube-apiserver')],
      ['etcd', await ofLab('/etcd')],
      ['router', [...(await ofLab('bgpd')), ...(await ofLab('zebra'))]],
      ['replicas', await replicas.pids()],
      ['this client', [process.pid]],
    ]);
    return new CpuByPart(parts, await totals(parts));
  }

  /** `API server 10.00 s, etcd 2.00 s, router 0.00 s, replicas 0.00 s, this client 1.00 s: 13.00 s`. */
  async describe(): Promise<string> {
    const now = await totals(this.#parts);
    const spent = [...now].map(([part, ms]) => [part, ms - (this.#before.get(part) ?? 0)] as const);
    const sum = spent.reduce((total, [, ms]) => total + ms, 0);
    return `${spent.map(([part, ms]) => `${part} ${seconds(ms)}`).join(', ')}: ${seconds(sum)}`;
  }
}

async function totals(parts: Parts): Promise<Map<string, number>> {
  const all = [...parts].map(async ([part, pids]) => [part, (await usage(pids)).cpuMs] as const);
  return new Map(await Promise.all(all));
}
