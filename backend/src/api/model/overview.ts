import { finding } from '../../domain/reason.ts';
import type { Word } from '../replicas/gather.ts';
import type { Condition } from '../schemas/condition.ts';
import type { Edge, Overview, Problem, Vertex } from '../schemas/overview.ts';
import type { PeerSummary } from '../schemas/peer.ts';
import type { PoolSummary } from '../schemas/pool.ts';
import type { Texts } from '../texts.ts';
import { messageFor, visible, type Audience, type Reading } from './audience.ts';
import { conditionOf } from './conditions.ts';
import { peersOf } from './hearers.ts';
import { linkPicture } from './link-picture.ts';
import { evidenceByNode, verdictOf, type Evidence } from './nodes.ts';
import { peerNames, peerSummary } from './peers.ts';
import type { ClusterPicture } from './picture.ts';
import { poolNames, poolSummary } from './pools.ts';
import { replicasAnswer } from './replicas.ts';

/** The objects that a problem names. */
const MAX_NAMED = 5;

interface Single {
  readonly kind: Problem['kind'];
  readonly reason: string;
  readonly object: string;
  readonly message: string;
}

function servicesInTrouble(picture: ClusterPicture, audience: Audience): Single[] {
  return picture.index.served.troubled.flatMap(({ service, allocated, announced }) => {
    const found = [allocated, announced].find((each) => each?.status === 'False');
    if (found === null || found === undefined) return [];
    const seen = visible(service.key, audience) !== null;
    const { reason, message } = found;
    return [
      {
        kind: 'Service',
        reason,
        object: seen ? service.key : '',
        message: seen ? messageFor(message, audience) : '',
      },
    ];
  });
}

/** An object with what is said of it. */
interface Judged {
  readonly name: string;
  readonly ready: Pick<Condition, 'status' | 'reason' | 'message'> | null;
}

function objectsInTrouble(kind: Problem['kind'], objects: readonly Judged[]): Single[] {
  return objects.flatMap(({ name, ready }) =>
    ready?.status === 'False' ? [{ kind, reason: ready.reason, object: name, message: ready.message }] : [],
  );
}

/** Who switched it off knows, and that alone is no fault: it gives nothing, and has no session, as it was told to. */
function isOff({ ready, disabled }: PoolSummary): boolean {
  return disabled && ready?.reason === 'PoolDisabled';
}

function isShut({ ready, adminDown }: PeerSummary): boolean {
  return adminDown && ready?.reason === 'NotEstablished';
}

/** Those that count; others are ignored. */
function settings({ view }: ClusterPicture): Judged[] {
  const object = view.settingsObject();
  if (object === undefined) return [];
  return [{ name: object.metadata?.name ?? '', ready: conditionOf(object.status?.conditions, 'Ready') }];
}

function replicasInTrouble(words: readonly Word[], { texts }: Reading): Single[] {
  return words.flatMap((word) => {
    const { name: object, node = '-' } = word.replica;
    if (!('facts' in word)) {
      const message = texts.explain('replica.silent', { replica: object, node, why: texts.told(word.problem) });
      return [{ kind: 'Replica', reason: 'ReplicaSilent', object, message }];
    }
    const message = texts.explain('problem.viewStale', { replica: object });
    return word.facts.stale ? [{ kind: 'Replica', reason: 'ViewStale', object, message }] : [];
  });
}

function nodesInTrouble(nodes: Nodes, { texts }: Reading): Single[] {
  return [...nodes].flatMap(([node, { verdict, evidence }]): Single[] => {
    const single = (reason: string, message: string): Single => ({ kind: 'Node', reason, object: node, message });
    if (verdict === 'dead') return [single('NodeDead', texts.reason(finding('NodeDead', { node })))];
    if (verdict !== 'divided') return [];
    const sayers = (wanted: string): string => {
      return evidence.flatMap(({ replica, health }) => (health === wanted ? replica : [])).join(', ');
    };
    const params = { node, alive: sayers('alive'), dead: sayers('dead') };
    return [single('NodeDivided', texts.explain('problem.nodeDivided', params))];
  });
}

/** By kind and reason, the most frequent first. */
export function problemsOf(all: readonly Single[], texts: Texts): Problem[] {
  const groups = Map.groupBy(all, ({ kind, reason }) => `${kind} ${reason}`);
  const problems = [...groups.values()].flatMap((same): Problem[] => {
    const named = same.filter(({ object }) => object !== '').sort((a, b) => (a.object < b.object ? -1 : 1));
    const [first] = same;
    if (first === undefined) return [];
    const objects = named.slice(0, MAX_NAMED).map(({ object }) => object);
    const { kind, reason } = first;
    const { message } = named[0] ?? first;
    return [{ kind, reason, count: same.length, objects, message, text: texts.told(message) }];
  });
  return problems.sort((a, b) => b.count - a.count || (`${a.kind}${a.reason}` < `${b.kind}${b.reason}` ? -1 : 1));
}

/** What replicas find of each node. */
type Nodes = ReadonlyMap<
  string,
  { readonly verdict: ReturnType<typeof verdictOf>; readonly evidence: readonly Evidence[] }
>;

function nodesFound(picture: ClusterPicture, words: readonly Word[]): Nodes {
  const all = evidenceByNode(words);
  return new Map(
    [...picture.view.nodes.keys()].sort().map((name) => {
      const evidence = all.get(name) ?? [];
      return [name, { verdict: verdictOf(evidence), evidence }];
    }),
  );
}

function nodeCounts(nodes: Nodes): Overview['counts']['nodes'] {
  const count = (wanted: string): number => [...nodes.values()].filter(({ verdict }) => verdict === wanted).length;
  const known = { alive: count('alive'), dead: count('dead'), unknown: count('unknown'), divided: count('divided') };
  return { all: nodes.size, ...known };
}

const OF_VERDICT = { alive: 'good', dead: 'bad', unknown: 'unknown', divided: 'bad' } as const;

function stateOf(ready: PoolSummary['ready'], off: boolean): Vertex['state'] {
  if (off) return 'off';
  if (ready === null || ready.status === 'Unknown') return 'unknown';
  return ready.status === 'True' ? 'good' : 'bad';
}

function poolState({ ready, disabled }: PoolSummary): Vertex['state'] {
  return stateOf(ready, disabled);
}

function sessionEdges(words: readonly Word[]): Edge[] {
  return words.flatMap((word) => {
    if (!('facts' in word)) return [];
    const from = `replica/${word.facts.replica}`;
    const runs: Edge = { from, to: `node/${word.facts.node}`, kind: 'runsOn', state: 'good' };
    const sessions = word.facts.sessions.map(({ peer, state }): Edge => {
      return { from, to: `peer/${peer}`, kind: 'session', state: state === 'Established' ? 'good' : 'bad' };
    });
    return [runs, ...sessions];
  });
}

interface Parts {
  readonly pools: readonly PoolSummary[];
  readonly peers: readonly PeerSummary[];
  readonly nodes: Nodes;
  readonly words: readonly Word[];
}

function vertices({ pools, peers, nodes, words }: Parts): Vertex[] {
  const one = (kind: Vertex['kind'], name: string, state: Vertex['state']): Vertex => {
    return { id: `${kind}/${name}`, kind, name, state };
  };
  return [
    ...pools.map((pool) => one('pool', pool.name, poolState(pool))),
    ...peers.map(({ name, ready, adminDown }) => one('peer', name, stateOf(ready, adminDown))),
    ...words.map((word) => one('replica', word.replica.name, 'facts' in word ? 'good' : 'bad')),
    ...[...nodes].map(([name, { verdict }]) => one('node', name, OF_VERDICT[verdict])),
  ];
}

/** Who announces what to whom; edges to what is not there are left out. */
function pictureOf(parts: Parts, picture: ClusterPicture): Overview['picture'] {
  const states = new Map(parts.pools.map((pool) => [pool.name, poolState(pool)]));
  const links = linkPicture(parts.words, picture, (pool) => states.get(pool) ?? 'unknown');
  const nodes = [...vertices(parts), ...links.nodes];
  const known = new Set(nodes.map(({ id }) => id));
  const announces = parts.pools.flatMap((pool) =>
    peersOf(picture.view.pools.get(pool.name)?.value, picture).map((peer): Edge => {
      return { from: `pool/${pool.name}`, to: `peer/${peer}`, kind: 'announces', state: poolState(pool) };
    }),
  );
  const edges = [...announces, ...links.edges, ...sessionEdges(parts.words)];
  return { nodes, edges: edges.filter(({ from, to }) => known.has(from) && known.has(to)) };
}

function healthOf({ services }: Overview['counts'], problems: readonly Problem[]): Overview['health'] {
  if (services.announced < services.withAddress) return 'bad';
  return problems.length > 0 ? 'degraded' : 'good';
}

export function overviewAnswer(picture: ClusterPicture, words: readonly Word[], reading: Reading): Overview {
  const { texts, audience } = reading;
  const pools = poolNames(picture).flatMap((name) => poolSummary(name, picture, reading) ?? []);
  const peers = peerNames(picture).flatMap((name) => peerSummary(name, { picture, words, texts }) ?? []);
  const nodes = nodesFound(picture, words);
  const { all, withAddress, announced } = picture.index.served;
  const on = pools.filter((pool) => !isOff(pool));
  const open = peers.filter((peer) => !isShut(peer));
  const singles = [
    ...servicesInTrouble(picture, audience),
    ...objectsInTrouble('Eip', on),
    ...objectsInTrouble('BgpPeer', open),
    ...objectsInTrouble('BgpConf', settings(picture)),
    ...nodesInTrouble(nodes, reading),
    ...replicasInTrouble(words, reading),
  ];
  const problems = problemsOf(singles, texts);
  const counts = {
    services: { served: all, withAddress, announced },
    pools: {
      all: pools.length,
      ready: pools.filter(({ ready }) => ready?.status === 'True').length,
      used: pools.reduce((sum, { use }) => sum + use.used, 0),
    },
    peers: { all: peers.length, established: peers.filter(({ established }) => established > 0).length },
    nodes: nodeCounts(nodes),
    replicas: { all: words.length, answered: words.filter((word) => 'facts' in word).length },
  };
  const parts = { pools, peers, nodes, words };
  return {
    health: healthOf(counts, problems),
    counts,
    problems,
    picture: pictureOf(parts, picture),
    replicas: replicasAnswer(words, texts),
  };
}
