import React, { type ReactElement } from 'react';
import { useLive } from '../live/use-live.ts';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';
import { isOlder } from './version.ts';

/** Says that the cluster's PorterLB is older than these pages, so that something may be missing; nothing if it is not. */
export function VersionNote(): ReactElement | null {
  const { answer } = useLive({ operation: 'getVersion' });
  if (answer === undefined || !isOlder(answer.version, PORTERLB_VERSION)) return null;
  return <Notice level="info">{text('VERSION_OLDER', { cluster: answer.version, pages: PORTERLB_VERSION })}</Notice>;
}
