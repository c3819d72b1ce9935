import { posix } from 'node:path';

/** Pages outside of docs/ that belong to the site, and where. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'contributing.html',
  'SECURITY.md': 'reporting.html',
  'extension/CHANGELOG.md': 'changelog.html',
  'extension/CHANGELOG_zh.md': 'zh/changelog.html',
};

/** Where a page stands in the site; undefined: it is none of the site's. Paths of pages are relative to the repository. */
export function placeOf(page: string): string | undefined {
  const [, inDocs] = /^docs\/(.+)\.md$/.exec(page) ?? [];
  if (inDocs === undefined) return ELSEWHERE[page];
  return inDocs.replace(/(^|\/)README$/, '$1index') + '.html';
}

export const pagesElsewhere: readonly string[] = Object.keys(ELSEWHERE);

/** The languages that pages are written in, the first one as a rule. */
export type Language = 'en' | 'zh';

export function languageOf(page: string): Language {
  return page.startsWith('docs/zh/') || page.endsWith('_zh.md') ? 'zh' : 'en';
}

/** The same page in the other language, whether there is one or not. */
export function twinOf(page: string): string {
  if (languageOf(page) === 'zh') return page.replace('docs/zh/', 'docs/').replace('_zh.md', '.md');
  return page.startsWith('docs/') ? page.replace('docs/', 'docs/zh/') : page.replace('.md', '_zh.md');
}

/** Where a picture of the repository stands in the site. */
export function pictureOf(path: string): string {
  return `pictures/${posix.basename(path)}`;
}

/** What a link that stands in `from` leads to, and the heading: both are paths as pages have them. */
export function targetOf(from: string, link: string): { readonly path: string; readonly heading: string } {
  const [file = '', heading = ''] = link.split('#');
  return { path: file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file)), heading };
}

/** How one file of the site names another: both are places. */
export function hrefBetween(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}
