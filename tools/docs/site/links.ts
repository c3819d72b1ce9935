import { posix } from 'node:path';

/** The files of a site by their place; undefined: not a page, nothing to read in it. */
export type Site = ReadonlyMap<string, string | undefined>;

/** Every link of a site's pages to a file or a heading that isn't there, one sentence each. What leads out of the site is not asked. */
export function deadLinks(site: Site): string[] {
  return [...site].flatMap(([place, html]) =>
    html === undefined ? [] : linksIn(html).flatMap((link) => findingOf(site, place, link)),
  );
}

function linksIn(html: string): string[] {
  return [...html.matchAll(/ (?:href|src)="([^"]*)"/g)]
    .map(([, link = '']) => link.replaceAll('&amp;', '&'))
    .filter((link) => !/^[a-z]+:/.test(link));
}

function findingOf(site: Site, place: string, link: string): string[] {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? place : posix.normalize(posix.join(posix.dirname(place), file));
  if (!site.has(target)) return [`${place}: ${link} leads nowhere`];
  if (heading === undefined || heading === '') return [];
  const anchors = new Set([...(site.get(target) ?? '').matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
  return anchors.has(decodeURIComponent(heading)) ? [] : [`${place}: ${target} has no heading #${heading}`];
}
