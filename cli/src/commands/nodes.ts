import { EXIT } from '../failure.ts';
import type { Node, NodePage } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, sections, type Row } from '../render/columns.ts';
import { silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { cutOff } from '../render/words.ts';
import { noWords, PAGE, type Command } from './command.ts';

function row(node: Node, view: View): Row {
  const { name, addresses, ready, verdict, takesTraffic, because, drains } = node;
  const traffic = takesTraffic ? view.paint('good', 'yes') : view.paint('warning', 'no');
  const why = [because?.text, drains.length === 0 ? undefined : `draining (${drains.join(', ')})`].filter(Boolean);
  const note = why.length === 0 ? addresses.join(', ') : `${addresses.join(', ')}\n${why.join('\n')}`;
  return [name, ready ? 'yes' : view.paint('bad', 'no'), word(verdict, view), traffic, note];
}

function nodesTable({ items, totalItems, replicas }: NodePage, view: View): string {
  const rows = items.map((node) => row(node, view));
  const table = columns(['NAME', 'READY', 'PROBES', 'TAKES TRAFFIC', 'ADDRESSES'], rows, view);
  return sections(table + cutOff(items, totalItems), silentReplicas(replicas));
}

export const nodes: Command = {
  name: 'nodes',
  operands: '',
  summary: 'Nodes, and whether they take traffic',
  about:
    'Lists the nodes: whether Kubernetes calls them ready, what probes find, and whether they take traffic from outside.',
  examples: [{ line: 'nodes', does: 'all nodes' }],
  takes: ['watch'],
  prepare: ({ words }) => {
    noWords(words);
    return taskOf({
      plan: { nodes: { id: 'listNodes', query: PAGE } },
      table: (answers, view) => nodesTable(answers.nodes, view),
      exitCode: () => EXIT.fine,
    });
  },
};
