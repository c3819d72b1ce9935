import React, { type ReactElement } from 'react';
import type { Replica } from '../generated/api.ts';
import { inReadersWords, type Sentence } from '../texts/sentences.ts';
import { text } from '../texts/texts.ts';
import { Notice } from './Notice.tsx';

/** Why one did not answer, as the replica that asked it has it; what the network says has no other words. */
const PROBLEMS: readonly Sentence[] = [
  [/^no answer within (?<time>\d+) ms$/, 'REPLICA_SILENT'],
  [/^it answers with status (?<status>\d+)$/, 'REPLICA_STATUS'],
  [/^it is of another version and says what this one does not understand$/, 'REPLICA_OTHER_VERSION'],
  [/^it serves with another certificate$/, 'REPLICA_OTHER_CERTIFICATE'],
];

export function replicaWords({ name, problem }: Replica): string {
  return problem === undefined ? name : `${name} (${inReadersWords(problem, PROBLEMS)})`;
}

/** Says which replicas did not answer, so that what only they know is missing; nothing if all did. */
export function MissingReplicas({
  replicas,
}: {
  readonly replicas: readonly Replica[] | undefined;
}): ReactElement | null {
  const missing = (replicas ?? []).filter(({ answered }) => !answered);
  if (missing.length === 0) return null;
  const names = missing.map(replicaWords).join(', ');
  return <Notice level="warning">{text('REPLICAS_MISSING', { names })}</Notice>;
}
