import { z } from 'zod';
import type { AddressFacts } from '../../engine/facts.ts';
import { addressFacts } from './facts.ts';
import type { Gather, Word } from './gather.ts';

/** What a replica says of addresses, and of nothing else. */
export interface AddressesReport {
  readonly addresses: readonly AddressFacts[];
}

/** What another replica says; one of an earlier version says all that it knows besides, which is left where it is. */
export const addressesReport: z.ZodType<AddressesReport> = z.object({ addresses: z.array(addressFacts) });

export interface Gathers {
  readonly gather: Gather;
  readonly gatherAddresses: Gather<AddressesReport>;
}

/**
 * Who has answered one of the two questions is one that didn't answer. Who came or went between them is told of a second later, unless it says
 * nothing: who is silent is always named.
 */
function joined(words: readonly Word[], said: readonly Word<AddressesReport>[]): readonly Word[] {
  const byName = new Map(said.map((word) => [word.replica.name, word]));
  const both = words.flatMap((word) => {
    const own = byName.get(word.replica.name);
    byName.delete(word.replica.name);
    if (!('facts' in word)) return word;
    if (own === undefined) return [];
    if (!('facts' in own)) return own;
    return { ...word, facts: { ...word.facts, addresses: own.facts.addresses } };
  });
  const silent = [...byName.values()].flatMap((word) => ('facts' in word ? [] : word));
  return [...both, ...silent].sort((a, b) => (a.replica.name < b.replica.name ? -1 : 1));
}

/**
 * The word of each replica, of these addresses among others. What it says besides is the same for all addresses, and much where there are many
 * nodes: it is asked for as often as for whoever asks of no address.
 * @throws {Problem} as `Gather.all`
 */
export async function wordsOfAddresses(
  { gather, gatherAddresses }: Gathers,
  ips: readonly string[],
): Promise<readonly Word[]> {
  if (ips.length === 0) return await gather.all();
  const [words, said] = await Promise.all([gather.all(), gatherAddresses.all(ips)]);
  return joined(words, said);
}
