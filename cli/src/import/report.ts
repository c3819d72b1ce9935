import { stringify } from 'yaml';
import { columns, paragraph, sections } from '../render/columns.ts';
import type { View } from '../render/view.ts';
import { counted } from '../render/words.ts';
import type { Import } from './metallb/convert.ts';
import { KINDS, type Finding, type FindingKind } from './metallb/finding.ts';

const TITLES: Readonly<Record<FindingKind, string>> = {
  todo: 'To be done',
  lost: 'Not carried over',
  changed: 'Different from now on',
  unneeded: 'Left behind, needs nothing',
};

/** Names and annotations are other people's: no character of theirs moves the cursor or ends a comment. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Where it is about, and what; a line each. */
function lines({ object, field, why, next }: Finding): readonly [string, string] {
  const where = field === undefined ? object : `${object} ${field}`;
  return [printable(where), printable(next === undefined ? why : `${why}. ${next}`)];
}

function findingsText(kind: FindingKind, all: readonly Finding[], view: View): string {
  const found = all.filter((finding) => finding.kind === kind);
  if (found.length === 0) return '';
  const texts = found.map((finding) => {
    const [where, what] = lines(finding);
    return `  ${where}\n${paragraph(what, view.width, '    ')}`;
  });
  return `${view.paint(kind === 'todo' ? 'bad' : 'bold', TITLES[kind])} (${found.length}):\n${texts.join('')}`;
}

/** How many of what: the last line that anybody reads. */
export function summary({ objects, findings }: Import): string {
  const counts = KINDS.map((kind) => `${findings.filter((finding) => finding.kind === kind).length} ${kind}`);
  return `${counted(objects.length, 'object')}; ${counts.join(', ')}`;
}

/** What would become of MetalLB's objects, for people. */
export function importText(result: Import, view: View): string {
  const { carried, services, findings } = result;
  const rows = carried.map(({ from, to }) => [printable(from), printable(to)]);
  const served = services === 0 ? [] : [[counted(services, 'Service'), 'the same, with the addresses that they have']];
  return sections(
    columns(['OF METALLB', 'BECOMES'], [...rows, ...served], view),
    ...KINDS.map((kind) => findingsText(kind, findings, view)),
    paragraph(
      'Nothing was done. With -o yaml this is what is to be applied, once MetalLB is stopped (docs/how-to/from-metallb.md).',
      view.width,
    ),
  );
}

/** What is to be applied, with what has to be known of it in front. */
export function importYaml(result: Import): string {
  const comments = KINDS.flatMap((kind) => {
    const found = result.findings.filter((finding) => finding.kind === kind);
    return found.length === 0
      ? []
      : [`# ${TITLES[kind]}:`, ...found.map((finding) => `#   ${lines(finding).join(': ')}`), '#'];
  });
  const head = [
    '# Made from the objects of MetalLB. Stop MetalLB first, then: kubectl apply --server-side -f THIS_FILE',
    '#',
    ...comments,
  ].join('\n');
  const documents = result.objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`);
  return `${head}\n${documents.join('')}`;
}
