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

/** Keys that a file of texts has twice: all who read it take the last one and say nothing of the others. */
export function repeatedKeys({ path, text }: SourceFile): string[] {
  const [root] = ts.parseJsonText(path, text).statements;
  if (root === undefined || !ts.isObjectLiteralExpression(root.expression)) return [`${path}: is no object`];
  const keys = root.expression.properties.map(({ name }) => (name && ts.isStringLiteral(name) ? name.text : ''));
  return keys.filter((key, i) => keys.indexOf(key) !== i).map((key) => `${path}: has ${key} twice`);
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

/** Phrases that nobody reads: a query, and what an object's status is compared with. */
const VALUES: readonly string[] = ['sum(max by (pool, family) (porterlb_pool_used_addresses))', 'In use.'];

/** What routers are told has one language. */
const FOR_ROUTERS = /\/router-config\.ts$/;

/** Words for people that stand in the code, where no translation reaches them. */
export function hardCodedTexts({ path, text }: SourceFile): string[] {
  if (FOR_ROUTERS.test(path)) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found = new Set<string>();
  const values = [...VALUES, ...literalTypesIn(source)];
  const find = (node: ts.Node, words: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.add(`${path}:${line + 1}: "${words.trim()}" is in no locales/*/console.json`);
  };
  const visit = (node: ts.Node): void => {
    for (const [spoken, words] of spokenIn(node)) if (/\p{L}{2}/u.test(words)) find(spoken, words);
    const words = literalText(node);
    if (words !== undefined && isPhrase(words) && !values.includes(words) && !isForMachines(node)) find(node, words);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found];
}

type Words = readonly (readonly [ts.Node, string])[];

/** What people read or hear here, if it is as short as one word. */
function spokenIn(node: ts.Node): Words {
  if (ts.isJsxText(node)) return [[node, node.text]];
  if (ts.isJsxAttribute(node)) return SPOKEN.has(node.name.getText()) ? wordsIn(node.initializer) : [];
  // An attribute's are judged with its name.
  if (ts.isJsxExpression(node)) return ts.isJsxAttribute(node.parent) ? [] : wordsIn(node.expression);
  return ts.isCallExpression(node) && /^notify\./.test(node.expression.getText())
    ? node.arguments.flatMap(wordsIn)
    : [];
}

/** What a value may be made of: either side of a choice, each part of what is put together. */
function wordsIn(value: ts.Node | undefined): Words {
  if (value === undefined) return [];
  const words = literalText(value);
  if (words !== undefined) return [[value, words]];
  if (ts.isConditionalExpression(value)) return [value.whenTrue, value.whenFalse].flatMap(wordsIn);
  if (ts.isBinaryExpression(value)) return isComparison(value) ? [] : [value.left, value.right].flatMap(wordsIn);
  if (ts.isTemplateExpression(value)) {
    return [value.head, ...value.templateSpans.flatMap(({ expression, literal }) => [expression, literal])].flatMap(
      wordsIn,
    );
  }
  if (ts.isJsxExpression(value) || ts.isParenthesizedExpression(value)) return wordsIn(value.expression);
  return [];
}

function isComparison({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  const joins = [ts.SyntaxKind.PlusToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.AmpersandAmpersandToken];
  return ![...joins, ts.SyntaxKind.QuestionQuestionToken].includes(kind);
}

/** What is the type of something as well is a value of the code's own. */
function literalTypesIn(node: ts.Node): string[] {
  if (ts.isLiteralTypeNode(node)) return [literalText(node.literal) ?? []].flat();
  const found: string[] = [];
  ts.forEachChild(node, (child) => void found.push(...literalTypesIn(child)));
  return found;
}

function literalText(node: ts.Node): string | undefined {
  return ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) ? node.text : undefined;
}

/** Several words are hardly ever anything but a text for people, wherever they stand. */
function isPhrase(words: string): boolean {
  return /\p{L}{2,} \(?\p{L}{2,}/u.test(words);
}

/** Classes of styles and the like, which are judged by the attribute's name, and what programmers are told. */
function isForMachines(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isJsxAttribute(at)) return true;
    if (ts.isNewExpression(at) && /^(Error|Failure)$/.test(at.expression.getText())) return true;
  }
  return false;
}
