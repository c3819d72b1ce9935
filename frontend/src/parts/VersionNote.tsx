import React, { useMemo, type ReactElement } from 'react';
import { useApi } from '../live/surroundings.tsx';
import { useAnswer } from '../live/use-answer.ts';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';
import { isOlder } from './version.ts';

/** Says that the cluster's PorterLB is older than these pages, so that something may be missing; nothing if it is not. */
export function VersionNote(): ReactElement | null {
  const api = useApi();
  const { answer } = useAnswer(useMemo(() => () => api.ask({ operation: 'getVersion' }), [api]));
  if (answer === undefined || !isOlder(answer.version, PORTERLB_VERSION)) return null;
  return <Notice level="info">{text('VERSION_OLDER', { cluster: answer.version, pages: PORTERLB_VERSION })}</Notice>;
}
