import { z } from 'zod';
import { LISTED_NODES } from '../../engine/facts.ts';
import { Problem } from '../errors.ts';
import { names } from './facts.ts';
import { ADDRESSES_LIMITS, type Gather, type GatherLimits, type Word } from './gather.ts';

/** Who takes the traffic of an address, as far as a list has the room. */
export interface Taken {
  readonly ip: string;
  /** Keys of the Services that it is announced for, or would be. */
  readonly services: readonly string[];
  /** Names of the nodes, most preferred first, those that are about to go last; `MAX_NODES` at most. */
  readonly nodes: readonly string[];
  /** How many further nodes there are. */
  readonly more: number;
}

/** What a replica says for a list: no reasons, no sessions, no evidence. */
export interface TakersReport {
  readonly addresses: readonly Taken[];
}

/** Nodes of one address: who wants all of them looks at its Service. */
const MAX_NODES = LISTED_NODES;
/** Addresses of one question; a replica of an earlier version hears the first 64. */
export const MAX_TAKERS = 256;
/**
 * Replicas answer from memory, within a few milliseconds, and a list is worth reading without this: nobody waits for one that takes
 * longer, and rounds stand in nobody's way. Each is of one page, as pages of different readers seldom fit into one together.
 */
export const TAKERS_LIMITS: GatherLimits = {
  patienceMs: 300,
  freshMs: ADDRESSES_LIMITS.freshMs,
  maxAddresses: MAX_TAKERS,
  rounds: { burst: 100, perSecond: 200 },
  maxActive: 256,
  maxWaiting: 64,
};

/** What the engine tells of an address, as far as it is used here. */
export interface Reported {
  readonly ip: string;
  readonly services: readonly string[];
  readonly nodes: readonly string[];
  /** The first of them, most preferred first; not given: `nodes` has all in that order. */
  readonly first?: readonly string[];
  /** Nodes that are about to go. */
  readonly draining?: readonly string[];
}

function taken({ ip, services, nodes, first = nodes, draining = [] }: Reported): Taken {
  const last = draining.filter((node) => !nodes.includes(node));
  const shown = [...first, ...last].slice(0, MAX_NODES);
  return { ip, services, nodes: shown, more: nodes.length + last.length - shown.length };
}

/** By what the engine has told of each address already: it is not asked, however many read lists. */
export function takersOf(reports: ReadonlyMap<string, Reported>, ips: readonly string[]): TakersReport {
  return { addresses: ips.flatMap((ip) => reports.get(ip) ?? []).map(taken) };
}

/** An earlier version answers with all that it knows of an address, and doesn't cut it off. */
const address = z
  .object({ ip: z.string(), services: names, nodes: names, draining: names.catch([]), more: z.int().catch(0) })
  .transform(({ more, ...reported }): Taken => {
    const found = taken(reported);
    return { ...found, more: found.more + more };
  });

/** What another replica says; one of a later version may say more. */
export const takersReport: z.ZodType<TakersReport> = z.object({ addresses: z.array(address) });

function joined(words: readonly Word<TakersReport>[]): Word<TakersReport> | undefined {
  const silent = words.find((word) => 'problem' in word);
  if (silent !== undefined) return silent;
  const addresses = words.flatMap((word) => ('facts' in word ? word.facts.addresses : []));
  return words[0] === undefined ? undefined : { replica: words[0].replica, facts: { addresses } };
}

async function round(gather: Gather<TakersReport>, ips: readonly string[]): Promise<readonly Word<TakersReport>[]> {
  try {
    return await gather.all(ips);
  } catch (error) {
    if (error instanceof Problem && error.code === 'TooManyRequests') return [];
    throw error;
  }
}

/**
 * The word of each replica of however many addresses, by its name. Who has answered some of several questions is one that didn't answer.
 * Where too many wait already, nobody is asked and nothing is said of the addresses: the list is no less true.
 */
export async function wordsOfTakers(
  gather: Gather<TakersReport>,
  ips: readonly string[],
): Promise<ReadonlyMap<string, Word<TakersReport>>> {
  const rounds = Array.from({ length: Math.ceil(ips.length / MAX_TAKERS) }, async (_, i) => {
    return await round(gather, ips.slice(i * MAX_TAKERS, (i + 1) * MAX_TAKERS));
  });
  const said = Map.groupBy((await Promise.all(rounds)).flat(), ({ replica }) => replica.name);
  return new Map(
    [...said].flatMap(([name, words]) => {
      const word = joined(words);
      return word === undefined ? [] : [[name, word] as const];
    }),
  );
}
