import { columns, paragraph, sections, type Row } from '../render/columns.ts';
import type { View } from '../render/view.ts';
import { counted } from '../render/words.ts';
import type { Finding, Step, TakeoverPlan } from './step.ts';

/** Of the objects that a finding names. */
const NAMED = 20;

function findingText({ text, next, objects }: Finding, { width }: View): string {
  const shown = objects.slice(0, NAMED);
  const more = objects.length > NAMED ? [`and ${objects.length - NAMED} more`] : [];
  const named = [...shown, ...more].map((each) => `    ${each}\n`).join('');
  return `${paragraph(`- ${text}`, width)}${named}${paragraph(next, width, '  ')}`;
}

function findingsText(title: string, findings: readonly Finding[], view: View): string {
  return findings.length === 0 ? '' : `${title}\n${findings.map((each) => findingText(each, view)).join('')}`;
}

function stepRow({ what, why, actions }: Step, i: number): Row {
  return [`${i + 1}`, `${actions.length}`, `${what}: ${why}.`];
}

/** A plan for people. */
export function planText({ findings, steps }: TakeoverPlan, view: View): string {
  const obstacles = findings.filter(({ kind }) => kind === 'obstacle');
  const notes = findings.filter(({ kind }) => kind === 'note');
  const head =
    steps.length === 0 ? 'There is nothing to do.\n' : `${counted(steps.length, 'step')}; nothing was done.\n`;
  return sections(
    head,
    findingsText(view.paint('bad', 'In the way:'), obstacles, view),
    findingsText(view.paint('warning', 'To know:'), notes, view),
    steps.length === 0 ? '' : columns(['STEP', 'OBJECTS', 'WHAT, AND WHY'], steps.map(stepRow), view),
  );
}
