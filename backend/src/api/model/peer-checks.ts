import { parseAddress } from '../../domain/address.ts';
import type { Word } from '../replicas/gather.ts';
import type { ServicePath } from '../schemas/service.ts';
import { link, ofReason, type ExplainView, type Link, type PathLinks } from './check-link.ts';
import { notificationMeaning } from './notification.ts';
import { deafPeers } from './pools.ts';

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

function withoutSession({ peer, confirmed: [down] }: Peer, { path: { ip }, say }: PathLinks, view: ExplainView): Link {
  const { replica, state } = down ?? { replica: '-', state: '-' };
  const error = lastError(peer, replica, view.words);
  const text = say('peers.down', { peer, ip, replica, state, error });
  const meaning = notificationMeaning(error, view.texts)?.meaning ?? '';
  const [details, next] = [meaning === '' ? [] : [meaning], meaning === '' ? say('next.session', { peer }) : meaning];
  return link('peers', 'failed', text.trim(), { ip, reason: 'NoPeerEstablished', next, details });
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

/** Why peers that the pool selects are told nothing, which is as somebody wants it. */
function deafDetails({ path: { ip, pool }, say }: PathLinks, { picture }: ExplainView): string[] {
  const family = parseAddress(ip)?.family;
  const deaf = deafPeers(picture.view.poolsInForce().get(pool ?? ''), picture, family);
  return deaf.map(({ peer, because }) => say(`peers.deaf.${because}`, { peer, family: familyOf(ip) }));
}

/** One peer that doesn't hear of it is a warning as long as another one does. */
export function peersLinks(links: PathLinks, view: ExplainView): Link[] {
  const { path, say } = links;
  const { ip, pool } = path;
  if (path.protocol === 'layer2') {
    return path.owner === null ? [] : [link('peers', 'passed', say('link.passed', { ip, node: path.owner }), { ip })];
  }
  const details = deafDetails(links, view);
  if (path.peers.length === 0) {
    const nobody = { reason: 'NoPeer', params: { ip, pool: pool ?? '' } } as const;
    return [ofReason({ check: 'peers', result: 'failed' }, nobody, view, { ip, details })];
  }
  const all = path.peers.map((peer) => peerLink(peer, links, view));
  const heard = all.some(({ result }) => result !== 'failed');
  const [first, ...rest] = all.map((each): Link => {
    return heard && each.result === 'failed' ? { ...each, result: 'warning' } : each;
  });
  return first === undefined ? [] : [{ ...first, details: [...first.details, ...details] }, ...rest];
}
