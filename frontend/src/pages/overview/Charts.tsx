import React, { useEffect, useMemo, type ReactElement } from 'react';
import { useClock, useCluster, useHttp } from '../../live/surroundings.tsx';
import { useAnswer } from '../../live/use-answer.ts';
import { text } from '../../texts/texts.ts';
import { CHARTS, linePath, valuesOf, type Chart, type Point } from './monitoring.ts';

const HOUR_S = 3_600;
const AGAIN_MS = 60_000;
const BOX = { width: 300, height: 60 };

interface Drawn {
  readonly chart: Chart;
  readonly points: readonly Point[];
}

/** The last hour by KubeSphere's monitoring, where it is there; else that it is not. */
export function Charts(): ReactElement | null {
  const [http, clock, cluster] = [useHttp(), useClock(), useCluster()];
  const ask = useMemo(
    () => (): Promise<Drawn[]> => {
      const end = Math.floor(clock.now() / 1_000);
      const span = { start: end - HOUR_S, end };
      return Promise.all(CHARTS.map(async (chart) => ({ chart, points: await valuesOf(http, cluster, chart, span) })));
    },
    [http, clock, cluster],
  );
  const { answer, failure, refresh } = useAnswer(ask);
  const isSettled = answer !== undefined || failure !== undefined;
  // Both are other ones after each question, also after one that failed.
  useEffect(
    () => (isSettled ? clock.setTimer(AGAIN_MS, refresh) : undefined),
    [isSettled, answer, failure, clock, refresh],
  );
  if (answer === undefined && failure !== undefined)
    return <p className="plb-card plb-hint">{text('NO_MONITORING', { why: failure.message })}</p>;
  if (answer === undefined) return null;
  return (
    <ul className="plb-figures" aria-label={text('CHARTS')}>
      {answer.map(({ chart, points }) => (
        <li key={chart.title} className="plb-card plb-chart">
          <ChartView title={text(chart.title)} points={points} />
        </li>
      ))}
    </ul>
  );
}

function ChartView({ title, points }: { readonly title: string; readonly points: readonly Point[] }): ReactElement {
  const last = points.at(-1);
  return (
    <>
      <span>{title}</span>
      <strong>{last === undefined ? '—' : Math.round(last.value * 10) / 10}</strong>
      <svg viewBox={`0 -2 ${BOX.width} ${BOX.height + 4}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={linePath(points, BOX)} />
      </svg>
      <small>{text('CHART_SPAN')}</small>
    </>
  );
}
