import type { NodeHealth } from '../../announce/snapshot.ts';
import type { LostReplica, RetainedRoutes } from '../../health/tracked-replica.ts';
import { NO_PLACE, type Replica, type ReplicaPlace } from '../../domain/replica.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { Engine, type EngineDeps } from '../engine.ts';
import type { Layer2Host, LinkAddress } from '../layer2-deps.ts';
import type { LinkView } from '../link-view.ts';
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
  /** By name alone: on no known node, with a fresh view. */
  lost: (string | LostReplica)[] = [];
  told: number[] = [];
  /** Nodes of replicas that are silent or have left. */
  goneNodes: string[] = [];
  toldRank: { readonly med: number; readonly retained: Readonly<Record<string, number>> } | undefined;
  /** By the name of a lost replica those that none of its routers hears. */
  toldElsewhere: Readonly<Record<string, readonly string[]>> = {};
  /** What the prober was told, in order. */
  readonly prober: string[] = [];
  members: readonly Replica[] = [];
  retentionMs: number | undefined;
  /** What the other replicas are told of this one's view. */
  toldStale = false;
  toldNewcomer = false;
  toldAnnouncing = false;
  /** Whether the other replicas have nodes left that they have not met: like this one, which has had no answer yet. */
  othersAreNewcomers = true;
  /** Whether the other replicas have all their sessions. */
  othersAnnounce = true;
  connected: string[] = ['10.0.0.1/24'];
  /** What Layer 2 was told, in order, and what it says of addresses; call `linkChanged` after a change. */
  readonly linkCalls: string[] = [];
  readonly linkWanted = new Map<string, LinkAddress>();
  readonly linkViews = new Map<string, LinkView>();
  linkChanged: Layer2Host['onChange'] = () => undefined;
  othersSpeakOnLinks = false;
  /** Whether the other replicas say where they speak. */
  othersAreUnplaced = false;
  /** What probes say of nodes; call `engine.healthChanged()` after a change. */
  readonly health = new Map<string, NodeHealth>();
  probing = false;
  /** Where nodes are probed, by name. */
  probed: Readonly<Record<string, string>> = {};
  routers: readonly string[] = [];
  readonly engine: Engine;

  constructor(replica = 'a', { layer2 = false, drainGraceMs = 0, drainOnCordon = false } = {}) {
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
          setNewcomer: (newcomer) => void (this.toldNewcomer = newcomer),
          setRank: (med, retained) => {
            const each = <T>(what: (routes: RetainedRoutes) => T): Record<string, T> =>
              Object.fromEntries([...retained].map(([name, routes]) => [name, what(routes)]));
            this.toldRank = { med, retained: each((routes) => routes.med) };
            this.toldElsewhere = each((routes) => routes.elsewhere);
          },
          setRetention: (ms) => void (this.retentionMs = ms),
          answering: () =>
            this.answering.map((name) => {
              const node = this.members.find((member) => member.name === name)?.node;
              const view = { stale: false, behind: undefined, newcomer: this.othersAreNewcomers };
              const place = { place: this.#placeOfOthers(), isPlaceKnown: !this.othersAreUnplaced, countsUs: false };
              return { name, node, ...view, announcing: this.othersAnnounce, ...place };
            }),
          told: () => this.told,
          goneNodes: () => new Set(this.goneNodes),
          lost: () => this.lost.map((other) => (typeof other === 'string' ? this.#lostOne(other) : other)),
        },
        ...(layer2 ? { layer2: (host: Layer2Host) => this.#linkPart(host) } : {}),
        nodes: {
          start: () => void (this.probing = true),
          stop: () => void (this.probing = false),
          setNodes: (targets) =>
            void (this.probed = Object.fromEntries(targets.map(({ name, address }) => [name, address]))),
          setRouters: (addresses) => void (this.routers = addresses),
          health: () => this.health,
        },
        post: (message) => void this.posted.push(message),
      },
      {
        ...{ replica, node: 'n1', address: '10.0.0.1', probePort: 7_473, logLevel: 'info' },
        ...{ layer2: true, layer2SteadyMs: 0, drainGraceMs, drainOnCordon },
      },
    );
  }

  #lostOne(name: string): LostReplica {
    const us = { stale: this.toldStale, newcomer: this.toldNewcomer };
    return { name, node: undefined, stale: false, newcomer: this.othersAreNewcomers, us, med: undefined, beside: [] };
  }

  #placeOfOthers(): ReplicaPlace {
    const link = { name: 'eth0', mac: '02:00:00:00:00:02', prefixes: ['10.0.0.2/24'] };
    return this.othersSpeakOnLinks ? { links: [link], towards: {} } : NO_PLACE;
  }

  #linkPart(host: Layer2Host): ReturnType<NonNullable<EngineDeps['layer2']>> {
    this.linkChanged = host.onChange;
    const call = (what: string) => (): void => void this.linkCalls.push(what);
    return {
      start: call('start'),
      set: (wanted) => {
        this.linkCalls.push(`set ${[...wanted.keys()].join()}`);
        this.linkWanted.clear();
        for (const [ip, address] of wanted) this.linkWanted.set(ip, address);
      },
      update: (changes) => {
        this.linkCalls.push(`update ${[...changes].map(([ip, address]) => (address === null ? `-${ip}` : ip)).join()}`);
        for (const [ip, address] of changes) {
          if (address === null) this.linkWanted.delete(ip);
          else this.linkWanted.set(ip, address);
        }
      },
      replicasChanged: call('replicas'),
      setStale: (stale) => void this.linkCalls.push(stale ? 'stale' : 'fresh'),
      leave: call('leave'),
      stop: call('stop'),
      view: (ip) => this.linkViews.get(ip),
    };
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
