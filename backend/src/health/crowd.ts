import { charge, type NodeState, type Ruling } from './node-state.ts';

/** Nodes that fell silent within this time of each other did so together, in milliseconds: that needs a second witness. */
export const TOGETHER_MS = 10_000;

/** What the others do while one node is accused. */
export interface Crowd {
  /** Others that fell silent together with it, even if they were heard since. */
  readonly together: number;
  /** Others, but for the node that we run on, that have given a sign of life since it fell silent. */
  readonly heard: number;
  /** Of all nodes whose hosts live: those whose probe has failed for too long, and the rest. */
  readonly ailing: number;
  readonly well: number;
}

/** What routers said when nobody else was heard. */
export interface RouterWord {
  readonly asked: number;
  readonly heard: boolean;
}

/** A node with the benefit of the doubt counts as well; one that never answered doesn't count at all. */
type Standing = 'well' | 'ailing' | 'silent' | 'stranger';

function standing(state: NodeState): Standing {
  if (!state.known) return 'stranger';
  const accusation = charge(state);
  if (accusation === undefined) return 'well';
  return accusation === 'ailing' || state.witness?.sawHost === true ? 'ailing' : 'silent';
}

function fellTogether(a: NodeState, b: NodeState): boolean {
  if (a.fellSilent === undefined || b.fellSilent === undefined || !b.known) return false;
  return Math.abs(a.fellSilent - b.fellSilent) <= TOGETHER_MS;
}

/** Whether a node has given a sign of life after a moment; an older one may be from before the network broke. */
function heardSince(moment: number, { last, witness }: NodeState): boolean {
  if (witness?.heardHost === true && witness.asked >= moment) return true;
  return last !== undefined && last.result.kind !== 'silent' && last.at >= moment;
}

/**
 * @param name of the accused
 * @param self name of the node that we run on: whether it answers says nothing of the network
 */
export function crowdAround(name: string, nodes: ReadonlyMap<string, NodeState>, self: string): Crowd {
  const accused = nodes.get(name);
  const crowd = { together: 0, heard: 0, ailing: 0, well: 0 };
  for (const [other, state] of nodes) {
    const how = standing(state);
    if (how === 'well') crowd.well += 1;
    if (how === 'ailing') crowd.ailing += 1;
    if (other === name || accused?.fellSilent === undefined) continue;
    if (fellTogether(accused, state)) crowd.together += 1;
    if (other !== self && heardSince(accused.fellSilent, state)) crowd.heard += 1;
  }
  return crowd;
}

/** Where most nodes live and yet fail the probe, it's not the nodes: a firewall, a health port that moved, another service proxy. */
function isCommon({ ailing, well }: Crowd): boolean {
  return ailing > well;
}

/** Whether the network is known to have worked after the accused had fallen silent. */
export function isProven({ accusedAt = 0 }: NodeState, { heard }: Crowd, routers: RouterWord | undefined): boolean {
  return heard > 0 || (routers !== undefined && routers.asked >= accusedAt && routers.heard);
}

/**
 * Rules on an accused node. `ask-witness`: it has to be heard first; `ask-routers`: they are the last who can tell whether it's
 * everybody else or us.
 *
 * @param routers undefined: nobody was asked yet
 */
export function rule(
  accused: NodeState,
  crowd: Crowd,
  routers: RouterWord | undefined,
): Ruling | 'ask-witness' | 'ask-routers' {
  if (charge(accused) === 'ailing') return isCommon(crowd) ? 'leave' : 'dead';
  if (accused.witness?.sawHost === true && isCommon(crowd)) return accused.health === 'dead' ? 'leave' : 'hold';
  return crowd.together === 0 ? 'dead' : ruleOnSeveral(accused, crowd, routers);
}

/**
 * One node alone is more likely at fault than we are; if it's several, the fault may be here. A network that is mended while somebody
 * is asked makes those who are heard first look like proof against the rest: so the proof must be older than the question, and the
 * question than the accusation.
 */
function ruleOnSeveral(accused: NodeState, crowd: Crowd, routers: RouterWord | undefined): ReturnType<typeof rule> {
  const { witness, accusedAt = 0 } = accused;
  if (witness !== undefined && witness.asked >= accusedAt) {
    if (witness.sawHost) return 'hold';
    if (witness.proven) return 'dead';
  }
  if (isProven(accused, crowd, routers)) return 'ask-witness';
  return routers === undefined || routers.asked < accusedAt ? 'ask-routers' : 'hold';
}
