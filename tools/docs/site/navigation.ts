import { targetOf } from './places.ts';

export interface Entry {
  readonly title: string;
  /** The page, relative to the repository. */
  readonly page: string;
}

export interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/**
 * What stands at the side of every page, as the index says: its headings of the second level, and of each list entry or table row below them the first
 * link.
 */
export function navigationOf(index: { readonly path: string; readonly text: string }): Section[] {
  const sections: { title: string; entries: Entry[] }[] = [];
  for (const line of index.text.split('\n')) {
    const [, heading] = /^## (.+)$/.exec(line) ?? [];
    if (heading !== undefined) sections.push({ title: heading, entries: [] });
    const [, title, link] = /^(?:- |\| )\[([^\]]+)\]\(([^)\s]+\.md)\)/.exec(line) ?? [];
    if (title === undefined || link === undefined) continue;
    sections.at(-1)?.entries.push({ title, page: targetOf(index.path, link).path });
  }
  return sections.filter(({ entries }) => entries.length > 0);
}
