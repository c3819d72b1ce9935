import type { SessionMeasures } from '../../engine/measures.ts';
import type { CounterSnapshot, SentKind } from '../../speakers/layer2/speaker.ts';
import { single, truth, type Chapter, type Sample, type SampledMetric } from '../metric.ts';

const ENGINE =
  'Every replica has these of its own; they come from the engine, and are missing where it does not answer.';

type Type = SampledMetric['type'];

function ofSessions(
  name: string,
  type: Type,
  help: string,
  value: (session: SessionMeasures) => number,
): SampledMetric {
  return {
    ...{ name, type, help, labels: ['peer'] },
    samples: ({ engine }) =>
      (engine?.sessions ?? []).map((session) => ({ value: value(session), labels: { peer: session.peer } })),
  };
}

export const bgp: Chapter = {
  title: 'BGP',
  about: `${ENGINE} Counters begin anew when a session is configured anew.`,
  metrics: [
    ofSessions('porterlb_bgp_session_up', 'gauge', 'Whether the session is established.', ({ state }) =>
      truth(state === 'Established'),
    ),
    ofSessions(
      'porterlb_bgp_session_established_total',
      'counter',
      'How often the session was established.',
      ({ established }) => established,
    ),
    ofSessions(
      'porterlb_bgp_session_flaps_total',
      'counter',
      'How often the session was lost after it had been established.',
      ({ lost }) => lost,
    ),
    ofSessions(
      'porterlb_bgp_prefixes_sent',
      'gauge',
      'Prefixes that the router has from this replica.',
      ({ prefixesSent }) => prefixesSent,
    ),
    ofSessions(
      'porterlb_bgp_updates_sent_total',
      'counter',
      'UPDATE messages that were sent.',
      ({ updatesSent }) => updatesSent,
    ),
    ofSessions(
      'porterlb_bgp_updates_received_total',
      'counter',
      'UPDATE messages that came; their routes are not used.',
      ({ updatesReceived }) => updatesReceived,
    ),
    ofSessions(
      'porterlb_bgp_malformed_updates_total',
      'counter',
      'UPDATE messages that came with an error that RFC 7606 tolerates.',
      ({ malformedUpdates }) => malformedUpdates,
    ),
    ofSessions(
      'porterlb_bgp_messages_sent_total',
      'counter',
      'Messages of all kinds that were sent.',
      ({ messagesSent }) => messagesSent,
    ),
    ofSessions(
      'porterlb_bgp_messages_received_total',
      'counter',
      'Messages of all kinds that came.',
      ({ messagesReceived }) => messagesReceived,
    ),
    {
      name: 'porterlb_bgp_med_offset',
      type: 'gauge',
      help: 'What this replica adds to the MED of its routes, to the router where that is least: the lower, the rather it takes them.',
      labels: [],
      samples: ({ engine }) => (engine?.medOffset === undefined ? [] : single(engine.medOffset)),
    },
  ],
};

type OfLink = (counted: CounterSnapshot) => Iterable<Sample>;

function ofLinks(name: string, help: string, labels: SampledMetric['labels'], ofLink: OfLink): SampledMetric {
  return {
    ...{ name, type: 'counter', help, labels: ['interface', ...labels] },
    samples: ({ engine }) =>
      [...(engine?.layer2?.links ?? [])].flatMap(([link, counted]) =>
        [...ofLink(counted)].map(({ value, labels: others }) => ({ value, labels: { interface: link, ...others } })),
      ),
  };
}

function byProtocol({ arp, ndp }: CounterSnapshot['questions']): Sample[] {
  return [
    { value: arp, labels: { protocol: 'arp' } },
    { value: ndp, labels: { protocol: 'ndp' } },
  ];
}

function sent(kind: SentKind): OfLink {
  return (counted) => byProtocol(counted.sent[kind]);
}

export const layer2: Chapter = {
  title: 'Layer 2',
  about: `${ENGINE} An interface has them once an address belongs on it, until the interface is gone.`,
  metrics: [
    {
      name: 'porterlb_layer2_addresses',
      type: 'gauge',
      help: 'Addresses that this replica speaks for on a link, or is about to.',
      labels: ['state'],
      samples: ({ engine }) =>
        Object.entries(engine?.layer2?.addresses ?? {}).map(([state, value]) => ({ value, labels: { state } })),
    },
    ofLinks(
      'porterlb_layer2_received_frames_total',
      'ARP and neighbour discovery frames that came, whoever they were about.',
      [],
      ({ received }) => single(received),
    ),
    ofLinks(
      'porterlb_layer2_requests_total',
      'Questions for addresses that this replica speaks for: ARP requests, neighbour solicitations.',
      ['protocol'],
      ({ questions }) => byProtocol(questions),
    ),
    ofLinks('porterlb_layer2_answers_total', 'Answers that were sent.', ['protocol'], sent('answer')),
    ofLinks(
      'porterlb_layer2_announcements_total',
      'Gratuitous ARP frames, two for each announcement, and unsolicited neighbour advertisements that were sent.',
      ['protocol'],
      sent('announcement'),
    ),
    ofLinks(
      'porterlb_layer2_probes_total',
      'Questions that were sent whether anybody has an address already.',
      ['protocol'],
      sent('probe'),
    ),
    ofLinks(
      'porterlb_layer2_dropped_frames_total',
      'Frames that came and were not taken, by reason: foreign ones are about addresses of others; overflow: they came faster than this replica took them, and some may have asked for its addresses.',
      ['reason'],
      ({ dropped }) => Object.entries(dropped).map(([reason, value]) => ({ value, labels: { reason } })),
    ),
    ofLinks(
      'porterlb_layer2_lost_frames_total',
      'Frames that this host could not send; they count as sent too.',
      [],
      ({ lost }) => single(lost),
    ),
    ofLinks(
      'porterlb_layer2_conflicts_total',
      'Claims by hosts outside of the cluster to addresses that this replica speaks for.',
      [],
      ({ conflicts }) => single(conflicts),
    ),
    ofLinks(
      'porterlb_layer2_rivals_total',
      'Claims by other nodes of the cluster to addresses that this replica speaks for.',
      [],
      ({ rivals }) => single(rivals),
    ),
  ],
};
