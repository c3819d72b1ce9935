import { EXIT } from '../failure.ts';
import type { Bodies, Simulation } from '../generated/api.ts';
import { taskOf, type AnyTask } from '../plan.ts';
import { columns, paragraph, sections, type Row } from '../render/columns.ts';
import { silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { counted, servicesText } from '../render/words.ts';
import { namesOf, type Command } from './command.ts';

type Change = Simulation['changes'][number];
type Standing = Change['before'];

function standingText({ announced, reason, nodes, peers }: Standing): string {
  if (announced === null) return 'not known';
  if (!announced) return reason ?? 'not announced';
  return `${nodes.join(' ')}${peers.length === 0 ? '' : `, heard by ${peers.join(' ')}`}`;
}

function row({ effect, ip, services, before, after }: Change, view: View): Row {
  const [was, becomes] = [standingText(before), standingText(after)];
  return [word(effect, view), ip ?? undefined, servicesText(services), `${was}\n-> ${becomes}`];
}

/** Whether all replicas said what they know: of a drain, half of the answer is no answer. */
function isWhole({ replicas }: Simulation): boolean {
  return replicas.every(({ answered }) => answered);
}

function verdictText(simulation: Simulation, { paint }: View): string {
  const { loses } = simulation;
  if (loses > 0) return paint('bad', `${counted(loses, 'address', 'addresses')} could not be reached any more`);
  if (isWhole(simulation)) return paint('good', 'no address would be lost');
  return paint('warning', 'no address would be lost as far as is known');
}

function simulationText(what: string, simulation: Simulation, view: View): string {
  const { loses, unknown, moves, gains, keeps, changes } = simulation;
  const addresses = (count: number): string => counted(count, 'address', 'addresses');
  const others = [
    ...(unknown === 0 ? [] : [view.paint('warning', `of ${addresses(unknown)} it is not known`)]),
    ...(moves === 0 ? [] : [`${addresses(moves)} would move`]),
    ...(gains === 0 ? [] : [`${addresses(gains)} would be gained`]),
    ...(keeps === 0 ? [] : [`${addresses(keeps)} would stay as ${keeps === 1 ? 'it is' : 'they are'}`]),
  ];
  const all = loses + unknown + moves + gains;
  return sections(
    paragraph(`${what}: ${[verdictText(simulation, view), ...others].join(', ')}. Nothing was done.`, view.width),
    changes.length === 0
      ? ''
      : columns(
          ['EFFECT', 'ADDRESS', 'SERVICES', 'BEFORE -> AFTER'],
          changes.map((change) => row(change, view)),
          view,
        ),
    changes.length < all ? `The first ${changes.length} of ${all} changes.\n` : '',
    silentReplicas(simulation.replicas),
  );
}

function simulation(what: string, body: Bodies['simulate']): AnyTask {
  return taskOf({
    plan: { simulation: { id: 'simulate', body } },
    table: (answers, view) => simulationText(what, answers.simulation, view),
    exitCode: ({ simulation: said }) => (said.loses === 0 && isWhole(said) ? EXIT.fine : EXIT.problems),
  });
}

const problemsWhen = 'an address could not be reached any more, or a replica did not answer, so that this is not known';
const about = 'Nothing is done: the answer is computed by the functions that act.';

export const simulateDrain: Command = {
  name: 'simulate drain',
  operands: 'NODE...',
  summary: 'What would change without these nodes and the Pods there',
  ...{ problemsWhen, about, takes: [] },
  examples: [
    { line: 'simulate drain n1', does: 'which addresses would be lost, would move, would stay' },
    { line: 'simulate drain n1 n2 && kubectl drain n1 n2', does: 'drains only if no address is lost' },
  ],
  prepare: ({ words }) => {
    const drainNodes = namesOf(words, ['node', 'nodes', 'no']);
    return simulation(`Without ${drainNodes.join(', ')}`, { drainNodes });
  },
};

export const simulateDisable: Command = {
  name: 'simulate disable',
  operands: 'POOL...',
  summary: 'What would change with these pools disabled',
  ...{
    problemsWhen,
    about: `${about} Addresses of Services stay whatever becomes of their pool; those that wait may get none.`,
    takes: [],
  },
  examples: [{ line: 'simulate disable public', does: 'what would change' }],
  prepare: ({ words }) => {
    const names = namesOf(words, ['pool', 'pools', 'eip', 'eips']);
    return simulation(`With ${names.join(', ')} disabled`, { pools: names.map((name) => ({ name, disable: true })) });
  },
};

export const simulateShutdown: Command = {
  name: 'simulate shutdown',
  operands: 'PEER...',
  summary: 'What would change without sessions with these routers',
  ...{ problemsWhen, about, takes: [] },
  examples: [{ line: 'simulate shutdown r1', does: 'what would change if r1 were out of work for a while' }],
  prepare: ({ words }) => {
    const names = namesOf(words, ['peer', 'peers', 'bgppeer', 'bgppeers']);
    return simulation(`Without ${names.join(', ')}`, { peers: names.map((name) => ({ name, adminDown: true })) });
  },
};
