import type { Word } from '../replicas/gather.ts';
import type { Condition } from '../schemas/condition.ts';
import type { Edge, Overview, Problem, Vertex } from '../schemas/overview.ts';
import type { PeerSummary } from '../schemas/peer.ts';
import type { PoolSummary } from '../schemas/pool.ts';
import type { Texts } from '../texts.ts';
import { messageFor, visible, type Audience, type Reading } from './audience.ts';
import { conditionOf } from './conditions.ts';
import { peersOf } from './hearers.ts';
import { evidenceByNode, verdictOf } from './nodes.ts';
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
        message: seen ? messageFor(message, audience, picture.view) : '',
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

function replicasInTrouble(words: readonly Word[]): Single[] {
  return words.flatMap((word) => {
    const object = word.replica.name;
    if (!('facts' in word)) return [{ kind: 'Replica', reason: 'ReplicaSilent', object, message: word.problem }];
    const message = 'It has not heard from the API server of Kubernetes for five seconds or more.';
    return word.facts.stale ? [{ kind: 'Replica', reason: 'ViewStale', object, message }] : [];
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

type Verdicts = ReadonlyMap<string, ReturnType<typeof verdictOf>>;

function nodeVerdicts(picture: ClusterPicture, words: readonly Word[]): Verdicts {
  const evidence = evidenceByNode(words);
  return new Map([...picture.view.nodes.keys()].map((name) => [name, verdictOf(evidence.get(name) ?? [])]));
}

function nodeCounts(verdicts: Verdicts): Overview['counts']['nodes'] {
  const count = (wanted: string): number => [...verdicts.values()].filter((verdict) => verdict === wanted).length;
  const known = { alive: count('alive'), dead: count('dead'), unknown: count('unknown'), divided: count('divided') };
  return { all: verdicts.size, ...known };
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
  readonly verdicts: Verdicts;
  readonly words: readonly Word[];
}

function vertices({ pools, peers, verdicts, words }: Parts): Vertex[] {
  const one = (kind: Vertex['kind'], name: string, state: Vertex['state']): Vertex => {
    return { id: `${kind}/${name}`, kind, name, state };
  };
  return [
    ...pools.map((pool) => one('pool', pool.name, poolState(pool))),
    ...peers.map(({ name, ready, adminDown }) => one('peer', name, stateOf(ready, adminDown))),
    ...words.map((word) => one('replica', word.replica.name, 'facts' in word ? 'good' : 'bad')),
    ...[...verdicts].map(([name, verdict]) => one('node', name, OF_VERDICT[verdict])),
  ];
}

/** Who announces what to whom; edges to what is not there are left out. */
function pictureOf(parts: Parts, picture: ClusterPicture): Overview['picture'] {
  const nodes = vertices(parts);
  const known = new Set(nodes.map(({ id }) => id));
  const announces = parts.pools.flatMap((pool) =>
    peersOf(picture.view.pools.get(pool.name)?.value, picture).map((peer): Edge => {
      return { from: `pool/${pool.name}`, to: `peer/${peer}`, kind: 'announces', state: poolState(pool) };
    }),
  );
  const edges = [...announces, ...sessionEdges(parts.words)];
  return { nodes, edges: edges.filter(({ from, to }) => known.has(from) && known.has(to)) };
}

function healthOf({ services }: Overview['counts'], problems: readonly Problem[]): Overview['health'] {
  if (services.announced < services.withAddress) return 'bad';
  return problems.length > 0 ? 'degraded' : 'good';
}

export function overviewAnswer(picture: ClusterPicture, words: readonly Word[], reading: Reading): Overview {
  const pools = poolNames(picture).flatMap((name) => poolSummary(name, picture, reading) ?? []);
  const { texts } = reading;
  const peers = peerNames(picture).flatMap((name) => peerSummary(name, { picture, words, texts }) ?? []);
  const verdicts = nodeVerdicts(picture, words);
  const { all, withAddress, announced } = picture.index.served;
  const dead = [...verdicts].filter(([, verdict]) => verdict === 'dead' || verdict === 'divided');
  const problems = problemsOf(
    [
      ...servicesInTrouble(picture, reading.audience),
      ...objectsInTrouble(
        'Eip',
        pools.filter((pool) => !isOff(pool)),
      ),
      ...objectsInTrouble(
        'BgpPeer',
        peers.filter((peer) => !isShut(peer)),
      ),
      ...objectsInTrouble('BgpConf', settings(picture)),
      ...dead.map(([object]): Single => {
        return { kind: 'Node', reason: 'NodeDead', object, message: `The node ${object} does not answer.` };
      }),
      ...replicasInTrouble(words),
    ],
    reading.texts,
  );
  const counts = {
    services: { served: all, withAddress, announced },
    pools: {
      all: pools.length,
      ready: pools.filter(({ ready }) => ready?.status === 'True').length,
      used: pools.reduce((sum, { use }) => sum + use.used, 0),
    },
    peers: { all: peers.length, established: peers.filter(({ established }) => established > 0).length },
    nodes: nodeCounts(verdicts),
    replicas: { all: words.length, answered: words.filter((word) => 'facts' in word).length },
  };
  const parts = { pools, peers, verdicts, words };
  return {
    health: healthOf(counts, problems),
    counts,
    problems,
    picture: pictureOf(parts, picture),
    replicas: replicasAnswer(words),
  };
}
