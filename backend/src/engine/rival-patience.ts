import type { ReplicaProber } from '../health/replicas.ts';
import type { RivalObservation } from '../speakers/layer2/speaker.ts';

/** Within that a replica that asks others to ask where it speaks has told them. What is planned is not put off by the next report on it. */
const NEWS_MS = 80;

/**
 * How long to wait, in milliseconds, before a rival that we don't yield to is contradicted. A replica that comes, and has said so far that
 * it speaks nowhere, may be heard on the link before its word that it does now: then it is right, and neighbours would hear of three
 * changes in place of one.
 */
export function patienceWith(
  { node, delegate = node, heard }: Pick<RivalObservation, 'node' | 'delegate' | 'heard'>,
  replicas: Pick<ReplicaProber, 'answering'>,
): number {
  if (heard === 'answer') return 0;
  const there = replicas.answering().filter((replica) => replica.node === delegate);
  return there.some(({ place, isPlaceKnown }) => isPlaceKnown && place.links.length === 0) ? NEWS_MS : 0;
}
