/** What stands between two fences of a page (CommonMark, 4.5). */
export interface Fence {
  /** Path of the page, relative to the repository. */
  readonly page: string;
  /** Of the opening fence; the first one is 1. */
  readonly line: number;
  /** The heading that it stands below; empty: none. */
  readonly heading: string;
  /** The first word behind the opening fence. */
  readonly language: string;
  /** The words after it: `yours`, `run-by=lab/scenarios/x.lab.test.ts`. */
  readonly words: readonly string[];
  readonly text: string;
}

const SHELLS = ['sh', 'bash', 'shell', 'console'];
/** What begins a line that somebody is to type, whatever the block says that it is. */
const PROGRAM = /^\s*(\$ )?(sudo )?(kubectl|helm|npm|npx|curl|docker|git|ctr|flux|argocd) /m;

interface Open {
  readonly indent: number;
  readonly line: number;
  readonly info: string;
  readonly lines: string[];
}

/** All blocks of a page, in their order. */
export function fencesOf(page: string, markdown: string): Fence[] {
  const found: Fence[] = [];
  let heading = '';
  let open: Open | undefined;
  for (const [i, line] of markdown.split('\n').entries()) {
    const [, indent = '', info] = /^( *)```(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (info !== undefined) open = { indent: indent.length, line: i + 1, info, lines: [] };
      heading = headingOf(line) ?? heading;
    } else if (info === '') {
      found.push({ page, line: open.line, heading, ...infoOf(open.info), text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(dedented(line, open.indent));
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: this block is never closed`);
  return found;
}

function headingOf(line: string): string | undefined {
  return /^#{1,6} (.+)$/.exec(line)?.[1];
}

function dedented(line: string, indent: number): string {
  return line.slice(Math.min(indent, line.length - line.trimStart().length));
}

function infoOf(info: string): { language: string; words: string[] } {
  const [language = '', ...words] = info.trim().split(/\s+/);
  return { language, words };
}

/** What follows `name=` among a block's words. */
export function wordOf({ words }: Fence, name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whether it is something for a reader to type. */
export function isShell({ language }: Fence): boolean {
  return SHELLS.includes(language);
}

/** What stands around a block: contents of files of the repository; undefined: there is none. */
export type ReadFile = (path: string) => string | undefined;

/**
 * What is wrong with what a block says of itself, in one sentence. Commands are run by a test, which knows their page (`run-by=`), or are the same as
 * in another page (`as=`), or the reader's own (`yours`), since no test can know the reader's network, console or repository.
 */
export function fenceFinding(fence: Fence, read: ReadFile): string | undefined {
  const found = isShell(fence) ? commandsFinding(fence, read) : otherFinding(fence);
  return found === undefined ? undefined : `${fence.page}:${fence.line}: ${found}`;
}

function otherFinding({ language, text }: Fence): string | undefined {
  if (language === '') return 'a block without a language; say text, if it has none';
  if (language === 'text' && !text.startsWith('$ ') && PROGRAM.test(text)) return 'these look like commands; say sh';
  return undefined;
}

function commandsFinding(fence: Fence, read: ReadFile): string | undefined {
  const [runBy, as] = [wordOf(fence, 'run-by'), wordOf(fence, 'as')];
  const said = [runBy, as, fence.words.find((word) => word === 'yours')].filter((mark) => mark !== undefined);
  if (said.length !== 1) return 'who runs this? Say one of `run-by=PATH/OF/TEST`, `as=PATH/OF/PAGE` and `yours`';
  if (runBy !== undefined) return runFinding(fence, runBy, read(runBy));
  return as === undefined ? undefined : sameFinding(fence, as, read(as));
}

function runFinding({ page }: Fence, path: string, test: string | undefined): string | undefined {
  if (test === undefined) return `there is no ${path}`;
  return test.includes(`'${page}'`) ? undefined : `${path} doesn't run this page`;
}

function sameFinding({ text }: Fence, path: string, page: string | undefined): string | undefined {
  if (page === undefined) return `there is no ${path}`;
  return fencesOf(path, page).some((other) => isShell(other) && other.text === text)
    ? undefined
    : `${path} has no such block`;
}

/** Commands that stand in no block, but indented, where nobody can say who runs them. */
export function indentedCommands(page: string, markdown: string): string[] {
  const outside = markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
  return outside.split('\n').flatMap((line, i) => {
    return /^ {4}/.test(line) && PROGRAM.test(line) ? [`${page}:${i + 1}: these look like commands; fence them`] : [];
  });
}
