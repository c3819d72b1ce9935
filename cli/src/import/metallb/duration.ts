const UNITS_MS: Readonly<Record<string, number>> = {
  ...{ ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1 },
  ...{ s: 1000, m: 60_000, h: 3_600_000 },
};

/** Seconds of a duration as Go writes it: `90s`, `1m30s`, `1.5h`; undefined if it is none. */
export function seconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^([0-9]+(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/([0-9.]+)(ns|us|µs|μs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, number, unit]) => sum + (Number(number) * (UNITS_MS[unit ?? ''] ?? 0)) / 1000, 0);
}
