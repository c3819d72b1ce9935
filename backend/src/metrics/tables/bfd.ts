import type { BfdMeasures } from '../../engine/measures.ts';
import { truth, type Chapter, type SampledMetric } from '../metric.ts';

function ofSessions(
  name: string,
  type: SampledMetric['type'],
  help: string,
  value: (session: BfdMeasures) => number | undefined,
): SampledMetric {
  return {
    ...{ name, type, help, labels: ['peer'] },
    samples: ({ engine }) =>
      (engine?.sessions ?? []).flatMap(({ peer, bfd: session }) => {
        const found = session === undefined ? undefined : value(session);
        return found === undefined ? [] : [{ value: found, labels: { peer } }];
      }),
  };
}

export const bfd: Chapter = {
  title: 'BFD',
  about:
    'Every replica has these of its own, for the peers that have BFD; they come from the engine, and are missing where it does not answer. Counters begin anew when a session is another one.',
  metrics: [
    ofSessions('porterlb_bfd_session_up', 'gauge', 'Whether the BFD session is up.', ({ state }) =>
      truth(state === 'Up'),
    ),
    ofSessions('porterlb_bfd_session_ups_total', 'counter', 'How often the BFD session came up.', ({ up }) => up),
    ofSessions(
      'porterlb_bfd_session_failures_total',
      'counter',
      'How often the BFD session went down because the router, or the way to it, was gone; each time the session of BGP went with it.',
      ({ failed }) => failed,
    ),
    ofSessions(
      'porterlb_bfd_forgiven_silences_total',
      'counter',
      'Silences that were not held against the router because this replica itself was late.',
      ({ forgiven }) => forgiven,
    ),
    ofSessions(
      'porterlb_bfd_detection_time_seconds',
      'gauge',
      'After how long a silence the router is given up, as both sides agreed; missing while it is silent.',
      ({ detectionTimeMs }) => (detectionTimeMs === undefined ? undefined : detectionTimeMs / 1_000),
    ),
    ofSessions(
      'porterlb_bfd_packets_sent_total',
      'counter',
      'BFD packets that were sent.',
      ({ packetsSent }) => packetsSent,
    ),
    ofSessions(
      'porterlb_bfd_packets_received_total',
      'counter',
      'BFD packets of the session that came and were taken.',
      ({ packetsReceived }) => packetsReceived,
    ),
    {
      name: 'porterlb_bfd_dropped_packets_total',
      type: 'counter',
      help: 'BFD packets that came and were not taken, by reason, whatever session they were meant for.',
      labels: ['reason'],
      samples: ({ engine }) =>
        Object.entries(engine?.bfdDropped ?? {}).map(([reason, value]) => ({ value, labels: { reason } })),
    },
  ],
};
