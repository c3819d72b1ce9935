import ts from 'typescript';
import type { SourceFile } from '../check/source-files.ts';

type Texts = Readonly<Record<string, string>>;

/** What is wrong with the console's texts, one sentence each: a language without one, one that nobody uses, other placeholders. */
export function textFindings(languages: Readonly<Record<string, Texts>>, files: readonly SourceFile[]): string[] {
  const { en = {}, ...others } = languages;
  const sources = files.map(({ text }) => text).join('\n');
  const unused = Object.keys(en).filter((key) => !sources.includes(`'${key}'`));
  return [
    ...unused.map((key) => `en: nobody uses ${key}`),
    ...Object.entries(others).flatMap(([language, texts]) => differences(language, en, texts)),
  ];
}

function differences(language: string, en: Texts, texts: Texts): string[] {
  const missing = Object.keys(en).filter((key) => texts[key] === undefined);
  const extra = Object.keys(texts).filter((key) => en[key] === undefined);
  const other = Object.keys(en).filter((key) => texts[key] !== undefined && holes(en[key]) !== holes(texts[key]));
  return [
    ...missing.map((key) => `${language}: ${key} is missing`),
    ...extra.map((key) => `${language}: English has no ${key}`),
    ...other.map((key) => `${language}: ${key} has other placeholders than in English`),
  ];
}

function holes(text = ''): string {
  return [...text.matchAll(/\{\w+\}/g)]
    .map(([hole]) => hole)
    .sort()
    .join();
}

/** Attributes whose value people read or hear. */
const SPOKEN = new Set([
  'title',
  'label',
  'description',
  'placeholder',
  'alt',
  'hint',
  'aria-label',
  'okText',
  'cancelText',
]);

/** Words for people that stand in a component, where no translation reaches them. */
export function hardCodedTexts({ path, text }: SourceFile): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const words = wordsOf(node);
    if (words !== undefined && /\p{L}{2}/u.test(words)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${path}:${line + 1}: "${words.trim()}" is in no locales/*/console.json`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function wordsOf(node: ts.Node): string | undefined {
  if (ts.isJsxText(node)) return node.text;
  if (ts.isJsxAttribute(node)) return SPOKEN.has(node.name.getText()) ? wordsIn(node.initializer) : undefined;
  // An attribute's are judged with its name.
  return ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent) ? wordsIn(node) : undefined;
}

function wordsIn(value: ts.Node | undefined): string | undefined {
  const inner = value !== undefined && ts.isJsxExpression(value) ? value.expression : value;
  return inner !== undefined && ts.isStringLiteralLike(inner) ? inner.text : undefined;
}
