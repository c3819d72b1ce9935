import { EXIT } from '../failure.ts';
import type { Overview } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { fields, paragraph, sections } from '../render/columns.ts';
import { silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { counted, firstOf } from '../render/words.ts';
import { noWords, PAGE, type Command } from './command.ts';
import { peersTable } from './peers.ts';
import { poolsTable } from './pools.ts';

const HEALTH: Readonly<Record<string, string>> = {
  good: 'everything is as it should be',
  degraded: 'something is not as it should be',
  bad: 'some Service that has an address can not be reached',
};

function headline({ health, replicas }: Overview, view: View): string {
  const versions = [...new Set(replicas.flatMap(({ version }) => version ?? []))].sort();
  const says = HEALTH[health];
  return `PorterLB ${versions.join(', ')}: ${word(health, view)}${says === undefined ? '' : `, ${says}`}\n`;
}

function nodesText({ all, alive, dead, unknown, divided }: Overview['counts']['nodes']): string {
  const others = [`${dead} dead`, `${unknown} of unknown health`, `${divided} seen differently`];
  return [`${alive} of ${all} alive`, ...others.filter((text) => !text.startsWith('0 '))].join(', ');
}

function countsText({ counts }: Overview, view: View): string {
  const { services, pools, peers, nodes, replicas } = counts;
  return fields(
    {
      Services: `${services.served} served, ${services.withAddress} with an address, ${services.announced} announced`,
      Pools: `${pools.ready} of ${pools.all} ready, ${counted(pools.used, 'address', 'addresses')} in use`,
      Peers: `${peers.established} of ${peers.all} with a session`,
      Nodes: nodesText(nodes),
      Replicas: `${replicas.answered} of ${replicas.all} answer`,
    },
    view,
  );
}

/** The API names so many of each at most. */
const NAMED = 5;

function problemsText({ problems }: Overview, view: View): string {
  if (problems.length === 0) return 'No problems.\n';
  const texts = problems.map(({ kind, reason, count, objects, message }) => {
    const names = objects.slice(0, NAMED);
    const more = count > names.length ? ` and ${count - names.length} more` : '';
    const line = `${kind} ${view.paint('bold', firstOf(names, NAMED) + more)}: ${view.paint('bad', reason)}`;
    return paragraph(line, view.width, '  ') + (message === '' ? '' : paragraph(message, view.width, '    '));
  });
  return `${counted(problems.length, 'problem')}:\n${texts.join('')}`;
}

export const status: Command = {
  name: 'status',
  operands: '',
  summary: 'Everything on one screen: health, pools, peers, problems',
  problemsWhen: 'something is not as it should be',
  about: 'Shows how PorterLB is, with its pools, its routers and everything that is not as it should be.',
  examples: [
    { line: 'status', does: 'how it is now' },
    { line: 'status --watch', does: 'the same, again whenever something changes' },
    { line: 'status -o json', does: 'the same for programs: overview, pools and peers as the API has them' },
  ],
  takes: ['watch'],
  prepare: ({ words }) => {
    noWords(words);
    return taskOf({
      plan: {
        overview: { id: 'getOverview' },
        pools: { id: 'listPools', query: PAGE },
        peers: { id: 'listPeers', query: PAGE },
      },
      table: ({ overview, pools, peers }, view) =>
        sections(
          headline(overview, view) + countsText(overview, view),
          poolsTable(pools, view),
          peersTable(peers, view),
          problemsText(overview, view) + silentReplicas(overview.replicas),
        ),
      exitCode: ({ overview }) => (overview.health === 'good' ? EXIT.fine : EXIT.problems),
    });
  },
};
