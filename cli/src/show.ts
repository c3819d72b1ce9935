import { stringify } from 'yaml';
import type { Output } from './command-line/parse.ts';
import type { AnyAnswers, AnyTask } from './plan.ts';
import type { View } from './render/view.ts';

export interface ShowOptions {
  readonly output: Output;
  /** One of several: JSON in one line, YAML as one document of a stream. */
  readonly oneOfMany: boolean;
}

/** Answers as text. */
export function shown(task: AnyTask, answers: AnyAnswers, view: View, { output, oneOfMany }: ShowOptions): string {
  if (output === 'table') return task.table(answers, view);
  const data = dataOf(task, answers);
  if (output === 'json') return `${JSON.stringify(data, null, oneOfMany ? 0 : 2)}\n`;
  const yaml = stringify(data, { aliasDuplicateObjects: false, lineWidth: 0 });
  return oneOfMany ? `---\n${yaml}` : yaml;
}

function dataOf({ data }: AnyTask, answers: AnyAnswers): unknown {
  if (data !== undefined) return data(answers);
  const all = Object.values(answers);
  return all.length === 1 ? all[0] : answers;
}
