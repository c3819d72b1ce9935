/** By the names of their texts, English sentences with `{name}` where a value is filled in. */
export type Templates = Readonly<Record<string, string>>;

/** A sentence that a text begins with. */
export interface Sentence<Source extends string> {
  /** The table that it is in. */
  readonly source: Source;
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
  /** Its length in the text, in characters. */
  readonly length: number;
}

interface Known<Source> {
  readonly source: Source;
  readonly key: string;
  readonly beginning: string;
  readonly pattern: RegExp;
  /** The same of a text that is nothing but this sentence. */
  readonly whole: RegExp;
  /** Characters that are not filled in. */
  readonly weight: number;
}

/** Finds out by which template a sentence was made, and of what values: statuses of objects are in English, readers may not be. */
export class Sentences<Source extends string> {
  readonly #known: readonly Known<Source>[];
  /** What says more in its own words first. */
  readonly #byWeight: readonly Known<Source>[];

  constructor(tables: Readonly<Record<Source, Templates>>) {
    const known = (Object.entries(tables) as [Source, Templates][]).flatMap(([source, templates]) =>
      Object.entries(templates).map(([key, template]) => knownOf(source, key, template)),
    );
    this.#byWeight = known.toSorted((a, b) => b.weight - a.weight);
    // Those that begin with a value could begin anything.
    this.#known = known.sort((a, b) => Number(a.beginning === '') - Number(b.beginning === '') || b.weight - a.weight);
  }

  /** Undefined: no template makes what the text begins with. */
  first(text: string): Sentence<Source> | undefined {
    for (const { source, key, beginning, pattern } of this.#known) {
      const match = text.startsWith(beginning) ? pattern.exec(text) : null;
      if (match !== null) return { source, key, params: { ...match.groups }, length: match[0].length };
    }
    return undefined;
  }

  /** The template that makes all of the text; undefined: none does. */
  whole(text: string): Sentence<Source> | undefined {
    for (const { source, key, whole } of this.#byWeight) {
      const match = whole.exec(text);
      if (match !== null) return { source, key, params: { ...match.groups }, length: text.length };
    }
    return undefined;
  }
}

function knownOf<Source>(source: Source, key: string, template: string): Known<Source> {
  const parts = template.split(/\{(\w+)\}/);
  const literals = parts.filter((_, i) => i % 2 === 0);
  const seen = new Set<string>();
  const all = parts.map((part, i) => (i % 2 === 0 ? escaped(part) : valueOf(part, seen))).join('');
  // Several remarks of one kind are joined by semicolons.
  const pattern = all.replace(/\\\.$/, '[.;]');
  const weight = literals.join('').length;
  const whole = new RegExp(`^${all}$`, 's');
  return { source, key, beginning: parts[0] ?? '', pattern: new RegExp(`^${pattern}(?= |$)`), whole, weight };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** The same value each time that it is filled in. */
function valueOf(name: string, seen: Set<string>): string {
  if (seen.has(name)) return String.raw`\k<${name}>`;
  seen.add(name);
  return `(?<${name}>.+?)`;
}
