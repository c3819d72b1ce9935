import { parseAddress } from '../../domain/address.ts';
import type { Word } from '../replicas/gather.ts';
import type { ServicePath } from '../schemas/service.ts';
import { link, ofReason, type ExplainView, type Link, type PathLinks } from './check-link.ts';
import { deafPeers, mayHaveSession, type DeafPeer } from './hearers.ts';
import { notificationMeaning } from './notification.ts';

type Peer = ServicePath['peers'][number];

const FAMILY_NAMES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

function familyOf(ip: string): string {
  return FAMILY_NAMES[parseAddress(ip)?.family ?? 'ipv4'];
}

/** What ended the last attempt of a replica, or nothing. */
function lastError(peer: string, replica: string, words: readonly Word[]): string {
  const word = words.find((each) => 'facts' in each && each.facts.replica === replica);
  if (word === undefined || !('facts' in word)) return '';
  return word.facts.sessions.find((each) => each.peer === peer)?.lastError ?? '';
}

function portOf(peer: string, { picture }: ExplainView): number {
  return picture.view.peers.get(peer)?.value?.port ?? 179;
}

function withoutSession({ peer, confirmed: [down] }: Peer, { path: { ip }, say }: PathLinks, view: ExplainView): Link {
  const next = say('next.session', { peer, port: portOf(peer, view) });
  const failed = { ip, reason: 'NoPeerEstablished' };
  if (down === undefined) return link('peers', 'failed', say('peers.nobody', { peer, ip }), { ...failed, next });
  const { replica, state } = down;
  const error = lastError(peer, replica, view.words);
  const text = say('peers.down', { peer, ip, replica, state, error: view.texts.networkWords(error) });
  const meaning = notificationMeaning(error, view.texts)?.meaning ?? '';
  if (meaning === '') return link('peers', 'failed', text.trim(), { ...failed, next });
  return link('peers', 'failed', text.trim(), { ...failed, next: meaning, details: [meaning] });
}

/** One that hears from each replica of that one's own node: what it hears from all of them counts, as far as nothing better is told. */
function ownNodesLink({ peer, intended }: Peer, up: Peer['confirmed'], { path: { ip, nodes }, say }: PathLinks): Link {
  const told = intended.filter(({ replica }) => up.some((session) => session.replica === replica));
  const best = told.filter(({ med }) => med === Math.min(...told.map((each) => each.med)));
  const count = new Set(best.flatMap(({ nextHops }) => nextHops)).size;
  const params = { peer, ip, count, replicas: best.map(({ replica }) => replica).join(', ') };
  const next = say('next.self', params);
  if (count === 0) return link('peers', 'failed', say('peers.self.untold', params), { ip, next });
  const others = nodes.filter(({ draining }) => !draining).length - 1;
  if (count === 1 && others > 0) return link('peers', 'warning', say('peers.self.one', params), { ip, next });
  return link('peers', 'passed', say('peers.self.passed', params), { ip });
}

/** One peer: who tells it, and how much of it arrives. */
function peerLink(peer: Peer, links: PathLinks, view: ExplainView): Link {
  const { path, say } = links;
  const { ip } = path;
  const established = peer.confirmed.filter(({ state }) => state === 'Established');
  if (established.length === 0) return withoutSession(peer, links, view);
  const params = { peer: peer.peer, ip, family: familyOf(ip) };
  const up = established.filter(({ negotiated }) => negotiated);
  if (up.length === 0) {
    return link('peers', 'failed', say('peers.family', params), { ip, next: say('next.family', params) });
  }
  if (peer.nextHopSelf) return ownNodesLink(peer, up, links);
  const told = peer.intended.find(({ replica }) => up.some((session) => session.replica === replica));
  if (told === undefined) {
    return link('peers', 'failed', say('peers.untold', params), { ip, next: say('next.untold', params) });
  }
  const count = told.nextHops.length;
  if (count > 1 && up.every(({ addPath }) => !addPath)) {
    return link('peers', 'warning', say('peers.one', params), { ip, next: say('next.addPath', params) });
  }
  const replicas = up.map(({ replica }) => replica).join(', ');
  return link('peers', 'passed', say('peers.passed', { ...params, count, replicas }), { ip });
}

/** Those that the pool selects and that nobody tells anything. */
function deafTo({ ip, pool }: ServicePath, { picture }: ExplainView): DeafPeer[] {
  return deafPeers(picture.view.poolsInForce().get(pool ?? ''), picture, parseAddress(ip)?.family);
}

const HEARD: ReadonlySet<Link['result']> = new Set(['passed', 'warning']);

/** A replica that didn't answer may tell the peer what the others don't. */
function unlessUnheard(peer: string, made: Link, { picture, words, texts }: ExplainView): Link {
  const [replica, ...others] = made.result === 'failed' ? mayHaveSession(peer, picture, words) : [];
  if (replica === undefined) return made;
  const unheard = texts.explain('peers.unheard', { peer, replicas: [replica, ...others].join(', ') });
  const next = texts.explain('next.replica', { replica });
  return { ...made, result: 'unknown', next, details: [...made.details, unheard] };
}

/** One peer that doesn't hear of it is a warning as long as another one does. */
export function peersLinks(links: PathLinks, view: ExplainView): Link[] {
  const { path, say } = links;
  const { ip, pool } = path;
  if (path.protocol === 'layer2') {
    return path.owner === null ? [] : [link('peers', 'passed', say('link.passed', { ip, node: path.owner }), { ip })];
  }
  const deaf = deafTo(path, view);
  const details = deaf.map(({ peer, because, of = '' }) => {
    return say(`peers.deaf.${because}`, { peer, of, family: familyOf(ip) });
  });
  if (path.peers.length === 0) {
    const reason = path.verdict?.reason === 'NoPeerEstablished' ? 'NoPeerEstablished' : 'NoPeer';
    const nobody = { reason, params: { ip, pool: pool ?? '' } } as const;
    return [ofReason({ check: 'peers', result: 'failed' }, nobody, view, { ip, details })];
  }
  const all = path.peers.map((peer) => unlessUnheard(peer.peer, peerLink(peer, links, view), view));
  const heard = all.some(({ result }) => HEARD.has(result));
  const [first, ...rest] = all.map((each): Link => {
    return heard && !HEARD.has(each.result) ? { ...each, result: 'warning' } : each;
  });
  return first === undefined ? [] : [{ ...first, details: [...first.details, ...details] }, ...rest];
}
