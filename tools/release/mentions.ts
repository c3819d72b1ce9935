/** A version that a page tells its readers to type or to write down. */
export interface Mention {
  readonly version: string;
  /** Where the version itself stands. */
  readonly from: number;
  readonly line: number;
}

/**
 * How our files, images and objects have their version in their name. What a page says of the past (figures of a version, changes in one) is none
 * of these.
 */
const PLACES: readonly RegExp[] = [
  /porterlb-(\d+\.\d+\.\d+)\.tgz/dg,
  /porter-manager[:-](\d+\.\d+\.\d+)/dg,
  /(?:tag|targetRevision): v(\d+\.\d+\.\d+)/dg,
  /name: porterlb\n +version: (\d+\.\d+\.\d+)/dg,
];

/** All of them in a text, in their order. */
export function mentionsIn(text: string): Mention[] {
  const found = PLACES.flatMap((place) => [...text.matchAll(place)]).map((match) => {
    const from = match.indices?.[1]?.[0] ?? 0;
    return { version: match[1] ?? '', from, line: text.slice(0, from).split('\n').length };
  });
  return found.sort((one, other) => one.from - other.from);
}

/** The text with another version in all these places. */
export function withVersion(text: string, version: string): string {
  const mentions = mentionsIn(text).reverse();
  return mentions.reduce(
    (changed, { from, version: old }) => changed.slice(0, from) + version + changed.slice(from + old.length),
    text,
  );
}
