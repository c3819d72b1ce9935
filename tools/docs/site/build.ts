import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pagesBelow, type Page } from '../pages.ts';
import { deadLinks } from './links.ts';
import { navigationOf, type Section } from './navigation.ts';
import { languageOf, pagesElsewhere, pictureOf, placeOf, twinOf, type Language } from './places.ts';
import { renderPage } from './render.ts';
import { htmlOf } from './template.ts';

const INDEX: Readonly<Record<Language, string>> = { en: 'docs/README.md', zh: 'docs/zh/README.md' };
/** Copied as they are. */
const ASSETS: Readonly<Record<string, string>> = {
  'style.css': 'tools/docs/site/style.css',
  'icon.svg': 'extension/static/icon.svg',
};

export interface BuiltSite {
  /** Contents by place: `reference/values.html`. */
  readonly files: ReadonlyMap<string, string | Buffer>;
  /** What is wrong with it, one sentence each. */
  readonly findings: readonly string[];
}

/** The pages of the repository at `root` as a site of plain files. */
export function buildSite(root: string, repository: string): BuiltSite {
  const pages = sitePages(root);
  const paths = new Set(pages.map(({ path }) => path));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const sections = { en: navigation(pages, INDEX.en), zh: navigation(pages, INDEX.zh) };
  const around = {
    repository,
    isPage: (path: string): boolean => paths.has(path),
    isThere: (path: string): boolean => existsSync(join(root, path)),
    isFolder: (path: string): boolean => existsSync(join(root, path)) && statSync(join(root, path)).isDirectory(),
  };
  const files = new Map<string, string | Buffer>(
    Object.entries(ASSETS).map(([place, path]) => [place, readFileSync(join(root, path), 'utf8')]),
  );
  const dead: string[] = [];
  for (const page of pages) {
    const language = languageOf(page.path);
    const twin = twinOf(page.path);
    const other = INDEX[language === 'en' ? 'zh' : 'en'];
    const place = { page: page.path, index: INDEX[language], twin: paths.has(twin) ? twin : other, version };
    const rendered = renderPage(page, around);
    dead.push(...rendered.deadLinks.map((link) => `${page.path}: ${link} leads nowhere`));
    files.set(placeOf(page.path) ?? '', htmlOf(rendered, sections[language], place));
    // One that isn't there is a dead link.
    const there = rendered.pictures.filter((path) => existsSync(join(root, path)));
    for (const path of there) files.set(pictureOf(path), readFileSync(join(root, path)));
  }
  const readable = new Map(
    [...files].map(([place, text]) => [place, place.endsWith('.html') ? String(text) : undefined]),
  );
  return { files, findings: [...dead, ...deadLinks(readable), ...unlisted(pages, sections.en)] };
}

function sitePages(root: string): Page[] {
  const elsewhere = pagesElsewhere.filter((path) => existsSync(join(root, path)));
  return [
    ...pagesBelow(root, 'docs'),
    ...elsewhere.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  ];
}

function navigation(pages: readonly Page[], index: string): Section[] {
  const page = pages.find(({ path }) => path === index);
  if (page === undefined) throw new Error(`there is no ${index}`);
  return navigationOf(page);
}

/** Pages in English that nobody finds, as the index doesn't have them. Decisions have an index of their own. */
function unlisted(pages: readonly Page[], sections: readonly Section[]): string[] {
  const listed = new Set(sections.flatMap(({ entries }) => entries.map(({ page }) => page)));
  return pages
    .map(({ path }) => path)
    .filter((path) => languageOf(path) === 'en' && path !== INDEX.en && !/^docs\/adr\/\d/.test(path))
    .filter((path) => !listed.has(path))
    .map((path) => `${path} is not in ${INDEX.en}`);
}

/** Replaces what is in `folder` by the site. */
export function writeSite({ files }: BuiltSite, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [place, text] of files) {
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    writeFileSync(join(folder, place), text);
  }
}
