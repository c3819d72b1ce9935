import React, { type ReactElement } from 'react';
import type { Overview } from '../../generated/api.ts';
import { useLive } from '../../live/use-live.ts';
import { Notice } from '../../parts/Notice.tsx';
import { Page } from '../../parts/Page.tsx';
import { PageState } from '../../parts/PageState.tsx';
import { MissingReplicas } from '../../parts/Replicas.tsx';
import { VersionNote } from '../../parts/VersionNote.tsx';
import { text } from '../../texts/texts.ts';
import { Charts } from './Charts.tsx';
import { Counts } from './Counts.tsx';
import { FullestPools } from './FullestPools.tsx';
import { FirstRun } from './FirstRun.tsx';
import { HEALTH, isNew } from './overview-model.ts';
import { PathPicture } from './PathPicture.tsx';
import { Problems } from './Problems.tsx';

export function OverviewPage(): ReactElement {
  const live = useLive({ operation: 'getOverview' });
  return (
    <Page title={text('OVERVIEW')} description={text('OVERVIEW_ABOUT')}>
      <VersionNote />
      <PageState live={live}>{(overview) => <Content overview={overview} />}</PageState>
    </Page>
  );
}

function Content({ overview }: { readonly overview: Overview }): ReactElement {
  const { health, counts, problems, picture, replicas } = overview;
  const { level, title } = HEALTH[health] ?? HEALTH.degraded;
  return (
    <>
      {(!isNew(counts) || counts.services.served > 0) && <Notice level={level}>{text(title)}</Notice>}
      {isNew(counts) && <FirstRun counts={counts} />}
      <MissingReplicas replicas={replicas} />
      <Counts overview={overview} />
      {counts.pools.all > 0 && <FullestPools />}
      <Problems problems={problems} />
      {picture.nodes.length > 0 && <PathPicture picture={picture} />}
      {!isNew(counts) && <Charts />}
    </>
  );
}
