import { nodesAt } from '../../domain/node.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { AddressFacts } from '../../engine/facts.ts';
import { findingOf, type PeerSessions } from '../../report/announced.ts';
import type { ReplicaReport } from '../replicas/facts.ts';
import type { Word } from '../replicas/gather.ts';
import type { ClusterPicture } from './picture.ts';

/** What the replicas that answered say of one address. */
export function factsOf(
  ip: string,
  words: readonly Word[],
): { readonly replica: string; readonly facts: AddressFacts }[] {
  return words.flatMap((word) => {
    const facts = 'facts' in word ? word.facts.addresses.find((each) => each.ip === ip) : undefined;
    return facts === undefined || !('facts' in word) ? [] : [{ replica: word.facts.replica, facts }];
  });
}

/** Those that answered, in the order in which routers prefer their routes. */
export function byWeight(words: readonly Word[]): ReplicaReport[] {
  const known = words.flatMap((word) => ('facts' in word ? word.facts : []));
  // An earlier version doesn't tell its rank apart from what peers with `nextHopSelf` hear.
  const rankOf = ({ rank, medOffset }: ReplicaReport): number => rank ?? medOffset ?? Number.MAX_SAFE_INTEGER;
  return known.sort((a, b) => rankOf(a) - rankOf(b));
}

/** The replica whose routes routers prefer: the others announce as well, and lose. Where several are as good (racks), the first listed. */
export function foremost(words: readonly Word[]): string | undefined {
  return byWeight(words)[0]?.replica;
}

/** Of what replicas decided for an address, that of the one whose routes count, or of any. */
function decisive(ip: string, words: readonly Word[]): AddressFacts | undefined {
  const said = factsOf(ip, words);
  const first = foremost(words);
  return (said.find(({ replica }) => replica === first) ?? said[0])?.facts;
}

type Session = PeerSessions['replicas'][number];

/** The session of a replica with a peer, if it says that it has one; of a replica that doesn't answer what it wrote last. */
export function sessionOf(peer: string, word: Word, { view }: ClusterPicture): Session[] {
  if (!('facts' in word)) {
    const written = view.peerObject(peer)?.status?.replicas ?? [];
    return written.filter(({ replica }) => replica === word.replica.name);
  }
  const session = word.facts.sessions.find((each) => each.peer === peer);
  if (session === undefined) return [];
  // A replica of a later version may have other words for what is no session yet.
  const sessionState = session.state as Session['sessionState'];
  return [
    { sessionState, node: word.facts.node, negotiated: { families: session.families.map(({ family }) => family) } },
  ];
}

function sessions(picture: ClusterPicture, words: readonly Word[]): PeerSessions[] {
  return [...picture.view.peers.values()].map(([name, peer]) => {
    const itself = nodesAt(peer.address, picture.view.nodes.values());
    return { peer, itself, replicas: words.flatMap((word) => sessionOf(name, word, picture)) };
  });
}

/** How an address of a Service is. */
export interface Verdict {
  /** What its condition `Announced` says as well. */
  readonly finding: Finding;
  /** What the replica that counts says of the address, unless it is another Service's. */
  readonly facts: AddressFacts | undefined;
}

/** By what replicas say now, and by the same function as the condition; undefined: no replica says anything of it. */
export function verdictOf(
  service: Service,
  ip: string,
  picture: ClusterPicture,
  words: readonly Word[],
): Verdict | undefined {
  const facts = decisive(ip, words);
  const assignment = service.recorded.find((each) => each.ip === ip);
  if (facts === undefined || assignment === undefined) return undefined;
  const reports = new Map([[ip, facts]]);
  const view = { reports, pools: picture.view.poolsInForce(), peers: sessions(picture, words) };
  const finding = findingOf(service, assignment, view);
  if (finding === undefined) return undefined;
  return { finding, facts: facts.services.includes(service.key) ? facts : undefined };
}
