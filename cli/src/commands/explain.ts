import { EXIT } from '../failure.ts';
import type { Check, Explanation } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, paragraph, sections, type Row } from '../render/columns.ts';
import { word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { serviceNamed, type Command } from './command.ts';

/** A check with its details below it. */
function rows({ check, result, text, details }: Check, view: View): Row[] {
  return [[check, word(result, view), text], ...details.map((detail) => ['', '', detail])];
}

/** By which troubleshooting, conditions, logs and metrics name what is wrong. */
function reasonsOf(checks: readonly Check[]): string {
  const wrong = checks.filter(({ result }) => result === 'failed' || result === 'warning' || result === 'unknown');
  const reasons = [...new Set(wrong.flatMap(({ reason }) => reason ?? []))];
  return reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
}

function explanationText(explanation: Explanation, view: View): string {
  const { namespace, name, result, sentence, nextStep, checks } = explanation;
  const reasons = result === 'reachable' ? '' : reasonsOf(checks);
  const head = `Service ${view.paint('bold', `${namespace}/${name}`)}: ${word(result, view)}${reasons}\n`;
  const next = result === 'reachable' ? '' : `\n${paragraph(nextStep, view.width)}`;
  return sections(
    head + paragraph(sentence, view.width) + next,
    columns(
      ['CHECK', 'RESULT', ''],
      checks.flatMap((check) => rows(check, view)),
      view,
    ),
  );
}

export const explain: Command = {
  name: 'explain',
  operands: '[svc/]NAME',
  summary: 'Why a Service can be reached or not, and what to do',
  problemsWhen:
    'the Service can be reached at none of its addresses, or that is not known; warnings are 0, as is one address that works',
  about:
    'Goes the way of a Service from its address to the routers, as far as it is well, and says what is wrong and what to do about it.',
  examples: [
    { line: 'explain svc/web', does: 'of the namespace of the context' },
    { line: 'explain web -n shop', does: 'of another namespace' },
    { line: 'explain web -n shop --language zh', does: 'in Chinese' },
    {
      line: 'explain web -o json | jq -r \'.checks[] | select(.result == "failed") | .reason\'',
      does: 'the reason, for a script',
    },
  ],
  takes: ['watch'],
  prepare: ({ words, namespace }) =>
    taskOf({
      plan: { explanation: { id: 'explainService', params: { namespace, name: serviceNamed(words) } } },
      table: ({ explanation }, view) => explanationText(explanation, view),
      exitCode: ({ explanation: { result } }) =>
        result === 'reachable' || result === 'warning' ? EXIT.fine : EXIT.problems,
    }),
};
