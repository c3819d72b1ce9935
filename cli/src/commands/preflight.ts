import { EXIT } from '../failure.ts';
import type { Preflight } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, sections, type Row } from '../render/columns.ts';
import { word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { counted } from '../render/words.ts';
import { noWords, type Command } from './command.ts';

const NAMED = 5;

type Check = Preflight['checks'][number];
/** An API of an earlier version names the first ten, and doesn't say how many there are. */
type KnownCheck = Omit<Check, 'count'> & Partial<Pick<Check, 'count'>>;

function aboutText({ objects, count = objects.length }: KnownCheck): string {
  if (count === 0) return '';
  if (objects.length === 0) return `It is about ${counted(count, 'object')} that you may not see.`;
  const names = objects.slice(0, NAMED);
  const more = count - names.length;
  return `It is about ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

function rows(found: KnownCheck, view: View): Row[] {
  const { check, result, text, nextStep } = found;
  const below = result === 'passed' ? [] : [nextStep, aboutText(found)].filter((line) => line !== '');
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
