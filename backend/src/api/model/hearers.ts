import { hears, isFor, opensFrom } from '../../announce/hearing.ts';
import type { Family } from '../../domain/address.ts';
import type { Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Replica } from '../../domain/replica.ts';
import type { Word } from '../replicas/gather.ts';
import type { ClusterPicture } from './picture.ts';

/** Why a BgpPeer that a pool selects hears nothing of it all the same. */
export interface DeafPeer {
  readonly peer: string;
  readonly because: 'adminDown' | 'family' | 'nowhere' | 'duplicate' | 'password';
  /** The BgpPeer that it is a duplicate of. */
  readonly of?: string;
}

/** Of the pool's addresses of one family, or of any. */
interface Question {
  readonly pool: Pool;
  readonly families: readonly Family[];
}

function questionOf(pool: Pool, family: Family | undefined): Question {
  return { pool, families: family === undefined ? pool.ranges.map((range) => range.family) : [family] };
}

function byName(a: Peer, b: Peer): number {
  return a.name < b.name ? -1 : 1;
}

function all({ view }: ClusterPicture): Peer[] {
  return [...view.peers.values()].map(([, peer]) => peer).sort(byName);
}

function wouldHear(peer: Peer, { pool, families }: Question): boolean {
  return families.some((family) => hears(peer, pool, family));
}

/** Names of the BgpPeers that hear of a pool's addresses, of one family or of any, by whatever sessions there are with them. */
export function peersOf(pool: Pool | undefined, picture: ClusterPicture, family?: Family): string[] {
  if (pool === undefined) return [];
  const question = questionOf(pool, family);
  const heard = all(picture).filter(
    (peer) => wouldHear(peer, question) && unopenedBecause(peer, picture) === undefined,
  );
  return heard.map(({ name }) => name);
}

function unopenedBecause(peer: Peer, picture: ClusterPicture): Omit<DeafPeer, 'peer'> | undefined {
  return picture.isUsable(peer) ? picture.unopened.get(peer.name) : { because: 'password' };
}

function deafBecause(peer: Peer, question: Question, picture: ClusterPicture): Omit<DeafPeer, 'peer'> | undefined {
  if (peer.deleting || !isFor(question.pool, peer.labels)) return undefined;
  if (peer.adminDown) return { because: 'adminDown' };
  return wouldHear(peer, question) ? unopenedBecause(peer, picture) : { because: 'family' };
}

/** Those that it selects and that hear nothing all the same. */
export function deafPeers(pool: Pool | undefined, picture: ClusterPicture, family?: Family): DeafPeer[] {
  if (pool === undefined) return [];
  const question = questionOf(pool, family);
  return all(picture).flatMap((peer) => {
    const found = deafBecause(peer, question, picture);
    return found === undefined ? [] : [{ peer: peer.name, ...found }];
  });
}

/** Names of the replicas that didn't answer and may have a session with a peer, by where they are. */
export function mayHaveSession(peer: string, picture: ClusterPicture, words: readonly Word[]): string[] {
  const usable = picture.usablePeers();
  const silent = words.flatMap((word) => ('facts' in word ? [] : word.replica));
  const opens = ({ node }: Replica): boolean => {
    return node === undefined || opensFrom(picture.view.nodes.get(node), usable).some(({ name }) => name === peer);
  };
  return silent.filter(opens).map(({ name }) => name);
}
