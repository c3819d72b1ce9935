import type { RivalObservation } from '../speakers/layer2/speaker.ts';
import type { LinkPlaces } from './link-places.ts';
import type { LinkAddress } from './layer2-deps.ts';

/** Within that a replica that asks others to ask where it speaks has told them; less than from one report on a rival to the next. */
const NEWS_MS = 80;

/**
 * How long to wait, in milliseconds, before a rival that we don't yield to is contradicted. A replica that comes may be heard on the link
 * before it has told us that it can speak there: then it is right, and neighbours would hear of three changes in place of one.
 */
export function patienceWith(
  { ip, node, heard }: RivalObservation,
  places: Pick<LinkPlaces, 'speakersFor'>,
  wanted: LinkAddress | undefined,
): number {
  const speakers = places.speakersFor(ip, wanted?.pool.interface ?? '');
  return heard === 'answer' || speakers.some((speaker) => speaker.node === node) ? 0 : NEWS_MS;
}
