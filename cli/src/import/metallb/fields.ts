import type { Finding, Findings } from './finding.ts';

/** Any stored object, as kubectl prints it. */
export interface AnyObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: unknown;
  readonly [field: string]: unknown;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type Path = readonly (string | number)[];

/** `['spec', 'peers', 0]` -> `spec.peers[0]`. */
export function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

/** The paths of all values in `value` that say something. */
function leaves(value: unknown, path: Path): Path[] {
  if (value === undefined || value === null || value === '') return [];
  if (Array.isArray(value)) return value.flatMap((item, i) => leaves(item, [...path, i]));
  if (isRecord(value)) return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  return [path];
}

/** What the API server says of an object, rather than its author. */
const OF_THE_SERVER = ['apiVersion', 'kind', 'metadata', 'status'];

/**
 * The fields of one object, each of which has to be taken by whoever has a use for it. What nobody took is told at the end, so that
 * nothing is left behind in silence: neither what a newer version brought nor a value of another type than expected.
 */
export class Fields {
  readonly #object: AnyObject;
  readonly #taken = new Set<string>();
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `Kind name`. */
  readonly label: string;

  constructor(object: AnyObject) {
    this.#object = object;
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    this.name = asText(metadata['name']) ?? '';
    this.namespace = asText(metadata['namespace']) ?? '';
    this.labels = pairsOf(metadata['labels']);
    this.annotations = pairsOf(metadata['annotations']);
    this.label = `${String(object.kind)} ${this.name}`;
  }

  /** A value that may be anything: it counts as taken with all that is in it. */
  take(...path: Path): unknown {
    const value = this.#at(path);
    for (const leaf of leaves(value, path)) this.#taken.add(pathText(leaf));
    return value;
  }

  /** Whether there is anything at all. */
  has(...path: Path): boolean {
    return (this.#at(path) ?? undefined) !== undefined;
  }

  /** The paths of all values below. */
  paths(...path: Path): string[] {
    return leaves(this.#at(path), path).map(pathText);
  }

  text(...path: Path): string | undefined {
    const text = asText(this.#at(path));
    if (text === undefined || text === '') return undefined;
    this.take(...path);
    return text;
  }

  number(...path: Path): number | undefined {
    const value = this.#at(path);
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined;
    this.take(...path);
    return value;
  }

  flag(...path: Path): boolean | undefined {
    const value = this.#at(path);
    if (typeof value !== 'boolean') return undefined;
    this.take(...path);
    return value;
  }

  /** Those items of a list that are texts. */
  texts(...path: Path): string[] {
    return this.items(...path).flatMap((item) => this.text(...item) ?? []);
  }

  /** Label pairs. */
  pairs(...path: Path): Readonly<Record<string, string>> {
    const value = this.#at(path);
    const keys = isRecord(value) ? Object.keys(value) : [];
    return Object.fromEntries(
      keys.flatMap((key) => {
        const text = asText(this.#at([...path, key]));
        if (text === undefined) return [];
        this.take(...path, key);
        return [[key, text]];
      }),
    );
  }

  /** Paths of the items of a list. */
  items(...path: Path): Path[] {
    const value = this.#at(path);
    return Array.isArray(value) ? value.map((_, i) => [...path, i]) : [];
  }

  /** Says that nobody had a use for what was not taken. */
  tellRest(findings: Findings): void {
    const { label } = this;
    const rest = Object.entries(this.#object)
      .filter(([key]) => !OF_THE_SERVER.includes(key))
      .flatMap(([key, value]) => leaves(value, [key]))
      .map(pathText)
      .filter((path) => !this.#taken.has(path));
    for (const field of rest) {
      const why = 'is not known here, or has a value that can not be read: it is not carried over';
      findings.add({ kind: 'lost', object: label, field, why, next: 'Look up what it does, and whether you need it.' });
    }
  }

  /** A finding about one of the fields. */
  finding(kind: Finding['kind'], path: Path, why: string, next?: string): Finding {
    return { kind, object: this.label, field: pathText(path), why, ...(next === undefined ? {} : { next }) };
  }

  #at(path: Path): unknown {
    return path.reduce<unknown>((value, key) => {
      if (Array.isArray(value) && typeof key === 'number') return value[key];
      return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    }, this.#object);
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function pairsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])),
  );
}
