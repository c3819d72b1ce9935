import type { Section } from './navigation.ts';
import { hrefBetween, languageOf, placeOf, type Language } from './places.ts';
import { escape, type Rendered } from './render.ts';

const WORDS = {
  en: { home: 'PorterLB documentation', contents: 'Contents', other: '中文', here: 'Skip to the text' },
  zh: { home: 'PorterLB 文档', contents: '目录', other: 'English', here: '跳到正文' },
} as const satisfies Record<Language, object>;

export interface Place {
  readonly page: string;
  readonly index: string;
  /** The same in the other language, or that language's index. */
  readonly twin: string;
  readonly version: string;
}

/** A whole file of the site: no script, nothing from elsewhere. */
export function htmlOf(content: Rendered, sections: readonly Section[], place: Place): string {
  const language = languageOf(place.page);
  const words = WORDS[language];
  const to = (page: string): string => escape(hrefBetween(here(place.page), here(page)));
  const title = place.page === place.index ? words.home : `${content.title} – PorterLB`;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="${escape(hrefBetween(here(place.page), 'style.css'))}">
<link rel="icon" href="${escape(hrefBetween(here(place.page), 'icon.svg'))}" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#text">${words.here}</a>
<header>
<a class="home" href="${to(place.index)}"><img src="${escape(hrefBetween(here(place.page), 'icon.svg'))}" alt="" width="28" height="28">${words.home}</a>
<span class="version">${escape(place.version)}</span>
<a class="language" href="${to(place.twin)}" lang="${language === 'en' ? 'zh' : 'en'}">${words.other}</a>
</header>
<div class="columns">
<nav aria-label="${words.contents}">
<input type="checkbox" id="contents"><label for="contents">${words.contents}</label>
<div class="sections">
${sections.map((section) => sectionOf(section, place.page, to)).join('')}</div>
</nav>
<main id="text">
${content.html}</main>
</div>
</body>
</html>
`;
}

function here(page: string): string {
  const place = placeOf(page);
  if (place === undefined) throw new Error(`${page} is no page of the site`);
  return place;
}

function sectionOf({ title, entries }: Section, page: string, to: (page: string) => string): string {
  const links = entries.map((entry) => {
    const current = entry.page === page ? ' aria-current="page"' : '';
    return `<li><a href="${to(entry.page)}"${current}>${escape(entry.title.replaceAll('`', ''))}</a></li>\n`;
  });
  return `<h2>${escape(title)}</h2>\n<ul>\n${links.join('')}</ul>\n`;
}
