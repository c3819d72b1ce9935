import React, { type ReactElement } from 'react';
import type { Session } from '../../generated/api.ts';
import { Facts } from '../../parts/Facts.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Status } from '../../parts/Status.tsx';
import { Time } from '../../parts/Time.tsx';
import { text } from '../../texts/texts.ts';
import { bfdLevel, capabilities, diagnosticText, sessionLevel } from './peer-model.ts';

/** The session of one replica: how it is, what both ends agreed on, what went over it, and what ended it last. */
export function SessionCard({ session }: { readonly session: Session }): ReactElement {
  const { replica, node, state, since, localAddress, negotiated, prefixesSent, counters } = session;
  const seconds = (count: number | null | undefined): string | null =>
    typeof count === 'number' ? text('SECONDS', { count }) : null;
  return (
    <section className="plb-card" aria-label={replica}>
      <h2>{node === null ? replica : text('REPLICA_ON', { replica, node })}</h2>
      <LastError session={session} />
      <Facts
        facts={[
          [
            'SESSION',
            <Status key="state" level={sessionLevel(state)}>
              {state}
            </Status>,
          ],
          ['SINCE', <Time key="since" at={since} />],
          ['PEER_LOCAL_ADDRESS', localAddress],
          ['PEER_ROUTER_ID', negotiated?.routerId],
          ['PEER_HOLD_TIME', seconds(negotiated?.holdTimeSeconds)],
          ['PEER_KEEPALIVE', seconds(negotiated?.keepaliveSeconds)],
          ['PEER_CAPABILITIES', negotiated === null ? null : capabilities(negotiated).join(', ')],
          ['PEER_PREFIXES_SENT', prefixesSent],
          ['PEER_MESSAGES', pair(counters.messagesReceived, counters.messagesSent)],
          ['PEER_UPDATES', pair(counters.updatesReceived, counters.updatesSent)],
          ['PEER_UPS', pair(counters.established, counters.lost)],
          ['PEER_MALFORMED', counters.malformedUpdates],
          ['BFD', <Bfd key="bfd" bfd={session.bfd} />],
        ]}
      />
    </section>
  );
}

function pair(one: number, other: number): string {
  return `${one} / ${other}`;
}

/** An API of an earlier version has it in English alone. */
type KnownSession = Omit<Session, 'lastErrorText'> & Partial<Pick<Session, 'lastErrorText'>>;

function LastError({
  session: { lastError, lastErrorText = lastError, notification, state },
}: {
  readonly session: KnownSession;
}): ReactElement | null {
  if (lastError === null) return null;
  return (
    <Notice level={state === 'Established' ? 'info' : 'warning'}>
      {text('PEER_LAST_ERROR', { error: lastErrorText ?? lastError })}
      {notification !== null && <p>{notification.meaning}</p>}
    </Notice>
  );
}

function Bfd({ bfd }: Pick<Session, 'bfd'>): ReactElement {
  if (bfd === null) return <>—</>;
  const { state, detectionTimeMs, transmitIntervalMs, problem, diagnostic, remoteDiagnostic } = bfd;
  const said = diagnostic ?? remoteDiagnostic;
  const why = problem ?? (said === null ? undefined : diagnosticText(said));
  return (
    <Status level={bfdLevel(state)} detail={why}>
      {state}
      {detectionTimeMs !== null && (
        <small>{text('BFD_TIMES', { interval: transmitIntervalMs, detection: detectionTimeMs })}</small>
      )}
    </Status>
  );
}
