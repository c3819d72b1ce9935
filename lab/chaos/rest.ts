/** What must be so once all is healed and the lab is at rest. */
import { differences, pathAtRest, withoutLeftovers } from './observe.ts';
import type { Heard, Retained, Routes, Sessions } from './observe.ts';

/** One router at one moment. */
export interface RouterSight {
  readonly sessions: Sessions;
  readonly heard: Heard;
  readonly kernel: Routes;
}

/**
 * What the first replica in rank adds to the MED of its routes, and what all others do: the one thing in which replicas at rest differ.
 * The rank is that of their names. All else that is advertised is the same.
 */
const medOfFirst = 100;
const medOfOthers = 200;

/** How many replicas, and paths of theirs, were compared, and what was wrong. */
export interface AtRest {
  readonly paths: number;
  readonly lines: readonly string[];
}

/**
 * The router's kernel has the routes, and every replica has a session, in which it told the router the same paths as the others, all of
 * them and nothing else.
 * @param replicas their addresses on this session, in order of rank
 */
export function judgeRest(name: string, sight: RouterSight, replicas: readonly string[], wanted: Routes): AtRest {
  const { sessions, heard, kernel } = sight;
  const lines: string[] = [];
  let paths = 0;
  const all = [...replicas].sort().join(' ');
  if (sessions.established.join(' ') !== all) lines.push(`${name} has sessions with ${sessions.established.join(' ')}`);
  if (sessions.complete.join(' ') !== all) lines.push(`${name} was told all by ${sessions.complete.join(' ')} only`);
  for (const [rank, replica] of replicas.entries()) {
    const med = rank === 0 ? medOfFirst : medOfOthers;
    const due = new Map([...wanted].map(([ip, gateways]) => [ip, gateways.map((one) => pathAtRest(one, med)).sort()]));
    const told = heard.told.get(replica) ?? new Map<string, string[]>();
    lines.push(...differences(`${name} from ${replica}`, told, due));
    paths += [...told.values()].flat().length;
  }
  const own = withoutLeftovers(kernel, leftoversOf(sight), wanted);
  lines.push(...differences(`${name}'s kernel`, own, wanted));
  return { paths, lines };
}

/**
 * What the router keeps of earlier sessions although the replica is back and has told everything: the router's own affair (`withoutLeftovers`).
 * What it keeps of one that is away, or has not told everything yet, is not: replicas have to see to it that nobody goes by that.
 */
export function leftoversOf({ sessions, heard }: Pick<RouterSight, 'sessions' | 'heard'>): Retained[] {
  return heard.retained.filter(({ peer }) => sessions.complete.includes(peer));
}
