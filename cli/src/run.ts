import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { help } from './command-line/help.ts';
import { parse, type Invocation } from './command-line/parse.ts';
import type { Command, LocalCommand } from './commands/command.ts';
import { PLUGIN_VERSION } from './commands/version.ts';
import { EXIT, Failure, UsageFailure, type ExitCode } from './failure.ts';
import type { AnyAnswers, AnyTask } from './plan.ts';
import { credentialOf, VIEWER, type ServiceAccount } from './reach/credential.ts';
import { kubeconfigFiles, readContext } from './reach/kubeconfig.ts';
import { failureOf, InstalledKubectl, type Kubectl } from './reach/kubectl.ts';
import { managerPlace } from './reach/manager.ts';
import { linkOpener } from './reach/open-link.ts';
import { Session } from './reach/session.ts';
import { paragraph } from './render/columns.ts';
import { coloured, plain, type View } from './render/view.ts';
import { shown } from './show.ts';
import type { Terminal } from './terminal.ts';
import { watch } from './watch.ts';

type Invoked = Extract<Invocation, { readonly kind: 'command' }>;
type InvokedOf<C> = Omit<Invoked, 'command'> & { readonly command: C };
/** Of a command that asks the manager. */
type Asked = InvokedOf<Command>;

export interface RunDeps {
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  /** Somebody wants it to end. */
  readonly signal: AbortSignal;
}

/** Does what a command line asks for, and says how it went. */
export async function run(args: readonly string[], deps: RunDeps): Promise<ExitCode> {
  try {
    return await perform(parse(args, deps.environment), deps);
  } catch (error) {
    // Who was in the middle of something says what that leaves.
    const hasWords = error instanceof Failure && error.exitCode === EXIT.interrupted;
    if (deps.signal.aborted && !hasWords) return EXIT.interrupted;
    return complain(error, deps.terminal);
  }
}

function complain(error: unknown, { err, width }: Terminal): ExitCode {
  // Whatever else is thrown is a fault of this program.
  const failure =
    error instanceof Failure ? error : new Failure(EXIT.unreachable, `a fault of this plugin: ${String(error)}`);
  err(`error: ${failure.message}\n`);
  const usage = error instanceof UsageFailure ? 'See "kubectl porterlb --help".' : undefined;
  const hint = failure.hint ?? usage;
  if (hint !== undefined) err(paragraph(hint, width()));
  return failure.exitCode;
}

async function perform(invocation: Invocation, deps: RunDeps): Promise<ExitCode> {
  const { terminal } = deps;
  switch (invocation.kind) {
    case 'help':
      terminal.out(help(invocation.command, terminal.width()));
      return EXIT.fine;
    case 'version':
      terminal.out(`kubectl-porterlb ${PLUGIN_VERSION}\n`);
      return EXIT.fine;
    case 'command':
      return await performCommand(invocation, deps);
  }
}

async function performCommand(invoked: Invoked, deps: RunDeps): Promise<ExitCode> {
  const { command } = invoked;
  const { kubeconfig, context, timeoutMs } = invoked.reach;
  const kubectl = new InstalledKubectl({ kubeconfig, context, timeoutMs });
  if ('perform' in command) return await performHere({ ...invoked, command }, kubectl, deps);
  return await asking({ ...invoked, command }, kubectl, deps);
}

async function performHere(
  invoked: InvokedOf<LocalCommand>,
  kubectl: Kubectl,
  { terminal, signal }: RunDeps,
): Promise<ExitCode> {
  const { command, output, reach } = invoked;
  const now = (): Date => new Date();
  const tell = (line: string): void => terminal.out(`${line}\n`);
  const { timeoutMs } = reach;
  const answer = await command.perform({ ...invoked, timeoutMs }, { kubectl, read, tell, now, wait, signal });
  if (output === 'table') terminal.out(answer.table(viewOf(terminal, new Date())));
  if (output === 'yaml') terminal.out(answer.yaml());
  if (output === 'json') terminal.out(`${JSON.stringify(answer.data, null, 2)}\n`);
  if (output !== 'table' && answer.remark !== undefined) terminal.err(`${answer.remark}\n`);
  return answer.exitCode;
}

/** The text of a file, or of the standard input. @throws {Failure} */
async function read(file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(EXIT.notFound, `${file} can't be read: ${(error as Error).message}`);
  }
}

async function asking(asked: Asked, kubectl: Kubectl, deps: RunDeps): Promise<ExitCode> {
  // Mistakes are found before anybody is asked.
  prepared(asked, asked.namespace ?? 'default');
  const { session, namespace } = await sessionFor(asked, kubectl, deps.environment);
  try {
    return await answered(prepared(asked, asked.namespace ?? namespace), asked, { ...deps, session });
  } finally {
    await session.close();
  }
}

function prepared(asked: Asked, namespace: string): AnyTask {
  const { command, words, allNamespaces, addresses } = asked;
  return command.prepare({ words, namespace, allNamespaces, addresses });
}

async function sessionFor(
  asked: Asked,
  kubectl: Kubectl,
  environment: NodeJS.ProcessEnv,
): Promise<{ session: Session; namespace: string }> {
  const { reach, language } = asked;
  const context = await readContext(kubectl, kubeconfigFiles(reach.kubeconfig, environment)).catch((error: unknown) => {
    throw failureOf(error, "the kubeconfig can't be used");
  });
  const place = managerPlace(kubectl, reach.managerNamespace);
  const viewer = async (): Promise<ServiceAccount> => ({ namespace: await place(), name: VIEWER });
  const accounts = { viewer, wanted: reach.serviceAccount };
  const session = new Session(
    { credential: credentialOf(context?.signIn, { kubectl }, accounts), open: linkOpener(kubectl, reach, place), wait },
    { language, timeoutMs: reach.timeoutMs, userAgent: `kubectl-porterlb/${PLUGIN_VERSION}` },
  );
  return { session, namespace: context?.namespace ?? 'default' };
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}

async function answered(
  task: AnyTask,
  { output, watch: watching }: Asked,
  { session, terminal, signal }: RunDeps & { readonly session: Session },
): Promise<ExitCode> {
  const text = (answers: AnyAnswers, now: Date): string =>
    shown(task, answers, viewOf(terminal, now), { output, oneOfMany: watching });
  if (watching) {
    await watch(task, { session, terminal, text, separator: output === 'table' ? '\n' : '' }, signal);
    // Ctrl-C is how a watch is meant to end.
    return EXIT.fine;
  }
  const answers = await askAll(task, session, signal);
  terminal.out(text(answers, new Date()));
  return task.exitCode(answers);
}

/** All questions at once. When one fails, the others are given up before that is told. @throws {Failure} */
async function askAll({ plan }: AnyTask, session: Session, signal: AbortSignal): Promise<AnyAnswers> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const asking = Object.entries(plan).map(async ([name, question]) => [name, await session.ask(question, either)]);
  try {
    return Object.fromEntries(await Promise.all(asking)) as AnyAnswers;
  } finally {
    stop.abort();
    await Promise.allSettled(asking);
  }
}

function viewOf({ width, height, colours }: Terminal, now: Date): View {
  return { width: width(), height: height(), now, paint: colours ? coloured : plain };
}
