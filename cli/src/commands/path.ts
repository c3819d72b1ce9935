import { EXIT } from '../failure.ts';
import type { Service, ServicePath } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, fields, paragraph, sections, type Row } from '../render/columns.ts';
import { said, silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { serviceNamed, type Command } from './command.ts';

const INDENT = '  ';

function nodesText({ nodes, owner, mac }: ServicePath, { paint }: View): string {
  if (owner !== null) return `${owner} (answers for the address on the link${mac ? `, by ${mac}` : ''})`;
  const texts = nodes.map(({ node, addresses, draining }) => {
    const at = addresses.length === 0 ? '' : ` ${addresses.join(' ')}`;
    return `${node}${at}${draining ? paint('warning', ' draining') : ''}`;
  });
  return texts.length === 0 ? paint('bad', 'nobody') : texts.join(', ');
}

function verdictText({ verdict }: ServicePath, { paint }: View): string {
  return verdict === null ? paint('warning', 'no replica says anything of it') : verdict.text;
}

type Router = ServicePath['peers'][number];
type Confirmed = Router['confirmed'][number];

function sessionText({ state, negotiated, addPath }: Confirmed, view: View): string {
  const without = state === 'Established' && negotiated === false ? view.paint('bad', ', not for this family') : '';
  return `${word(state, view)}${without}${addPath ? ', ADD-PATH' : ''}`;
}

/** What one replica tells a router, if anything, and how its session with it is. */
function replicaRow({ peer, intended, confirmed }: Router, replica: string, view: View): Row {
  const session = confirmed.find((each) => each.replica === replica);
  const route = intended.find((each) => each.replica === replica);
  const state = session === undefined ? view.paint('bad', 'none') : sessionText(session, view);
  return [peer, replica, state, route?.med.toString(), route?.nextHops.join(' ') ?? 'told nothing'];
}

function noSessionText(replicas: Service['replicas'], { paint }: View): string {
  const heard = replicas.filter(({ answered }) => answered);
  if (heard.length === 0) return paint('warning', 'not known: no replica answered');
  return paint('bad', `no replica ${heard.length < replicas.length ? 'that answered ' : ''}has one`);
}

function routerRows(router: Router, replicas: Service['replicas'], view: View): Row[] {
  const names = new Set([...router.intended, ...router.confirmed].map(({ replica }) => replica));
  if (names.size === 0) return [[router.peer, undefined, noSessionText(replicas, view), undefined, undefined]];
  return [...names].sort().map((replica) => replicaRow(router, replica, view));
}

function peersTable({ peers }: ServicePath, replicas: Service['replicas'], view: View): string {
  const rows = peers.flatMap((router) => routerRows(router, replicas, view));
  if (rows.length === 0) return '';
  return columns(['PEER', 'REPLICA', 'SESSION', 'MED', 'NEXT HOPS'], rows, { ...view, indent: INDENT });
}

function addressText(path: ServicePath, replicas: Service['replicas'], view: View): string {
  const { ip, pool, protocol, leftOut } = path;
  const facts = fields(
    {
      Pool: pool === null ? view.paint('bad', 'none any more') : `${pool} (${protocol ?? 'unknown'})`,
      State: verdictText(path, view),
      [path.owner === null ? 'Nodes' : 'Owner']: nodesText(path, view),
      'Left out': leftOut.map(({ text }) => text).join('\n'),
    },
    { ...view, indent: INDENT },
  );
  return `${view.paint('bold', ip)}\n${facts}${peersTable(path, replicas, view)}`;
}

function serviceText(service: Service, view: View): string {
  const { namespace, name, ports, externalTrafficPolicy, notServedBecause, allocated } = service;
  const head = `Service ${view.paint('bold', `${namespace}/${name}`)}: ${ports.join(', ')}, externalTrafficPolicy ${externalTrafficPolicy}\n`;
  const why = notServedBecause?.text ?? (allocated === null ? 'nobody has said why yet' : said(allocated));
  const paths = service.paths.map((path) => addressText(path, service.replicas, view));
  const none = paths.length > 0 ? '' : paragraph(`It has no address: ${why}`, view.width);
  return sections(head + none, ...paths, silentReplicas(service.replicas));
}

function isOnItsWay({ announced, protocol, peers }: ServicePath): boolean {
  return announced === true && (protocol === 'layer2' || peers.some(hears));
}

/** Whether some replica tells it the route over a session that has the family. */
function hears({ intended, confirmed }: Router): boolean {
  const up = confirmed.filter(({ state, negotiated }) => state === 'Established' && negotiated);
  return intended.some(({ replica }) => up.some((session) => session.replica === replica));
}

export const path: Command = {
  name: 'path',
  operands: '[svc/]NAME',
  summary: 'The way of a Service: addresses, pool, nodes, routers',
  problemsWhen: 'it has no address, or one of them is not announced, or no router hears of it, or that is not known',
  about:
    'Shows the way of each address of a Service: its pool, the nodes that take its traffic, and of each replica the session with each router and what it tells it.',
  examples: [
    { line: 'path svc/web', does: 'of the namespace of the context' },
    { line: 'path web -n shop --watch', does: 'again every two seconds, as far as it changes' },
  ],
  takes: ['watch'],
  prepare: ({ words, namespace }) =>
    taskOf({
      plan: { service: { id: 'getService', params: { namespace, name: serviceNamed(words) } } },
      table: ({ service }, view) => serviceText(service, view),
      exitCode: ({ service: { paths } }) => (paths.length > 0 && paths.every(isOnItsWay) ? EXIT.fine : EXIT.problems),
    }),
};
