import type { Command } from '../commands/command.ts';
import type { AnyAnswers, AnyTask } from '../plan.ts';
import { view } from './answers.ts';

export function task(command: Command, ...words: string[]): AnyTask {
  return command.prepare({ words, namespace: 'shop', allNamespaces: false, addresses: false });
}

/** The table as a text that begins with an empty line, to be compared with one that is written that way. */
export function table(prepared: AnyTask, given: AnyAnswers, width = view.width): string {
  return `\n${prepared.table(given, { ...view, width })}`;
}
