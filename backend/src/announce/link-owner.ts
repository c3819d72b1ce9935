import { rank } from './rendezvous.ts';

/** A replica that answers and has a link for an address. */
export interface LinkSpeaker {
  /** Name of the replica. */
  readonly replica: string;
  /** Node that it runs on. */
  readonly node: string;
  readonly stale: boolean;
}

/** Who speaks for an address on its link, and whose MAC neighbours learn. */
export interface LinkOwner {
  readonly replica: string;
  readonly node: string;
  /**
   * Undefined: the node itself, by its own MAC. Else the nodes for one of which it speaks, most preferred first: none of them runs a
   * replica that has a link for the address.
   */
  readonly onBehalfOf: readonly string[] | undefined;
}

/** A view that is cut off from the API loses against every fresh one, and an order remains when all are cut off. */
function fresh(speakers: readonly LinkSpeaker[]): readonly LinkSpeaker[] {
  const some = speakers.filter(({ stale }) => !stale);
  return some.length > 0 ? some : speakers;
}

/** Two replicas on one node, as a rolling update may have for a moment: the first by name. */
function onNode(node: string, speakers: readonly LinkSpeaker[]): LinkSpeaker | undefined {
  return speakers.filter((speaker) => speaker.node === node).sort((a, b) => (a.replica < b.replica ? -1 : 1))[0];
}

/**
 * The owner of an address on its link (Layer 2): the first of the eligible nodes whose replica can speak there. Every replica that knows
 * the same replicas finds the same one, and a node or replica that comes or goes moves only the addresses that it wins (`rendezvous`).
 * Undefined if no replica has a link for it, or no node is eligible.
 *
 * @param nodes eligible nodes in the address' order of preference
 */
export function linkOwner(
  ip: string,
  nodes: readonly string[],
  speakers: readonly LinkSpeaker[],
): LinkOwner | undefined {
  const able = fresh(speakers);
  for (const node of nodes) {
    const speaker = onNode(node, able);
    if (speaker !== undefined) return { replica: speaker.replica, node, onBehalfOf: undefined };
  }
  const [delegate] = rank(ip, [...new Set(able.map(({ node }) => node))]);
  const speaker = delegate === undefined || nodes.length === 0 ? undefined : onNode(delegate, able);
  return speaker && { replica: speaker.replica, node: speaker.node, onBehalfOf: nodes };
}

/** Whether `a` comes before `b` in the address' order; a node that is not eligible comes after every one that is. */
export function outranks(ip: string, [a, b]: readonly [string, string], nodes: readonly string[]): boolean {
  const [eligibleA, eligibleB] = [nodes.includes(a), nodes.includes(b)];
  if (eligibleA !== eligibleB) return eligibleA;
  return a !== b && rank(ip, [a, b])[0] === a;
}

/** Who says that an address is whose. */
interface Claim {
  /** Whose MAC neighbours are told. */
  readonly node: string;
  /** The node of the replica that says so in the other one's name; what is known of a replica is known of this one then. */
  readonly delegate?: string;
}

/** A node that speaks for an address of ours, and what is known of the replica there. */
export interface Rival extends Claim {
  /** A replica answers from there, and doesn't leave. */
  readonly answers: boolean;
  /** Those of them that have a link for the address. */
  readonly speakers: readonly LinkSpeaker[];
  /** A replica runs there, whether it answers or not. */
  readonly isMember: boolean;
  /** A replica there has said that it leaves, and is not gone yet. */
  readonly leaves?: boolean;
  /** It told everybody of its own accord, lately, which a kernel that merely has the address never does. */
  readonly announces: boolean;
  /** For how long it has gone on telling so although we said that the address is ours, in milliseconds. */
  readonly insistsMs: number;
  /** What was heard just now is but its question whether anybody has the address. */
  readonly asks?: boolean;
}

/** Who decides whether to yield. */
export interface Ourselves extends Claim, Pick<LinkSpeaker, 'stale'> {
  /** The network that replicas reach each other by is down on our node: who answers was heard before that. */
  readonly isCutOff?: boolean;
}

/**
 * After that views differ for longer than it takes to hear of what changed, and a rule that depends on no view decides: within a second, by when
 * a few announcements have gone to and fro.
 */
const INSISTS_MS = 500;

/**
 * Whether an address of ours is better left to a rival: to one of higher rank, or one that knows the cluster while our view is stale. A
 * node whose replica could not speak for the address answers by its kernel, and is no rival; nor is one without a replica, unless our view
 * is stale and the node announces the address. Who is cut off leaves it to whoever announces it, as traffic that comes to us gets no
 * further than our node; between those that merely ask for it at the same time, rank decides. One that leaves is
 * waiting to hear us, and if we waited for it in turn, nobody would speak for the address once it is gone.
 */
export function mayYield(ip: string, rival: Rival, ourselves: Ourselves, nodes: readonly string[]): boolean {
  if (ourselves.isCutOff === true && rival.announces && rival.asks !== true) return true;
  if (rival.leaves === true && !rival.answers) return false;
  return isBetter(ip, rival, ourselves, nodes);
}

function isBetter(ip: string, rival: Rival, ourselves: Ourselves, nodes: readonly string[]): boolean {
  const { stale } = ourselves;
  // A replica that we have not heard of, as who is behind hears of none: it knows more than we do.
  if (!rival.answers && !rival.isMember) return rival.announces && stale;
  if (!rival.answers) return rival.announces && isAhead(ip, rival, ourselves, nodes);
  if (rival.speakers.length === 0) return false;
  const theirsIsStale = rival.speakers.every((speaker) => speaker.stale);
  if (theirsIsStale !== stale) return stale;
  return isAhead(ip, rival, ourselves, nodes);
}

/** By rank: by that of our view, or, where views go on to differ, by one that depends on none. */
function isAhead(ip: string, rival: Rival, ourselves: Ourselves, nodes: readonly string[]): boolean {
  // Each may take only itself for eligible: then neither would ever yield. A kernel answers for ever, and has no view at all.
  if (rival.announces && rival.insistsMs >= INSISTS_MS) {
    const pair = [weakest(ip, rival), weakest(ip, ourselves)] as const;
    return outranks(ip, pair, pair);
  }
  // By our view none speaks in another's name: we own the address, or do so ourselves.
  return rival.delegate === undefined && outranks(ip, [rival.node, ourselves.node], nodes);
}

/**
 * What a claim counts by: of the node that is named and the one that names it, the one of lower rank. So both sides come to the same, and
 * nobody gets further by naming another node than by naming itself.
 */
function weakest(ip: string, { node, delegate = node }: Claim): string {
  return rank(ip, [node, delegate])[1] ?? node;
}
