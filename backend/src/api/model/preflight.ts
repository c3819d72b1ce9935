import type { ReplicaReport } from '../replicas/facts.ts';
import type { Word } from '../replicas/gather.ts';
import type { Preflight } from '../schemas/simulation.ts';
import type { ExplainKey } from '../texts.ts';
import type { Reading } from './audience.ts';
import { foreignServices } from './foreign-balancers.ts';
import { evidenceByNode } from './nodes.ts';
import type { ClusterPicture } from './picture.ts';

type Check = Preflight['checks'][number];

/** The objects that a check names; all are counted. */
const MAX_NAMED = 10;

interface PreflightView extends Reading {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
}

interface Found {
  readonly check: Check['check'];
  readonly result: Check['result'];
  readonly objects?: readonly string[];
  /** How many these are, where not all of them may be named. */
  readonly count?: number;
  /** Which of the texts of the check; its result if not given. */
  readonly text?: string;
}

function nodes({ picture }: PreflightView): Found {
  const all = [...picture.view.nodes.values()];
  const excluded = all.filter((node) => node.excluded).map(({ name }) => name);
  const nobody = all.length > 0 && excluded.length === all.length;
  return { check: 'nodes', result: nobody ? 'failed' : 'passed', objects: nobody ? excluded : [] };
}

function loadBalancers(view: PreflightView): Found {
  const beside = new Set(view.words.flatMap((word) => ('facts' in word ? word.facts.beside : [])));
  if (beside.size === 0) return { check: 'loadBalancers', ...foreignServices(view.picture, view) };
  const objects = [...beside].sort().map((words) => view.texts.beside(words));
  return { check: 'loadBalancers', result: 'failed', text: 'beside', objects };
}

/** Where a node's kernel would answer, as `ipvs.strictARP` isn't set there (arp_ignore 1, arp_announce 2); it may not be known. */
function answersForAll({ node, arp }: ReplicaReport): string[] {
  if (arp === undefined) return [node];
  const lax = arp.filter(({ ignore, announce }) => ignore < 1 || announce < 2);
  return lax.map((each) => `${node}: ${each.interface}: arp_ignore=${each.ignore}, arp_announce=${each.announce}`);
}

/** IPVS binds the addresses of all Services to each node, whose kernel then answers ARP for them unless it is told not to. */
function kubeProxy({ picture, words }: PreflightView): Found {
  const known = words.flatMap((word) => ('facts' in word ? word.facts : [])).filter((facts) => facts.kubeProxyMode);
  if (known.length === 0) return { check: 'kubeProxy', result: 'unknown' };
  const ipvs = known.filter(({ kubeProxyMode }) => kubeProxyMode === 'ipvs').flatMap(answersForAll);
  const pools = [...picture.view.poolsInForce().values()];
  const matters = pools.length === 0 || pools.some(({ protocol }) => protocol === 'layer2');
  const result = ipvs.length > 0 && matters ? 'warning' : 'passed';
  return { check: 'kubeProxy', result, objects: result === 'warning' ? ipvs : [] };
}

function ports({ words, texts }: PreflightView): Found {
  const objects = words.flatMap((word) => {
    if (!('facts' in word)) return [];
    const { node, portProblems } = word.facts;
    return portProblems.map(({ port, problem }) => `${node}: ${port}, ${texts.networkWords(problem)}`);
  });
  if (words.every((word) => !('facts' in word))) return { check: 'ports', result: 'unknown' };
  return { check: 'ports', result: objects.length > 0 ? 'failed' : 'passed', objects };
}

function kernelAnswers({ picture }: PreflightView): Found {
  const pools = [...picture.view.poolsInForce().values()];
  const objects = new Set(pools.flatMap(({ conflicts }) => conflicts.flatMap(({ node }) => node ?? [])));
  return { check: 'kernelAnswers', result: objects.size > 0 ? 'failed' : 'passed', objects: [...objects] };
}

/** A node whose replica is the one that asks answers itself whatever firewall there is. */
function healthPort({ picture, words }: PreflightView): Found {
  const evidence = evidenceByNode(words);
  const homes = new Map(words.map(({ replica: { name, node } }) => [name, node]));
  const heard = (node: string): boolean =>
    (evidence.get(node) ?? []).some(({ replica, answeredAt }) => answeredAt !== null && homes.get(replica) !== node);
  const asked = [...picture.view.nodes.keys()].filter((node) =>
    (evidence.get(node) ?? []).some(({ replica }) => homes.get(replica) !== node),
  );
  const silent = asked.filter((node) => !heard(node));
  if (asked.length === 0) return { check: 'healthPort', result: 'unknown' };
  return { check: 'healthPort', result: silent.length > 0 ? 'warning' : 'passed', objects: silent };
}

function pools({ picture }: PreflightView): Found {
  return { check: 'pools', result: picture.view.poolsInForce().size === 0 ? 'failed' : 'passed' };
}

function bgp({ picture, words }: PreflightView): Found {
  const { view } = picture;
  const wanted = [...view.poolsInForce().values()].filter(({ protocol }) => protocol === 'bgp');
  const ready = view.settings.get('default')?.value !== undefined && !view.peers.values().next().done;
  if (wanted.length > 0 && !ready) return { check: 'bgp', result: 'failed', objects: wanted.map(({ name }) => name) };
  const unheard = nodesUnheard(view, words);
  if (unheard.length > 0) return { check: 'bgp', result: 'warning', text: 'self', objects: unheard };
  return { check: 'bgp', result: 'passed' };
}

/** Nodes that routers with `nextHopSelf` never hear of, as no replica runs there. */
function nodesUnheard({ peers, nodes: known }: ClusterPicture['view'], words: readonly Word[]): string[] {
  const isAsked = [...peers.values()].some(([, { nextHopSelf, adminDown }]) => nextHopSelf && !adminDown);
  const homes = new Set(words.map((word) => ('facts' in word ? word.facts.node : word.replica.node)));
  return isAsked
    ? [...known.values()].flatMap(({ name, excluded }) => (excluded || homes.has(name) ? [] : [name]))
    : [];
}

function replicas({ words }: PreflightView): Found {
  const silent = words.filter((word) => !('facts' in word)).map(({ replica }) => replica.name);
  if (silent.length > 0) return { check: 'replicas', result: 'warning', objects: silent };
  return words.length > 1
    ? { check: 'replicas', result: 'passed' }
    : { check: 'replicas', result: 'warning', text: 'one' };
}

const CHECKS = [nodes, loadBalancers, kubeProxy, kernelAnswers, healthPort, ports, pools, bgp, replicas];

/** What an operator should look at before the first Service. */
export function preflightAnswer(view: PreflightView): Preflight {
  const checks = CHECKS.map((check): Check => {
    const found = check(view);
    const { result, objects = [], count = objects.length } = found;
    const key = `preflight.${found.check}.${found.text ?? (result === 'passed' || result === 'unknown' ? result : 'failed')}`;
    const named = objects.slice(0, MAX_NAMED);
    const [text = '', nextStep = ''] = view.texts.explain(key as ExplainKey).split('\n');
    return { check: found.check, result, text, nextStep, objects: named, count };
  });
  return { ready: checks.every(({ result }) => result === 'passed' || result === 'unknown'), checks };
}
