import { EXIT } from '../failure.ts';
import type { Peer, PeerPage, PeerSummary, Session } from '../generated/api.ts';
import { taskOf, type AnyTask } from '../plan.ts';
import { columns, fields, sections, type Row } from '../render/columns.ts';
import { peerState, said, sessionsText, silentReplicas, word } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { age, andMore, cutOff, ranked } from '../render/words.ts';
import { optionalName, PAGE, type Command } from './command.ts';

const HEAD = ['PEER', 'ADDRESS', 'AS', 'SESSIONS', 'STATE', 'AGE'];

function row(peer: PeerSummary, view: View): Row {
  const as = peer.peerAs === null ? undefined : String(peer.peerAs);
  const { name, createdAt } = peer;
  return [name, addressText(peer), as, sessionsText(peer, view), peerState(peer, view), age(createdAt, view.now)];
}

const BGP_PORT = 179;

function addressText({ address, port }: PeerSummary): string | undefined {
  if (address === null) return undefined;
  return port === null || port === BGP_PORT ? address : `${address} port ${port}`;
}

/** Those without any session come first, then those without some. */
function peerRank({ established, sessions, ready, adminDown }: PeerSummary): number {
  if (adminDown) return 2;
  if (established === 0) return 0;
  return established < sessions || ready?.status !== 'True' ? 1 : 3;
}

/** All that there are, or so many, of those that matter most. */
export function peersTable({ items, totalItems }: PeerPage, view: View, most = Infinity): string {
  if (items.length === 0) return 'There is no peer (BgpPeer).\n';
  const shown = ranked(items, most, peerRank);
  const rest = most === Infinity ? cutOff(items, totalItems) : andMore(shown, totalItems, 'peers');
  const rows = shown.map((peer) => row(peer, view));
  return columns(HEAD, rows, view) + rest;
}

function bfdSettings({ bfd }: Peer): string | undefined {
  if (bfd === null || (bfd as unknown) === undefined) return undefined;
  const { transmitIntervalMs, receiveIntervalMs, detectMultiplier, multihop } = bfd;
  return `every ${transmitIntervalMs} ms, heard every ${receiveIntervalMs} ms, gone after ${detectMultiplier}${multihop ? ', multihop' : ''}`;
}

function peerFields(peer: Peer, view: View): string {
  return fields(
    {
      Peer: peer.name,
      State: peerState(peer, view),
      Address: addressText(peer),
      AS: peer.peerAs === null ? undefined : String(peer.peerAs),
      Sessions: `${sessionsText(peer, view)} replicas`,
      Families: peer.families.map(({ family, sendMax }) => `${family} (up to ${sendMax} next hops)`).join(', '),
      'Next hop': peer.nextHopSelf ? "of each replica its own node's (nextHopSelf)" : undefined,
      'Hold time': peer.holdTimeSeconds === null ? undefined : `${peer.holdTimeSeconds} s`,
      BFD: bfdSettings(peer),
      Password: peer.hasPassword ? 'yes (TCP-MD5)' : undefined,
      'Multihop TTL': peer.multihopTtl === null ? undefined : String(peer.multihopTtl),
      Age: age(peer.createdAt, view.now),
    },
    view,
  );
}

function conditionsTable({ conditions }: Peer, view: View): string {
  const rows = conditions.map((condition) => {
    const { type, status, reason, since } = condition;
    return [type, status, reason, age(since, view.now), said(condition)];
  });
  return rows.length === 0 ? '' : columns(['CONDITION', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], rows, view);
}

type Negotiated = NonNullable<Session['negotiated']>;

function restartText({ gracefulRestart, restart }: Negotiated): string[] {
  if (!gracefulRestart) return [];
  // A replica of an earlier version tells no times.
  if (restart === null || (restart as unknown) === undefined) return ['graceful restart'];
  return [`graceful restart (${restart.restartTimeSeconds} s)`];
}

/** Whatever is not there is of no interest but for who looks for it: then the API has it. */
function agreedText({ extendedMessages, enhancedRouteRefresh, extendedNextHop }: Negotiated): string[] {
  return [
    ...(enhancedRouteRefresh ? ['enhanced refresh'] : []),
    ...(extendedMessages ? ['extended messages'] : []),
    ...(extendedNextHop ? ['IPv6 next hops for IPv4'] : []),
  ];
}

function negotiatedText({ negotiated }: Session): string | undefined {
  if (negotiated === null) return undefined;
  const families = negotiated.families.map(({ family, addPath }) => `${family}${addPath ? ' with ADD-PATH' : ''}`);
  return [...families, ...restartText(negotiated), ...agreedText(negotiated)].join(', ');
}

/** What ended the last attempt, and what that means. */
/** An API of an earlier version has what ended it in English alone. */
type KnownSession = Omit<Session, 'lastErrorText'> & Partial<Pick<Session, 'lastErrorText'>>;

function errorText({ lastError, lastErrorText = lastError, notification }: KnownSession): string | undefined {
  const lines = [lastErrorText, notification?.meaning].filter((line) => typeof line === 'string' && line !== '');
  return lines.length === 0 ? undefined : lines.join('\n');
}

function bfdText({ bfd }: Session, { paint }: View): string | undefined {
  // A replica of an earlier version knows nothing of it.
  if (bfd === null || (bfd as unknown) === undefined) return undefined;
  if (bfd.state === 'Up') return `BFD ${paint('good', 'Up')}`;
  const why = bfd.problem ?? bfd.diagnostic ?? bfd.remoteDiagnostic;
  return `BFD ${paint('bad', bfd.state)}${why === null ? '' : `: ${why}`}`;
}

function sessionText(session: Session, view: View): string | undefined {
  const lines = [negotiatedText(session) ?? errorText(session), bfdText(session, view)].filter(Boolean);
  return lines.length === 0 ? undefined : lines.join('\n');
}

function sessionsTable({ live }: Peer, view: View): string {
  if (live.length === 0) return 'No replica that answered has a session with it.\n';
  const rows = live.map((session) => [
    ...[session.replica, session.node ?? undefined, word(session.state, view), age(session.since, view.now)],
    ...[String(session.prefixesSent), sessionText(session, view)],
  ]);
  return columns(['REPLICA', 'NODE', 'SESSION', 'SINCE', 'ROUTES', 'NEGOTIATED, OR WHY NOT'], rows, view);
}

function onePeer(name: string): AnyTask {
  return taskOf({
    plan: { peer: { id: 'getPeer', params: { name } } },
    table: ({ peer }, view) =>
      sections(
        peerFields(peer, view),
        conditionsTable(peer, view),
        sessionsTable(peer, view),
        silentReplicas(peer.replicas),
      ),
    exitCode: () => EXIT.fine,
  });
}

export const peers: Command = {
  name: 'peers',
  operands: '[NAME]',
  summary: 'Routers (BgpPeers); one of them with the session of each replica',
  about:
    'Lists the routers, or tells everything of one of them: what each replica has negotiated with it, or why it has no session.',
  examples: [
    { line: 'peers', does: 'all routers' },
    { line: 'peers r1', does: 'one router, with the session of each replica' },
    { line: 'peers r1 --watch', does: 'the same, again whenever something changes' },
  ],
  takes: ['watch'],
  prepare: ({ words }) => {
    const name = optionalName(words, ['peer', 'peers', 'bgppeer', 'bgppeers']);
    if (name !== undefined) return onePeer(name);
    return taskOf({
      plan: { peers: { id: 'listPeers', query: PAGE } },
      table: ({ peers: page }, view) => sections(peersTable(page, view), silentReplicas(page.replicas)),
      exitCode: () => EXIT.fine,
    });
  },
};
