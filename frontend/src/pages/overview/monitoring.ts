import { Failure } from '../../api/failure.ts';
import type { Http } from '../../api/http.ts';
import { text, type TextKey } from '../../texts/texts.ts';

/** What is drawn, as a question to Prometheus. Replicas that tell the same are counted once. */
export interface Chart {
  readonly title: TextKey;
  readonly expr: string;
}

export const CHARTS: readonly Chart[] = [
  { title: 'CHART_ADDRESSES', expr: 'sum(max by (pool, family) (porterlb_pool_used_addresses))' },
  { title: 'CHART_WAITING', expr: 'max(porterlb_waiting_services)' },
  { title: 'CHART_SESSIONS', expr: 'sum(porterlb_bgp_session_up)' },
  { title: 'CHART_FLAPS', expr: 'sum(increase(porterlb_bgp_session_flaps_total[5m]))' },
];

export interface Point {
  /** In seconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

const POINTS = 60;

/**
 * The values of a chart, of KubeSphere's monitoring.
 * @throws {Failure} unsupported: there is no monitoring
 */
export async function valuesOf(http: Http, cluster: string, { expr }: Chart, { start, end }: Span): Promise<Point[]> {
  const step = `${Math.max(1, Math.round((end - start) / POINTS))}s`;
  const query = new URLSearchParams({ cluster, expr, start: String(start), end: String(end), step });
  // KubeSphere asks the monitoring of all clusters in one place.
  const url = `/kapis/monitoring.kubesphere.io/v1beta1/targets/query?${query.toString()}`;
  const answer = await http.send({ method: 'GET', url, headers: { accept: 'application/json' } });
  return pointsIn(JSON.parse(answer) as unknown);
}

interface Matrix {
  readonly data?: { readonly result?: readonly { readonly values?: readonly (readonly [number, string])[] }[] };
  readonly results?: readonly Matrix[];
}

/** @throws {Failure} if that is no answer of Prometheus */
export function pointsIn(answer: unknown): Point[] {
  const { data, results } = (answer ?? {}) as Matrix;
  const series = (data ?? results?.[0]?.data)?.result;
  if (!Array.isArray(series)) throw new Failure('unsupported', text('MONITORING_ODD'));
  const values = (series[0] as { values?: readonly (readonly [number, string])[] } | undefined)?.values ?? [];
  return values.map(([at, value]) => ({ at, value: Number(value) })).filter(({ value }) => Number.isFinite(value));
}

/** The values as a line in a box of that size, from the lowest, or 0, to the highest. */
export function linePath(
  points: readonly Point[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return '';
  const top = Math.max(1, ...points.map(({ value }) => value));
  const bottom = Math.min(0, ...points.map(({ value }) => value));
  const x = (at: number): number => (last.at === first.at ? 0 : ((at - first.at) / (last.at - first.at)) * width);
  const y = (value: number): number => height - ((value - bottom) / (top - bottom)) * height;
  const round = (value: number): number => Math.round(value * 10) / 10;
  return points.map(({ at, value }, i) => `${i === 0 ? 'M' : 'L'}${round(x(at))} ${round(y(value))}`).join(' ');
}
