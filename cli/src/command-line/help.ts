import type { AnyCommand } from '../commands/command.ts';
import { COMMANDS } from '../commands/table.ts';
import { columns, paragraph, sections } from '../render/columns.ts';
import { EXTRA_OPTIONS, HELP_OPTIONS, REACH_OPTIONS, SHOWN_OPTIONS, type Option } from './options.ts';

export const PROGRAM = 'kubectl porterlb';

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'fine'],
  ['1', 'what was asked about is not as it should be (each command says when)'],
  ['2', 'the command line makes no sense'],
  ['3', 'nobody could be asked: no manager, no connection, no answer in time'],
  ['4', 'refused: a right is missing, or who you are is not known'],
  ['5', 'there is no such object'],
];

type Options = Readonly<Record<string, Option>>;

function optionsText(title: string, options: Options, width: number): string {
  const rows = Object.entries(options).map(([name, { short, value, does }]) => {
    const long = `--${name}${value === undefined ? '' : ` ${value}`}`;
    return [`${short === undefined ? '    ' : `-${short}, `}${long}`, does];
  });
  return rows.length === 0 ? '' : `${title}:\n${columns(undefined, rows, { width, indent: '  ' })}`;
}

/** The help of one command, or of all. */
export function help(command: AnyCommand | undefined, width: number): string {
  return command === undefined ? overview(width) : commandHelp(command, width);
}

function overview(width: number): string {
  const commands = COMMANDS.map(({ name, operands, summary }) => [`${name} ${operands}`, summary]);
  return sections(
    paragraph(
      `${PROGRAM}: what PorterLB does, and why a Service can or can't be reached. Nothing but takeover changes anything.`,
      width,
    ),
    `Usage: ${PROGRAM} COMMAND [options]\n`,
    `Commands:\n${columns(undefined, commands, { width, indent: '  ' })}`,
    optionsText('Options', { ...EXTRA_OPTIONS, ...SHOWN_OPTIONS, ...HELP_OPTIONS }, width),
    optionsText('How the manager is reached', REACH_OPTIONS, width),
    exitCodes(EXIT_CODES, width),
    `"${PROGRAM} COMMAND --help" has examples.\n`,
  );
}

function exitCodes(codes: readonly (readonly [string, string])[], width: number): string {
  return `Exit codes:\n${columns(undefined, codes, { width, indent: '  ' })}`;
}

function commandHelp(command: AnyCommand, width: number): string {
  const { name, operands, about, examples, takes, problemsWhen } = command;
  const lines = examples.map(({ line, does }) => `  # ${does}\n  ${PROGRAM} ${line}\n`);
  const extras = Object.fromEntries(
    Object.entries(EXTRA_OPTIONS).filter(([option]) => takes.some((t) => t === option)),
  );
  const codes = EXIT_CODES.flatMap(([code, text]): [string, string][] => {
    if (code !== '1') return [[code, text]];
    return problemsWhen === undefined ? [] : [[code, problemsWhen]];
  });
  return sections(
    `Usage: ${PROGRAM} ${[name, operands, '[options]'].filter((part) => part !== '').join(' ')}\n`,
    paragraph(about, width),
    `Examples:\n${lines.join('')}`,
    optionsText('Options', { ...extras, ...SHOWN_OPTIONS }, width),
    exitCodes(codes, width),
    `"${PROGRAM} --help" has the options that say how the manager is reached.\n`,
  );
}
