import { padded, textWidth, wrapped } from './text-width.ts';

const GAP = '   ';
/** The last column is wrapped only where that leaves it room to be read. */
const LEAST = 24;

/** Cells of a row, already coloured; undefined: there is nothing to say. */
export type Row = readonly (string | undefined)[];

interface ColumnOptions {
  /** Columns of the terminal: texts in the last column are wrapped to fit. */
  readonly width: number;
  readonly indent?: string;
}

/** A table as kubectl prints it: a head in capitals (unless it is left out), columns as wide as they need to be. */
export function columns(head: readonly string[] | undefined, rows: readonly Row[], options: ColumnOptions): string {
  const indent = options.indent ?? '';
  const all = [...(head === undefined ? [] : [head]), ...rows.map((row) => row.map((cell) => cell ?? '-'))];
  const count = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: count - 1 }, (_, i) => Math.max(...all.map((row) => textWidth(row[i] ?? ''))));
  const before = indent.length + widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const room = Math.max(LEAST, options.width - before);
  return all.map((row) => rowText(row, { widths, room, indent, before })).join('');
}

interface Measures {
  readonly widths: readonly number[];
  readonly room: number;
  readonly indent: string;
  /** Columns in front of the last one. */
  readonly before: number;
}

function rowText(row: readonly string[], { widths, room, indent, before }: Measures): string {
  const firsts = widths.map((width, i) => padded(row[i] ?? '', width) + GAP).join('');
  const [first = '', ...others] = wrapped(row[widths.length] ?? '', room);
  const lines = [indent + firsts + first, ...others.map((line) => ' '.repeat(before) + line)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** `name  value` lines, of those that have a value. */
export function fields(entries: Readonly<Record<string, string | undefined>>, options: ColumnOptions): string {
  const known = Object.entries(entries).filter(([, value]) => value !== undefined && value !== '');
  return columns(undefined, known, options);
}

/** Sections with an empty line in between; empty ones are left out. */
export function sections(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n');
}

export function paragraph(text: string, width: number, indent = ''): string {
  return wrapped(text, Math.max(LEAST, width - indent.length))
    .map((line) => `${indent}${line}\n`)
    .join('');
}
