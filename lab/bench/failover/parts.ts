/** A table of many runs takes longer than a machine is quiet: it can be measured in parts, which a file keeps. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Conditions } from './conditions.ts';
import type { Sample } from './sample.ts';
import type { TrafficKind } from './site.ts';

/** What was seen of one row: one of each per run, in order. */
export interface RowRuns {
  readonly samples: readonly Readonly<Record<TrafficKind, Sample>>[];
  /** Of rows that have a time of their own. */
  readonly times: readonly number[];
}

export interface Part {
  readonly about: Conditions;
  /** By the row's name. */
  readonly rows: ReadonlyMap<string, RowRuns>;
}

/** All runs of each row. */
export function joined(parts: readonly Part[]): Map<string, RowRuns> {
  const rows = new Map<string, RowRuns>();
  for (const [name, { samples, times }] of parts.flatMap((part) => [...part.rows])) {
    const before = rows.get(name) ?? { samples: [], times: [] };
    rows.set(name, { samples: [...before.samples, ...samples], times: [...before.times, ...times] });
  }
  return rows;
}

/** Of these rows the first of those with the fewest runs, so that they stay even whenever it is ended; undefined once all have enough. */
export function dueRow(names: readonly string[], parts: readonly Part[], runs: number): string | undefined {
  const rows = joined(parts);
  const count = (name: string): number => rows.get(name)?.samples.length ?? 0;
  const fewest = Math.min(...names.map(count));
  return fewest < runs ? names.find((name) => count(name) === fewest) : undefined;
}

/** Where and how all of it was made: one line each. */
export function conditionsOf(parts: readonly Part[]): string[] {
  const counts = [...joined(parts).values()].map(({ samples }) => samples.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const runs = least === most ? `${most} run${most === 1 ? '' : 's'} of each row` : `${least} to ${most} runs of a row`;
  const all = (word: (about: Conditions) => string): string[] => [...new Set(parts.map(({ about }) => word(about)))];
  const made = [...all((about) => about.made), runs, ...(parts.length === 1 ? [] : [`in ${parts.length} parts`])];
  return [made.join(', '), ...all((about) => about.machine), ...all((about) => about.load)];
}

/** The parts that were measured before, as JSON. */
export class PartsFile {
  readonly #path: string;
  readonly #before: readonly Part[];
  /** What it had when it was last read or written here. */
  #text: string;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#before = JSON.parse(text, revive) as Part[];
  }

  /** @throws {Error} if the file cannot be read, or has parts of another commit */
  static async open(path: string, commit: string): Promise<PartsFile> {
    const file = new PartsFile(path, await textOf(path));
    const other = file.#before.find(({ about }) => about.commit !== commit)?.about.commit;
    if (other === undefined) return file;
    throw new Error(`${path} has parts of ${other}, and this is ${commit}: name another file, or remove it`);
  }

  /** Those that were there, and this one as the last. */
  parts(part?: Part): Part[] {
    return part === undefined ? [...this.#before] : [...this.#before, part];
  }

  /** @throws {Error} if somebody else has written it since */
  async write(parts: readonly Part[]): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    // Two that measure at once would lose each other's runs, and spoil them.
    if ((await textOf(this.#path)) !== this.#text) throw new Error(`${this.#path} is written by somebody else as well`);
    this.#text = JSON.stringify(parts, flatten);
    // Whoever is ended while it writes leaves what was there.
    await writeFile(`${this.#path}.new`, this.#text);
    await rename(`${this.#path}.new`, this.#path);
  }
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
}

interface FlatMap {
  readonly entries: [unknown, unknown][];
}

/** As JSON has no such number: where no request was answered any more. */
const never = 'never';

function flatten(_key: string, value: unknown): unknown {
  if (value === Infinity) return never;
  return value instanceof Map ? ({ entries: [...value] } satisfies FlatMap) : value;
}

function revive(_key: string, value: unknown): unknown {
  if (value === never) return Infinity;
  const isMap = typeof value === 'object' && value !== null && Object.hasOwn(value, 'entries');
  return isMap ? new Map((value as FlatMap).entries) : value;
}
