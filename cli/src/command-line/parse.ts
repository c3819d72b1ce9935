import { parseArgs } from 'node:util';
import type { AnyCommand, Extra } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import { UsageFailure } from '../failure.ts';
import { EXTRA_OPTIONS, OPTIONS } from './options.ts';

export type Output = 'table' | 'json' | 'yaml';
export type Language = 'en' | 'zh';

/** How the manager is to be reached, and as whom. */
export interface Reach {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly managerNamespace: string | undefined;
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined;
  readonly server: string | undefined;
  readonly certificateAuthority: string | undefined;
  readonly insecure: boolean;
  readonly timeoutMs: number;
}

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: 'help'; readonly command: AnyCommand | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'command';
      readonly command: AnyCommand;
      readonly words: readonly string[];
      /** Undefined: that of the context. */
      readonly namespace: string | undefined;
      readonly allNamespaces: boolean;
      readonly addresses: boolean;
      readonly file: string | undefined;
      readonly watch: boolean;
      readonly dryRun: boolean;
      readonly apply: boolean;
      readonly rollback: boolean;
      readonly output: Output;
      readonly language: Language;
      readonly reach: Reach;
    };

const DEFAULT_TIMEOUT_S = 30;
const OUTPUTS: readonly Output[] = ['table', 'json', 'yaml'];
const LANGUAGES: readonly Language[] = ['en', 'zh'];

type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string | boolean>>>;

/**
 * Reads a command line; of the environment, only the language.
 * @throws {UsageFailure}
 */
export function parse(args: readonly string[], environment: NodeJS.ProcessEnv): Invocation {
  const { values, positionals } = split(args);
  if (values.version === true) return { kind: 'version' };
  const isHelp = positionals[0] === 'help';
  const { command, words } = commandOf(isHelp ? positionals.slice(1) : positionals);
  if (values.help === true || isHelp) return { kind: 'help', command };
  if (command === undefined) {
    if (words.length > 0) throw unknownCommand(words);
    return { kind: 'help', command: undefined };
  }
  refuseUseless(command, values);
  return {
    ...{ kind: 'command', command, words, namespace: textOf(values, 'namespace') },
    allNamespaces: values['all-namespaces'] === true,
    addresses: values.addresses === true,
    file: textOf(values, 'file'),
    watch: values.watch === true,
    ...{ dryRun: values['dry-run'] === true, apply: values.apply === true, rollback: values.rollback === true },
    output: oneOf('output', textOf(values, 'output') ?? 'table', OUTPUTS),
    language: oneOf('language', textOf(values, 'language') ?? languageOf(environment), LANGUAGES),
    reach: reachOf(values),
  };
}

function split(args: readonly string[]): { values: Values; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    // Node.js adds advice that fits programs which take anything.
    const [message = ''] = (error as Error).message.split(/\. |\n/);
    throw new UsageFailure(message.charAt(0).toLowerCase() + message.slice(1));
  }
}

/** The command with the longest name that the words begin with, and the words behind it. */
function commandOf(words: readonly string[]): { command: AnyCommand | undefined; words: readonly string[] } {
  const found = COMMANDS.filter(({ name }) => name.split(' ').every((part, i) => part === words[i]));
  const [command] = found.sort((a, b) => b.name.length - a.name.length);
  return { command, words: command === undefined ? words : words.slice(command.name.split(' ').length) };
}

function unknownCommand(words: readonly string[]): UsageFailure {
  const [first = ''] = words;
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (family.length === 0) return new UsageFailure(`there is no command "${first}"`);
  return new UsageFailure(`"${words.join(' ')}" is no command`, `It may be: ${family.join(', ')}.`);
}

function refuseUseless(command: AnyCommand, values: Values): void {
  for (const name of Object.keys(EXTRA_OPTIONS) as Extra[]) {
    if (values[name] !== undefined && !command.takes.includes(name)) {
      throw new UsageFailure(`"${command.name}" has no option --${name}`);
    }
  }
}

function textOf(values: Values, name: keyof typeof OPTIONS): string | undefined {
  const value = values[name];
  if (value === '') throw new UsageFailure(`--${name} is empty`);
  return typeof value === 'string' ? value : undefined;
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageFailure(`--${option} is one of ${allowed.join(', ')}, not "${value}"`);
  return found;
}

/** POSIX, 8.2: the first of these that is set. */
function languageOf({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  const locale = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '');
  return locale?.startsWith('zh') === true ? 'zh' : 'en';
}

function reachOf(values: Values): Reach {
  const server = textOf(values, 'server');
  for (const name of ['certificate-authority', 'insecure-skip-tls-verify'] as const) {
    if (values[name] !== undefined && server === undefined) throw new UsageFailure(`--${name} goes with --server only`);
  }
  return {
    kubeconfig: textOf(values, 'kubeconfig'),
    context: textOf(values, 'context'),
    managerNamespace: textOf(values, 'manager-namespace'),
    serviceAccount: serviceAccountOf(textOf(values, 'service-account')),
    server: server === undefined ? undefined : httpsUrl(server),
    certificateAuthority: textOf(values, 'certificate-authority'),
    insecure: values['insecure-skip-tls-verify'] === true,
    timeoutMs: secondsOf(textOf(values, 'request-timeout')) * 1000,
  };
}

function serviceAccountOf(text: string | undefined): Reach['serviceAccount'] {
  if (text === undefined) return undefined;
  const [namespace = '', name = '', ...more] = text.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw new UsageFailure(`--service-account is NAMESPACE/NAME, not "${text}"`);
  return { namespace, name };
}

/** A token goes there. */
function httpsUrl(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'https:')
    throw new UsageFailure(`--server is an https:// URL, not "${text}"`);
  return text.replace(/\/+$/, '');
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_S;
  const seconds = Number(text.replace(/s$/, ''));
  if (!(seconds > 0 && seconds <= 3600)) throw new UsageFailure(`--request-timeout is seconds, not "${text}"`);
  return seconds;
}
