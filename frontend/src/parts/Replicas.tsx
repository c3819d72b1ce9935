import React, { type ReactElement } from 'react';
import type { Replica } from '../generated/api.ts';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';

/** Says which replicas did not answer, so that what only they know is missing; nothing if all did. */
export function MissingReplicas({
  replicas,
}: {
  readonly replicas: readonly Replica[] | undefined;
}): ReactElement | null {
  const missing = (replicas ?? []).filter(({ answered }) => !answered);
  if (missing.length === 0) return null;
  const names = missing.map(({ name, problem }) => (problem === undefined ? name : `${name} (${problem})`)).join(', ');
  return <Notice level="warning">{text('REPLICAS_MISSING', { names })}</Notice>;
}
