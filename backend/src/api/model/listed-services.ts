import type { Service } from '../../domain/service.ts';
import type { Word } from '../replicas/gather.ts';
import type { Taken, TakersReport } from '../replicas/takers.ts';
import type { ListedService, Takers } from '../schemas/service.ts';
import type { Reading } from './audience.ts';
import type { ClusterPicture } from './picture.ts';
import { serviceSummary } from './services.ts';
import { byWeight } from './verdict.ts';

/** What a list of Services is made of, besides the Services. */
export interface ListView extends Reading {
  readonly picture: ClusterPicture;
  /** The word of each replica, of none of the addresses. */
  readonly words: readonly Word[];
  /** By the names of replicas. */
  readonly takers: ReadonlyMap<string, Word<TakersReport>>;
}

/** The word of each replica; one that didn't say who takes what is one that didn't answer. */
export function wordsForList({ words, takers }: Pick<ListView, 'words' | 'takers'>): readonly Word[] {
  return words.map((word) => {
    const said = takers.get(word.replica.name);
    return said !== undefined && 'problem' in said && 'facts' in word ? said : word;
  });
}

/** By address: what the replica says whose routes count, or any that says something. */
function decisive({ words, takers }: Pick<ListView, 'words' | 'takers'>): ReadonlyMap<string, Taken> {
  const inOrder = byWeight(words).flatMap(({ replica }) => {
    const said = takers.get(replica);
    return said !== undefined && 'facts' in said ? said.facts.addresses : [];
  });
  // Of those with the same key the last one stays.
  return new Map(inOrder.toReversed().map((each) => [each.ip, each]));
}

function takersOf(service: Service, ip: string, said: ReadonlyMap<string, Taken>, picture: ClusterPicture): Takers {
  const pool = picture.poolOf(service, ip);
  const where = { ip, pool: pool?.name ?? null, protocol: pool?.protocol ?? null };
  const found = said.get(ip);
  if (found === undefined) return { ...where, nodes: null, more: 0 };
  // An older Service has it.
  if (!found.services.includes(service.key)) return { ...where, nodes: [], more: 0 };
  return { ...where, nodes: [...found.nodes], more: found.more };
}

/** The addresses of which a list tells who takes their traffic. */
export function listedAddresses(services: readonly Service[]): string[] {
  return services.flatMap(({ claims, recorded }) => (claims ? recorded.map(({ ip }) => ip) : []));
}

/** The Services of one page. */
export function listedServices(services: readonly Service[], view: ListView): ListedService[] {
  const { picture } = view;
  const said = decisive(view);
  return services.map((service) => {
    const summary = serviceSummary(service, picture, view);
    return { ...summary, takers: summary.ips.map((ip) => takersOf(service, ip, said, picture)) };
  });
}
