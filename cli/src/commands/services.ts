import { EXIT } from '../failure.ts';
import type { ListedService, ServicePage } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, sections } from '../render/columns.ts';
import { serviceState, silentReplicas } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { age, cutOff } from '../render/words.ts';
import { noWords, PAGE, type Command } from './command.ts';

/** Without what an API of an earlier version does not say. */
type Page = Omit<ServicePage, 'replicas'> & Partial<Pick<ServicePage, 'replicas'>>;

const HEAD = ['NAMESPACE', 'NAME', 'STATE', 'AGE', 'ADDRESS', 'POOL', 'NODES', 'PORTS'];
/** Of one address. */
const NODES_SHOWN = 3;

/** Next hops, or the owner on a link; an API of an earlier version doesn't say. */
function nodesText({ takers = [] }: Partial<Pick<ListedService, 'takers'>>): string | undefined {
  const texts = takers.flatMap(({ nodes, more }) => {
    if (nodes === null || nodes.length === 0) return [];
    const rest = more + Math.max(0, nodes.length - NODES_SHOWN);
    return `${nodes.slice(0, NODES_SHOWN).join(',')}${rest > 0 ? `+${rest}` : ''}`;
  });
  return texts.length === 0 ? undefined : [...new Set(texts)].join(' ');
}

function servicesTable({ items, totalItems, replicas = [] }: Page, view: View, where: string): string {
  if (items.length === 0) return `There is no Service of type LoadBalancer in ${where}.\n`;
  const rows = items.map((service) => {
    const { namespace, name, ips, pools, ports, createdAt } = service;
    const listed = [ips, pools, ports].map((each) => (each.length === 0 ? undefined : each.join(',')));
    const [ip, pool, port] = listed;
    return [namespace, name, serviceState(service, view), age(createdAt, view.now), ip, pool, nodesText(service), port];
  });
  return sections(columns(HEAD, rows, view) + cutOff(items, totalItems), silentReplicas(replicas));
}

export const services: Command = {
  name: 'services',
  operands: '',
  summary: 'Services of type LoadBalancer, with their addresses',
  about:
    'Lists the Services of type LoadBalancer of a namespace, or of all. NODES are those that take the traffic: next hops with BGP, most preferred first, and the owner with Layer 2.',
  examples: [
    { line: 'services', does: 'of the namespace of the context' },
    { line: 'services -A', does: 'of all namespaces' },
  ],
  takes: ['watch', 'all-namespaces'],
  prepare: ({ words, namespace, allNamespaces }) => {
    noWords(words);
    if (allNamespaces) {
      return taskOf({
        plan: { services: { id: 'listServices', query: { ...PAGE, sortBy: 'namespace', ascending: 'true' } } },
        table: (answers, view) => servicesTable(answers.services, view, 'any namespace'),
        exitCode: () => EXIT.fine,
      });
    }
    return taskOf({
      plan: { services: { id: 'listNamespacedServices', params: { namespace }, query: PAGE } },
      table: (answers, view) => servicesTable(answers.services, view, `the namespace ${namespace}`),
      exitCode: () => EXIT.fine,
    });
  },
};
