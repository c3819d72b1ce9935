import { NO_PLACE, type Replica } from '../../domain/replica.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { Engine } from '../engine.ts';
import type { AddressReport, FromEngine } from '../messages.ts';
import { RecordingSpeaker } from './recording-speaker.ts';

/** An engine of replica `a` on node `n1` with everything around it faked. */
export class Bench {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  readonly speaker = new RecordingSpeaker();
  readonly posted: FromEngine[] = [];
  /** What the prober says; call `engine.replicasChanged()` after a change. */
  answering: string[] = [];
  lost: string[] = [];
  /** What the prober was told, in order. */
  readonly prober: string[] = [];
  members: readonly Replica[] = [];
  retentionMs: number | undefined;
  /** What the other replicas are told of this one's view. */
  toldStale = false;
  toldAnnouncing = false;
  /** Whether the other replicas have all their sessions. */
  othersAnnounce = true;
  connected: string[] = ['10.0.0.1/24'];
  readonly engine: Engine;

  constructor(replica = 'a') {
    this.engine = new Engine(
      {
        clock: this.clock,
        logger: this.logger,
        links: { connectedPrefixes: () => this.connected },
        speaker: this.speaker.port,
        replicas: {
          start: () => void this.prober.push('start'),
          stop: () => void this.prober.push('stop'),
          announceLeaving: () => void this.prober.push('leaving'),
          setReplicas: (members) => {
            this.members = members;
            // As the real one does: whoever listens looks again.
            this.engine.replicasChanged();
          },
          setAnnouncing: (announcing) => void (this.toldAnnouncing = announcing),
          setStale: (stale) => void (this.toldStale = stale),
          setRetention: (ms) => void (this.retentionMs = ms),
          answering: () =>
            this.answering.map((name) => {
              const node = this.members.find((member) => member.name === name)?.node;
              return { name, node, stale: false, announcing: this.othersAnnounce, place: NO_PLACE };
            }),
          lost: () => this.lost,
        },
        post: (message) => void this.posted.push(message),
      },
      { replica, node: 'n1', address: '10.0.0.1', probePort: 7_473, layer2: true, layer2SteadyMs: 0, logLevel: 'info' },
    );
  }

  /** What the main thread knows of each address after all reports so far. */
  reported(): Map<string, AddressReport> {
    const reports = new Map<string, AddressReport>();
    for (const message of this.posted) {
      if (message.type !== 'addresses') continue;
      for (const ip of message.gone) reports.delete(ip);
      for (const report of message.changed) reports.set(report.ip, report);
    }
    return new Map([...reports].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
