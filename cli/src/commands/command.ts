import { UsageFailure, type ExitCode } from '../failure.ts';
import type { AnyTask } from '../plan.ts';
import type { Kubectl } from '../reach/kubectl.ts';
import type { View } from '../render/view.ts';

/** What a command line says, besides how the manager is reached and how the answer is shown. */
export interface Input {
  /** What stands behind the name of the command. */
  readonly words: readonly string[];
  /** Of the command line, else of the context. */
  readonly namespace: string;
  readonly allNamespaces: boolean;
  readonly addresses: boolean;
  /** To be read in place of the cluster; `-` is the standard input. */
  readonly file?: string | undefined;
}

/** What a command has a use for, of the options that not all have. */
export type Extra = 'all-namespaces' | 'watch' | 'addresses' | 'file' | 'dry-run' | 'apply' | 'rollback';

/** One entry of the table of commands. */
export type AnyCommand = Command | LocalCommand;

interface CommandText {
  /** One word or several: `explain`, `simulate drain`. */
  readonly name: string;
  /** What stands behind the name. */
  readonly operands: string;
  readonly summary: string;
  /** When it ends with 1, as the end of a sentence; nothing: never. */
  readonly problemsWhen?: string;
  readonly about: string;
  readonly examples: readonly Example[];
  readonly takes: readonly Extra[];
}

/** Asks the manager's API, and changes nothing. */
export interface Command extends CommandText {
  /** Pure. @throws {UsageFailure} if the words make no sense */
  readonly prepare: (input: Input) => AnyTask;
}

/** What a command that asks no manager is told. */
export interface LocalInput extends Pick<Input, 'words' | 'file'> {
  readonly dryRun: boolean;
  readonly apply: boolean;
  readonly rollback: boolean;
  readonly output: 'table' | 'json' | 'yaml';
  readonly timeoutMs: number;
}

/** Asks no manager: the Kubernetes API by the caller's own rights, and files, are all that it needs. It may change something. */
export interface LocalCommand extends CommandText {
  /** @throws {Failure} */
  readonly perform: (input: LocalInput, deps: LocalDeps) => Promise<LocalAnswer>;
}

export interface LocalDeps {
  readonly kubectl: Kubectl;
  /** The text of a file. @throws {Failure} */
  readonly read: (file: string) => Promise<string>;
  /** What goes on meanwhile, a line at a time. */
  readonly tell: (line: string) => void;
  readonly now: () => Date;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface LocalAnswer {
  readonly table: (view: View) => string;
  readonly yaml: () => string;
  readonly data: unknown;
  /** For people who only get what is for programs. */
  readonly remark?: string;
  readonly exitCode: ExitCode;
}

export interface Example {
  readonly line: string;
  readonly does: string;
}

/** RFC 1123, as the API takes it. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const SERVICE_KINDS = ['svc', 'service', 'services'];

function checkedName(name: string, what: string): string {
  if (NAME.test(name)) return name;
  throw new UsageFailure(`"${name}" can't be the name of a ${what}: lower case letters, digits, "-" and "."`);
}

/** The Service of `svc/NAME`, `svc NAME` or `NAME`. */
export function serviceNamed(words: readonly string[]): string {
  const [first = '', second, ...rest] = words;
  if (first === '' || rest.length > 0) throw new UsageFailure('one Service has to be named, such as svc/web');
  if (second !== undefined) return serviceOf(first, second, words.join(' '));
  const [kind = '', name, ...more] = first.split('/');
  return name === undefined ? checkedName(first, 'Service') : serviceOf(kind, [name, ...more].join('/'), first);
}

function serviceOf(kind: string, name: string, said: string): string {
  if (SERVICE_KINDS.includes(kind.toLowerCase())) return checkedName(name, 'Service');
  throw new UsageFailure(`"${said}" is no Service`, 'Write svc/NAME, and the namespace as --namespace NAMESPACE.');
}

/** The names of objects of a kind, `KIND/` in front of them or not; at least one. */
export function namesOf(words: readonly string[], kinds: readonly [string, ...string[]]): string[] {
  if (words.length === 0) throw new UsageFailure(`a ${kinds[0]} has to be named`);
  return words.map((word) => {
    const [kind = '', name, ...more] = word.split('/');
    if (name === undefined) return checkedName(word, kinds[0]);
    if (more.length > 0 || !kinds.includes(kind.toLowerCase())) throw new UsageFailure(`"${word}" is no ${kinds[0]}`);
    return checkedName(name, kinds[0]);
  });
}

/** The name of one object of a kind, or none. */
export function optionalName(words: readonly string[], kinds: readonly [string, ...string[]]): string | undefined {
  if (words.length === 0) return undefined;
  if (words.length > 1) throw new UsageFailure(`one ${kinds[0]} at most can be named`);
  return namesOf(words, kinds)[0];
}

export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageFailure(`nothing can be named here, and there is "${words.join(' ')}"`);
}

/** Tables of the API give ten rows unless asked for more; this is the most that they give at once. */
export const PAGE = { limit: '500' } as const;
