import { opensFrom } from '../../announce/hearing.ts';
import { nodesAt, type Node } from '../../domain/node.ts';
import type { Peer } from '../../domain/peer.ts';
import type { PeerSessions } from '../../report/announced.ts';
import type { Word } from '../replicas/gather.ts';
import { sessionOf } from './verdict.ts';
import type { ClusterPicture } from './picture.ts';

/** Who exchanges what with a peer, as far as replicas say so. */
export interface Outlook extends PeerSessions {
  /** Where the replicas are that open a session with it and didn't answer; undefined: that is not known. */
  readonly unheard: readonly (string | undefined)[];
}

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

function outlook(
  { peers, nodes, words }: Stage,
  opened: ReadonlyMap<string, ReadonlySet<string>>,
  sessionsOf: (peer: string, word: Word) => PeerSessions['replicas'],
): Outlook[] {
  return [...peers].map(([name, peer]) => {
    const tellers = words.filter((word) => nodeOf(word) === undefined || opened.get(word.replica.name)?.has(name));
    const [heard, unheard] = [tellers.filter((word) => 'facts' in word), tellers.filter((word) => !('facts' in word))];
    const itself = nodesAt(peer.address, nodes.values());
    return { peer, itself, replicas: heard.flatMap((word) => sessionsOf(name, word)), unheard: unheard.map(nodeOf) };
  });
}

/** The sessions that there are, of those that replicas open. */
export function presentSessions(stage: Stage, picture: ClusterPicture): Outlook[] {
  const opened = openedBy(stage, (peer) => picture.isUsable(peer));
  return outlook(stage, opened, (peer, word) => sessionOf(peer, word, picture));
}

/**
 * Those that there would be: of a peer that is changed, or that a replica opens a session with only then, it is taken that this comes up.
 * @param changed names of peers
 */
export function simulatedSessions(
  after: Stage,
  before: Stage,
  changed: ReadonlySet<string>,
  picture: ClusterPicture,
): Outlook[] {
  const openedBefore = openedBy(before, (peer) => picture.isUsable(peer));
  const opened = openedBy(after, (peer) => changed.has(peer.name) || picture.isUsable(peer));
  // Without the AS of our own there are none.
  const mayOpen = picture.view.settings.get('default')?.value !== undefined;
  const up = (word: Word): PeerSessions['replicas'] => {
    return mayOpen ? [{ sessionState: 'Established', node: nodeOf(word) }] : [];
  };
  return outlook(after, opened, (peer, word) => {
    const isNew = changed.has(peer) || openedBefore.get(word.replica.name)?.has(peer) !== true;
    return isNew ? up(word) : sessionOf(peer, word, picture);
  });
}
