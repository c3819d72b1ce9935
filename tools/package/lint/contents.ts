import { isMap, isScalar, parse, parseDocument } from 'yaml';
import { languagesOf, localised } from '../metadata.ts';
import { MAX_PACKED_BYTES, MAX_RELEASE_BYTES, releaseBytes } from '../size.ts';
import type { Rule, Subject } from './subject.ts';

const MAX_ICON_BYTES = 20_000;

/** Sections that users of the marketplace look for. */
const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  en: ['Features', 'Prerequisites', 'Installation', 'Quick start', 'Configuration', 'Uninstallation'],
  zh: ['功能', '前提条件', '安装', '快速开始', '配置', '卸载'],
};

/** How files of pictures begin that all browsers show. */
const PICTURES: readonly RegExp[] = [/^\x89PNG\r\n\x1a\n/, /^\xff\xd8\xff/, /^RIFF....WEBP/s];

function isPicture(content: Buffer): boolean {
  const beginning = content.subarray(0, 16).toString('latin1');
  return PICTURES.some((picture) => picture.test(beginning));
}

export const size: Rule = ({ packedBytes }) =>
  packedBytes < MAX_PACKED_BYTES ? [] : [`the package has ${packedBytes} bytes; less than ${MAX_PACKED_BYTES} fit`];

/** A package may fit into its ConfigMap, and still be one that helm can't install. */
export const release: Rule = ({ files, renderings }) =>
  renderings
    .filter(({ values, mirrored }) => values === 'defaults' && !mirrored)
    .map(({ pass, objects }) => ({ pass, bytes: releaseBytes(files, objects) }))
    .filter(({ bytes }) => bytes >= MAX_RELEASE_BYTES)
    .map(
      ({ pass, bytes }) =>
        `helm would keep ${bytes} bytes of the release of pass ${pass}; its Secret has room for 1 MiB`,
    );

/** Part of an object, and shown to everybody: small, square, and nothing but a picture. */
export const icon: Rule = ({ metadata, files }) => {
  if (/^https?:/.test(metadata.icon))
    return [`icon: ${metadata.icon} is not in the package; sites without internet see none`];
  const content = files.get(metadata.icon);
  if (content === undefined) return [`icon: the package has no ${metadata.icon}`];
  const findings: string[] = [];
  if (content.length > MAX_ICON_BYTES) findings.push(`icon: ${content.length} bytes; ${MAX_ICON_BYTES} at most`);
  if (metadata.icon.endsWith('.svg')) return [...findings, ...svgFindings(content.toString())];
  return isPicture(content) ? findings : [...findings, `icon: ${metadata.icon} is no picture`];
};

function svgFindings(svg: string): string[] {
  const [, width, height] = /^\s*<svg[^>]*\sviewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  return [
    ...(width === undefined ? ['icon: no <svg> with a viewBox'] : []),
    ...(width === height ? [] : [`icon: ${width} x ${height} is not square`]),
    ...(/<script|\son\w+=|href="(?!#)|<foreignObject/i.test(svg) ? ['icon: more than a picture'] : []),
  ];
}

/** Beside each other they share the package with everything else. */
const MAX_SCREENSHOT_BYTES = 120_000;

/** Sites without internet see them too, so they are in the package; and what is in there is shown. */
export const screenshots: Rule = ({ metadata, files }) => {
  const named = metadata.screenshots ?? [];
  const unnamed = [...files.keys()].filter((path) => path.startsWith('static/screenshots/') && !named.includes(path));
  return [
    ...(named.length === 0 ? ['screenshots: none'] : []),
    ...named.flatMap((path) => screenshotFindings(path, files.get(path))),
    ...unnamed.map((path) => `screenshots: nobody shows ${path}`),
  ];
};

function screenshotFindings(path: string, content: Buffer | undefined): string[] {
  if (/^https?:/.test(path)) return [`screenshots: ${path} is not in the package; sites without internet see none`];
  if (content === undefined) return [`screenshots: the package has no ${path}`];
  return [
    ...(isPicture(content) ? [] : [`screenshots: ${path} is no picture`]),
    ...(content.length > MAX_SCREENSHOT_BYTES
      ? [`screenshots: ${path} has ${content.length} bytes; ${MAX_SCREENSHOT_BYTES} at most`]
      : []),
  ];
}

export const readmes: Rule = ({ metadata, files }) =>
  languagesOf(metadata).flatMap((language) => {
    const path = localised('README', language);
    const text = files.get(path)?.toString();
    if (text === undefined) return [`${path} is missing`];
    const sections = sectionsOf(text);
    return (SECTIONS[language] ?? []).flatMap((section) => {
      const body = sections.get(section);
      if (body === undefined) return [`${path}: no section "${section}"`];
      return body === '' ? [`${path}: the section "${section}" is empty`] : [];
    });
  });

/**
 * What the console of 4.1 can't show or follow: it looks for a picture of a page at ks-apiserver, which serves no single files of a package,
 * leaves out HTML, and takes a link for a path of its own. Pictures are screenshots, which it shows below the README.
 */
export const pages: Rule = ({ metadata, files }) =>
  languagesOf(metadata).flatMap((language) =>
    (['README', 'CHANGELOG'] as const).flatMap((document) => {
      const path = localised(document, language);
      const text = (files.get(path)?.toString() ?? '').replaceAll(/^```[^]*?^```/gm, '');
      const pictures = [...text.matchAll(/!\[[^\]]*\]\([^)]*\)|<img\b[^>]*>/g)].map(([picture]) => picture);
      const links = [...text.matchAll(/(?<!!)\[[^\]]*\]\((?!https?:|#)([^)]*)\)/g)].map(([, target = '']) => target);
      const named = [...text.matchAll(/`(docs\/[^`]+)`/g)].map(([, page = '']) => page);
      return [
        ...pictures.map((picture) => `${path}: the console shows no picture ${picture}`),
        ...links.map((target) => `${path}: ${target} leads nowhere in the console`),
        ...named.map((page) => `${path}: the package has no ${page}; link to where it can be read`),
      ];
    }),
  );

export const changelogs: Rule = ({ metadata, files }) =>
  languagesOf(metadata).flatMap((language) => {
    const path = localised('CHANGELOG', language);
    const text = files.get(path)?.toString();
    if (text === undefined) return [`${path} is missing`];
    const [newest] = headingsOf(text);
    return newest === metadata.version ? [] : [`${path}: begins with "${newest}", not with ${metadata.version}`];
  });

/** What stands below each heading, without headings of subsections and comments. */
function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^## /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      const body = lines.filter((line) => !/^#+ /.test(line)).join('\n');
      return [heading.trim(), body.replaceAll(/<!--[^]*?-->/g, '').trim()] as const;
    }),
  );
}

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading.trim());
}

/** The values that the marketplace shows: each is one of a chart's, with the chart's default, and has a comment. */
export const values: Rule = (subject) => {
  const text = subject.files.get('values.yaml')?.toString();
  if (text === undefined) return ['values.yaml is missing'];
  const shown = parse(text) as Record<string, unknown>;
  const defaults = defaultsOf(subject);
  const compared = Object.entries(shown).flatMap(([part, value]) =>
    part in defaults ? differences(part, value, defaults[part]) : [`values.yaml: nobody reads ${part}`],
  );
  return [...compared, ...uncommented(text)];
};

function defaultsOf({ metadata, files }: Subject): Record<string, unknown> {
  const charts = (metadata.dependencies ?? []).map(({ name }) => {
    const text = files.get(`charts/${name}/values.yaml`)?.toString() ?? '';
    return [name, (parse(text) as Record<string, unknown> | null) ?? {}] as const;
  });
  const globals = charts.map(([, chart]) => chart['global'] ?? {});
  return { ...Object.fromEntries(charts), global: Object.assign({}, ...globals) as unknown };
}

function differences(path: string, shown: unknown, chart: unknown): string[] {
  if (!isRecord(shown) || Object.keys(shown).length === 0) {
    return JSON.stringify(shown) === JSON.stringify(chart)
      ? []
      : [`values.yaml: ${path} is ${JSON.stringify(shown)}, but the chart's default is ${JSON.stringify(chart)}`];
  }
  return Object.entries(shown).flatMap(([key, value]) =>
    isRecord(chart) && key in chart
      ? differences(`${path}.${key}`, value, chart[key])
      : [`values.yaml: the chart has no ${path}.${key}`],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function uncommented(text: string): string[] {
  const document = parseDocument(text);
  const parts = isMap(document.contents) ? document.contents.items : [];
  return parts.flatMap(({ value }) => (isMap(value) ? leavesWithout(value) : []));
}

function leavesWithout(map: { items: readonly { key: unknown; value: unknown }[] }): string[] {
  return map.items.flatMap(({ key, value }, i) => {
    if (isMap(value) && value.items.length > 0) return leavesWithout(value);
    // The parser gives the comment above a map's first key to the map.
    const comment = isScalar(key)
      ? (key.commentBefore ?? (i === 0 ? (map as { commentBefore?: string }).commentBefore : undefined))
      : undefined;
    return comment === undefined ? [`values.yaml: ${String(isScalar(key) ? key.value : key)} has no comment`] : [];
  });
}
