import { EXIT } from '../failure.ts';
import type { Overview, PeerPage, PoolPage } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { fields, paragraph, sections } from '../render/columns.ts';
import { said, silentReplicas, word } from '../render/states.ts';
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

/** Of each table there are so many rows at least. */
const LEAST_ROWS = 2;
/** Of both tables the head, what is left out of it, and an empty line in front; and the prompt. */
const AROUND = 7;

function lineCount(text: string): number {
  return text.split('\n').length - 1;
}

interface Answers {
  readonly overview: Overview;
  readonly pools: PoolPage;
  readonly peers: PeerPage;
}

/** Of a list that a table has its own rows for, how many it takes at least. */
function least({ items }: PoolPage | PeerPage): number {
  return Math.min(LEAST_ROWS, items.length);
}

/** What is wrong comes first, and of pools and routers those that matter most, as many as fit. */
function screen({ overview, pools, peers }: Answers, view: View): string {
  const { height = Infinity } = view;
  const head = headline(overview, view) + countsText(overview, view);
  // The empty line between them and what is wrong.
  const lines = height - lineCount(head) - 1 - AROUND - least(pools) - least(peers);
  const top = sections(head, wrongText(overview, view, lines));
  const room = height - lineCount(top) - AROUND;
  const half = Math.max(least(peers), Math.floor(room / 2));
  const ofPeers = Math.max(half, room - pools.items.length);
  const ofPools = Math.max(least(pools), room - Math.min(peers.items.length, ofPeers));
  return sections(top, peersTable(peers, view, ofPeers), poolsTable(pools, view, ofPools));
}

/** Problems and replicas that are silent, in so many lines if they can be told in these: of each there is one line at least. */
function wrongText(overview: Overview, view: View, lines: number): string {
  const silent = silentReplicas(overview.replicas)
    .split('\n')
    .slice(0, -1)
    .map((line) => paragraph(line, view.width));
  const forSilent = silent.length === 0 ? 0 : lineCount(silent[0] ?? '') + (silent.length > 1 ? 1 : 0);
  const problems = problemsText(overview, view, lines - forSilent);
  return (
    problems +
    cut(silent, lines - lineCount(problems), (shown) => {
      const more = silent.length - shown;
      return `and of ${counted(more, 'more replica')}: kubectl porterlb status -o json\n`;
    })
  );
}

/** The first texts that fit into so many lines, the last one of which says how many more there are. */
function cut(texts: readonly string[], lines: number, rest: (shown: number) => string): string {
  const shown: string[] = [];
  let left = lines;
  for (const [i, text] of texts.entries()) {
    left -= lineCount(text);
    if (left < (i === texts.length - 1 ? 0 : 1)) break;
    shown.push(text);
  }
  return shown.join('') + (shown.length === texts.length ? '' : rest(shown.length));
}

/** The API names so many of each at most. */
const NAMED = 5;

function problemText(problem: Overview['problems'][number], view: View): string {
  const { kind, reason, count, objects } = problem;
  const message = said(problem);
  const names = objects.slice(0, NAMED);
  const others = count > names.length ? ` and ${count - names.length} more` : '';
  const line = `${kind} ${view.paint('bold', firstOf(names, NAMED) + others)}: ${view.paint('bad', reason)}`;
  return paragraph(line, view.width, '  ') + (message === '' ? '' : paragraph(message, view.width, '    '));
}

/** The most frequent ones, as many as fit into so many lines; of the first one what fits. */
function problemsText({ problems }: Overview, view: View, lines: number): string {
  if (problems.length === 0) return 'No problems.\n';
  const texts = problems.map((problem) => problemText(problem, view));
  const others = (shown: number): string => `  ${andMore(texts.slice(0, shown), problems.length, 'status -o json')}`;
  const left = lines - 1;
  const [first = ''] = texts;
  const all = cut([abridged(first, left - (texts.length > 1 ? 1 : 0)), ...texts.slice(1)], left, others);
  return `${counted(problems.length, 'problem')}:\n${all}`;
}

/** So many lines of a text, one at least, with dots where it is cut. */
function abridged(text: string, lines: number): string {
  const most = Math.max(1, lines);
  const all = text.split('\n').slice(0, -1);
  if (all.length <= most) return text;
  return `${all.slice(0, most).join('\n')} ...\n`;
}

export const status: Command = {
  name: 'status',
  operands: '',
  summary: 'Everything on one screen: health, problems, peers, pools',
  problemsWhen: 'something is not as it should be',
  about:
    'Shows how PorterLB is: everything that is not as it should be, then its routers and its pools, those first that are down or fullest, as many as fit; all where the output is no terminal.',
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
