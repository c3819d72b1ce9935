import { opensFrom } from '../../announce/hearing.ts';
import type { Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import type { PeerSessions } from '../../report/announced.ts';
import type { Word } from '../replicas/gather.ts';
import { sessionOf } from './verdict.ts';
import type { ClusterPicture } from './picture.ts';

/** What sessions depend on, as it is or as it would be. */
export interface Stage {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly nodes: ReadonlyMap<string, Node>;
  /** The replicas that there are. */
  readonly words: readonly Word[];
}

export function nodeOf(word: Word): string | undefined {
  return 'facts' in word ? word.facts.node : word.replica.node;
}

/** Of each replica, by name, the peers that it opens a session with. */
function openedBy({ peers, nodes, words }: Stage, isUsable: (peer: Peer) => boolean): Map<string, ReadonlySet<string>> {
  const usable = [...peers.values()].filter(isUsable);
  return new Map(
    words.map((word) => {
      const opened = opensFrom(nodes.get(nodeOf(word) ?? ''), usable);
      return [word.replica.name, new Set(opened.map(({ name }) => name))];
    }),
  );
}

/** The sessions that there are, of those that replicas open. */
export function presentSessions(stage: Stage, picture: ClusterPicture): PeerSessions[] {
  const opened = openedBy(stage, (peer) => picture.isUsable(peer));
  return [...stage.peers].map(([name, peer]) => {
    const tellers = stage.words.filter(({ replica }) => opened.get(replica.name)?.has(name));
    return { peer, replicas: tellers.flatMap((word) => sessionOf(name, word, picture)) };
  });
}

const UP: PeerSessions['replicas'][number] = { sessionState: 'Established' };

/**
 * Those that there would be: of a peer that is changed, or that a replica opens a session with only then, it is taken that this comes up.
 * @param changed names of peers
 */
export function simulatedSessions(
  after: Stage,
  before: Stage,
  changed: ReadonlySet<string>,
  picture: ClusterPicture,
): PeerSessions[] {
  const openedBefore = openedBy(before, (peer) => picture.isUsable(peer));
  const opened = openedBy(after, (peer) => changed.has(peer.name) || picture.isUsable(peer));
  return [...after.peers].map(([name, peer]) => {
    const tellers = after.words.filter(({ replica }) => opened.get(replica.name)?.has(name));
    const replicas = tellers.flatMap((word) => {
      const isNew = changed.has(name) || openedBefore.get(word.replica.name)?.has(name) !== true;
      return isNew ? UP : sessionOf(name, word, picture);
    });
    return { peer, replicas };
  });
}
