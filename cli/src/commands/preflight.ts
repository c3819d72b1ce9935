import { EXIT } from '../failure.ts';
import type { Preflight } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, sections, type Row } from '../render/columns.ts';
import { word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { counted, firstOf } from '../render/words.ts';
import { noWords, type Command } from './command.ts';

const NAMED = 5;

function rows({ check, result, text, nextStep, objects }: Preflight['checks'][number], view: View): Row[] {
  const about = objects.length === 0 ? [] : [`It is about ${firstOf(objects, NAMED)}.`];
  const below = result === 'passed' ? [] : [nextStep, ...about].filter((line) => line !== '');
  return [[check, word(result, view), text], ...below.map((line) => ['', '', line])];
}

function preflightText({ ready, checks }: Preflight, view: View): string {
  const found = checks.filter(({ result }) => result !== 'passed').length;
  const head = ready
    ? view.paint('good', 'Nothing is in the way.')
    : view.paint('bad', `Something is in the way: ${counted(found, 'finding')}.`);
  return sections(
    `${head}\n`,
    columns(
      ['CHECK', 'RESULT', ''],
      checks.flatMap((check) => rows(check, view)),
      view,
    ),
  );
}

export const preflight: Command = {
  name: 'preflight',
  operands: '',
  summary: 'What is in the way before the first Service',
  problemsWhen: 'something is in the way',
  about:
    'Looks at nodes, other load balancers, pools, routers and replicas for what would keep Services from being reached.',
  examples: [
    { line: 'preflight', does: 'what is in the way now' },
    { line: 'preflight --watch', does: 'again every two seconds, as far as it changes' },
  ],
  takes: ['watch'],
  prepare: ({ words }) => {
    noWords(words);
    return taskOf({
      plan: { preflight: { id: 'getPreflight' } },
      table: (answers, view) => preflightText(answers.preflight, view),
      exitCode: (answers) => (answers.preflight.ready ? EXIT.fine : EXIT.problems),
    });
  },
};
