/** What must be so once all is healed and the lab is at rest. */
import { differences, pathAtRest, withoutLeftovers } from './observe.ts';
import type { Heard, Retained, Routes, Sessions } from './observe.ts';
import { leftByCrash, type ZebraWords } from './zebra.ts';

/** One router at one moment. */
export interface RouterSight {
  readonly sessions: Sessions;
  readonly heard: Heard;
  readonly kernel: Routes;
  /** Of addresses that the kernel had a route to, and bgpd no path. */
  readonly zebra: ZebraWords;
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
 * What the router keeps by itself, its own affair (`withoutLeftovers`): of earlier sessions although the replica is back and has told everything, and of
 * its own life before a crash. What it keeps of a replica that is away, or has not told everything yet, is not: replicas have to see to it that
 * nobody goes by that.
 */
export function leftoversOf(sight: RouterSight): Retained[] {
  const { sessions, heard } = sight;
  return [...heard.retained.filter(({ peer }) => sessions.complete.includes(peer)), ...leftByCrash(sight)];
}

/** The same in words, for the report. */
export function tellLeftover(router: string, { peer, ip, gateway }: Retained): string {
  const why =
    peer === 'zebra' ? 'from before its crash, and its bgpd has no path' : `of an earlier session with ${peer}`;
  return `${router} keeps ${gateway} for ${ip} by itself, ${why}`;
}
