import { EXIT } from '../failure.ts';
import type { Overview, PeerPage, PoolPage } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { fields, paragraph, sections } from '../render/columns.ts';
import { silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { andMore, counted, firstOf } from '../render/words.ts';
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

const HEIGHT_OF_NO_TERMINAL = 24;
/** Of each table there are so many rows at least. */
const LEAST_ROWS = 2;
/** The heads of both tables, what is left out of them, and empty lines in front of them and of the prompt. */
const AROUND = 7;

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}

interface Answers {
  readonly overview: Overview;
  readonly pools: PoolPage;
  readonly peers: PeerPage;
}

/** What is wrong comes first, and of pools and routers those that matter most, as many as fit. */
function screen({ overview, pools, peers }: Answers, view: View): string {
  const height = view.height ?? HEIGHT_OF_NO_TERMINAL;
  const head = headline(overview, view) + countsText(overview, view);
  const silent = silentReplicas(overview.replicas);
  // Its first line, one that says how many more there are, an empty one on either side, and the prompt.
  const lines = height - lineCount(head) - lineCount(silent) - 5;
  const top = sections(head, problemsText(overview, view, lines) + silent);
  const room = height - lineCount(top) - AROUND;
  const half = Math.max(LEAST_ROWS, Math.floor(room / 2));
  const ofPeers = Math.max(half, room - pools.items.length);
  const ofPools = Math.max(LEAST_ROWS, room - Math.min(peers.items.length, ofPeers));
  return sections(top, peersTable(peers, view, ofPeers), poolsTable(pools, view, ofPools));
}

/** The API names so many of each at most. */
const NAMED = 5;

function problemText({ kind, reason, count, objects, message }: Overview['problems'][number], view: View): string {
  const names = objects.slice(0, NAMED);
  const others = count > names.length ? ` and ${count - names.length} more` : '';
  const line = `${kind} ${view.paint('bold', firstOf(names, NAMED) + others)}: ${view.paint('bad', reason)}`;
  return paragraph(line, view.width, '  ') + (message === '' ? '' : paragraph(message, view.width, '    '));
}

/** The most frequent ones, as many as fit into so many lines; one at least. */
function problemsText({ problems }: Overview, view: View, lines: number): string {
  if (problems.length === 0) return 'No problems.\n';
  const [first = '', ...others] = problems.map((problem) => problemText(problem, view));
  const shown = [first];
  let left = lines - lineCount(first);
  for (const text of others) {
    left -= lineCount(text);
    if (left < 0) break;
    shown.push(text);
  }
  const rest = andMore(shown, problems.length, 'status -o json');
  return `${counted(problems.length, 'problem')}:\n${shown.join('')}${rest === '' ? '' : `  ${rest}`}`;
}

export const status: Command = {
  name: 'status',
  operands: '',
  summary: 'Everything on one screen: health, problems, peers, pools',
  problemsWhen: 'something is not as it should be',
  about:
    'Shows how PorterLB is: everything that is not as it should be, then its routers and its pools, those first that are down or fullest, as many as fit.',
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
      table: (answers, view) => screen(answers, view),
      exitCode: ({ overview }) => (overview.health === 'good' ? EXIT.fine : EXIT.problems),
    });
  },
};
