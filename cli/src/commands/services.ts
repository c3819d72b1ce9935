import { EXIT } from '../failure.ts';
import type { ServicePage } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns } from '../render/columns.ts';
import { serviceState } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { age, cutOff } from '../render/words.ts';
import { noWords, PAGE, type Command } from './command.ts';

function servicesTable({ items, totalItems }: ServicePage, view: View, where: string): string {
  if (items.length === 0) return `There is no Service of type LoadBalancer in ${where}.\n`;
  const rows = items.map((service) => {
    const { namespace, name, ips, pools, ports, createdAt } = service;
    const listed = [ips, pools, ports].map((each) => (each.length === 0 ? undefined : each.join(',')));
    return [namespace, name, serviceState(service, view), age(createdAt, view.now), ...listed];
  });
  return (
    columns(['NAMESPACE', 'NAME', 'STATE', 'AGE', 'ADDRESS', 'POOL', 'PORTS'], rows, view) + cutOff(items, totalItems)
  );
}

export const services: Command = {
  name: 'services',
  operands: '',
  summary: 'Services of type LoadBalancer, with their addresses',
  about: 'Lists the Services of type LoadBalancer of a namespace, or of all.',
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
