import { Marked, Renderer, type Tokens } from 'marked';
import { anchorsOf } from '../anchors.ts';
import { hrefBetween, languageOf, pictureOf, placeOf, targetOf, type Language } from './places.ts';

/** What the site needs to know of the repository. */
export interface Surroundings {
  /** Whether a path of the repository is a page of this site. */
  readonly isPage: (path: string) => boolean;
  /** Whether it is a folder. */
  readonly isFolder: (path: string) => boolean;
  /** Whether it has anything there. */
  readonly isThere: (path: string) => boolean;
  /** Where the repository is published: links to its other files lead there. */
  readonly repository: string;
}

export interface Rendered {
  readonly title: string;
  readonly html: string;
  /** Pictures that it shows: paths of the repository. */
  readonly pictures: readonly string[];
  /** Links to files that the repository doesn't have. */
  readonly deadLinks: readonly string[];
}

/** A page as HTML: what stands in the middle of the template. */
export function renderPage(page: { readonly path: string; readonly text: string }, around: Surroundings): Rendered {
  const marked = new Marked({ gfm: true });
  const tokens = marked.lexer(page.text);
  const headings = tokens.filter((token): token is Tokens.Heading => token.type === 'heading');
  const anchors = anchorsOf(headings.map(({ text }) => text));
  const pictures: string[] = [];
  const dead: string[] = [];
  const anchorByHeading = new Map(headings.map((heading, i) => [heading, anchors[i] ?? '']));
  marked.use({
    renderer: {
      heading(heading) {
        const id = escape(anchorByHeading.get(heading) ?? '');
        const link = heading.depth === 1 ? '' : ` <a class="anchor" href="#${id}" aria-label="#">#</a>`;
        return `<h${heading.depth} id="${id}">${this.parser.parseInline(heading.tokens)}${link}</h${heading.depth}>\n`;
      },
      link({ href, tokens: inner }) {
        if (!leadsSomewhere(page.path, href, around)) dead.push(href);
        return `<a href="${escape(hrefOf(page.path, href, around))}">${this.parser.parseInline(inner)}</a>`;
      },
      image(image) {
        const { href, text } = image;
        if (/^[a-z]+:/.test(href)) return Renderer.prototype.image.call(this, image);
        const { path } = targetOf(page.path, href);
        pictures.push(path);
        const from = placeOf(page.path) ?? '';
        return `<img src="${escape(hrefBetween(from, pictureOf(path)))}" alt="${escape(text)}">`;
      },
      code: (block) => codeBlock(block, languageOf(page.path)),
      table(table) {
        return `<div class="table">${Renderer.prototype.table.call(this, table)}</div>\n`;
      },
    },
  });
  return {
    title: headings.find(({ depth }) => depth === 1)?.text.replaceAll('`', '') ?? page.path,
    html: marked.parser(tokens),
    pictures,
    deadLinks: dead,
  };
}

const TESTED: Readonly<Record<Language, string>> = {
  en: '<span class="mark" title="A test of this repository runs these commands">tested</span>',
  zh: '<span class="mark" title="本仓库的测试会运行这些命令">已测试</span>',
};

function codeBlock({ text, lang = '' }: Tokens.Code, shown: Language): string {
  const [language = '', ...words] = lang.split(/\s+/);
  const tested = words.some((word) => /^(run-by|as)=/.test(word));
  const mark = tested ? TESTED[shown] : '';
  return `<div class="block">${mark}<pre><code class="language-${escape(language)}">${escape(text)}\n</code></pre></div>\n`;
}

function leadsSomewhere(page: string, link: string, { isThere }: Surroundings): boolean {
  return /^[a-z]+:/.test(link) || isThere(targetOf(page, link).path);
}

function hrefOf(page: string, link: string, { isPage, isFolder, repository }: Surroundings): string {
  if (/^[a-z]+:/.test(link)) return link;
  const { path, heading } = targetOf(page, link);
  const fragment = heading === '' ? '' : `#${heading}`;
  const [from, to] = [placeOf(page), placeOf(path)];
  if (from === undefined) throw new Error(`${page} is no page of the site`);
  if (path === page) return fragment;
  if (to !== undefined && isPage(path)) return hrefBetween(from, to) + fragment;
  return `${repository}/${isFolder(path) ? 'tree' : 'blob'}/main/${path}${fragment}`;
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
