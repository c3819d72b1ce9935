import type { Asked } from '../../lan/asker-process.ts';
import { percentile } from '../figures.ts';

/** Milliseconds of the answers to questions for an address; questions without one are counted in `lost`. */
export function answers({ latencies }: Asked, ip: string): { readonly ms: number[]; readonly lost: number } {
  const all = latencies[ip] ?? [];
  const ms = all.filter((one) => one !== null);
  return { ms, lost: all.length - ms.length };
}

export function figures(asked: Asked, ip: string): string {
  const { ms, lost } = answers(asked, ip);
  if (ms.length === 0) return `none of ${lost}`;
  const [median = 0, p99 = 0, worst = 0] = [50, 99, 100].map((percent) => percentile(ms, percent));
  const rest = `p99 ${p99.toFixed(2)}, worst ${worst.toFixed(1)}, n ${ms.length}`;
  return `${median.toFixed(3)} ms (${rest}${lost > 0 ? `, ${lost} without` : ''})`;
}
