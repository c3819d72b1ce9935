import { isDeepStrictEqual } from 'node:util';
import type { Exceptions } from '../../allocate/exceptions.ts';
import { isFull } from '../../allocate/free.ts';
import type { Ledger } from '../../allocate/ledger.ts';
import type { PoolSet } from '../../allocate/pool-set.ts';
import { duplicateOf, isSpokenWith, sharesNode, type Peer } from '../../domain/peer.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Clock, Logger } from '../../platform/ports.ts';
import { isCurrent, withTransition, type ExistingCondition, type NewCondition } from '../../report/conditions.ts';
import { configurationCondition, type Configuration } from '../../report/configuration.ts';
import { eipAddressConflict } from '../../report/eip-conflicts.ts';
import { eipOverlapping } from '../../report/eip-overlaps.ts';
import { eipReady, eipUsage, type EipCircumstances, type EipUsage } from '../../report/eip-status.ts';
import { establishedColumn, peerReady } from '../../report/peer-status.ts';
import type { EipConflict } from '../../resources/eip.ts';
import { BGP_CONF_NAME } from '../../resources/keys.ts';
import { bgpConfs, bgpPeers, eips, type CustomObject, type Eip } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import type { Configured } from '../watch/last-good.ts';
import { LEADER_WRITE_TIMEOUT_MS, patchFenced, pruneOwnStatus } from './apply-status.ts';
import { poolFinalizers } from './pool-guard.ts';

export type LeaderStatusesView = Pick<
  ClusterView,
  | 'pools'
  | 'peers'
  | 'passwords'
  | 'nodes'
  | 'namespaces'
  | 'services'
  | 'settings'
  | 'poolObject'
  | 'peerObject'
  | 'settingsObject'
  | 'replicas'
>;

export interface LeaderStatusesDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly view: LeaderStatusesView;
  readonly ledger: Ledger;
  readonly exceptions: Pick<Exceptions, 'of'>;
  /** The pools in force, with what follows from them. */
  readonly pools: () => PoolSet;
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
}

/** How long to wait before asking again whether this replica may write, in milliseconds. */
const HOLD_MS = 1_000;
/**
 * How long a replica must be missing from the membership before its entries are taken from the statuses, in milliseconds: a new one
 * writes its entry before its Pod is ready and the EndpointSlice lists it, and one that is restarted leaves the list for a moment.
 */
const GONE_AFTER_MS = 30_000;

interface WithConditions {
  readonly conditions?: readonly ExistingCondition[] | undefined;
}

const UNKNOWN: Configured<unknown> = { value: undefined, problems: [], ignoredFields: [], warnings: [] };

function configuration(configured: Configured<unknown> | undefined, object: KubeObject): Configuration {
  const { value, problems, ignoredFields, warnings, standsIn = false } = configured ?? UNKNOWN;
  const earlierInForce = value !== undefined && problems.length > 0;
  return { problems, ignoredFields, warnings, earlierInForce, standsIn, generation: object.metadata?.generation };
}

/**
 * What the leader alone says of pools, peers and the BGP configuration; each method writes only what has changed, and resolves with the
 * milliseconds after which to call it again, if that has to be.
 */
export class LeaderStatuses {
  readonly #deps: LeaderStatusesDeps;
  /** Since when replicas with an entry have been missing from the membership. */
  readonly #missingSince = new Map<string, number>();

  constructor(deps: LeaderStatusesDeps) {
    this.#deps = deps;
  }

  /** The membership changed: who is back, if only for a moment, was not missing. */
  replicasChanged(): void {
    const living = this.#deps.view.replicas();
    // Nobody is listed, not even we: that says nothing of the replicas.
    if (living.length === 0) this.#missingSince.clear();
    for (const replica of living) this.#missingSince.delete(replica);
  }

  async writePool(name: string): Promise<number | undefined> {
    const { view, ledger } = this.#deps;
    const object = view.poolObject(name);
    if (object === undefined) return undefined;
    const held = ledger.heldOf(name);
    const finalizers = poolFinalizers(object, held.size > 0);
    if (finalizers !== undefined) return await this.#writeFinalizers(object, finalizers);
    const conflicts = object.status?.conflicts ?? [];
    const pruned = await this.#pruneGone(eips, name, conflicts);
    if (pruned.done) return pruned.againMs;
    const heldMs = await this.#writeUse(object, conflicts, held);
    return heldMs ?? pruned.againMs;
  }

  async #writeUse(
    object: Eip,
    conflicts: readonly EipConflict[],
    held: EipCircumstances['held'],
  ): Promise<number | undefined> {
    const { view, pools } = this.#deps;
    const name = object.metadata?.name ?? '';
    const { generation } = object.metadata ?? {};
    const configured = view.pools.get(name);
    const pool = configured?.value;
    const existing = object.status?.conditions;
    const deleting = object.metadata?.deletionTimestamp !== undefined;
    const remarks = [
      eipOverlapping(name, pools().overlaps(name), existing, generation),
      eipAddressConflict(conflicts, existing, generation),
    ];
    const ready = eipReady(configuration(configured, object), { pool, deleting, held });
    const usage = pool === undefined ? { ready: false } : this.#usage(pool, configured?.problems.length === 0);
    return await this.#write(eips, object, usage, [ready, ...remarks.filter((remark) => remark !== undefined)]);
  }

  #usage(pool: Pool, isRead: boolean): EipUsage {
    const { ledger, exceptions, view, pools } = this.#deps;
    const use = {
      held: ledger.heldOf(pool.name),
      heldBy: ledger.holdersOf(pool.name)?.namespaces() ?? [],
      exceptions: exceptions.of(pool.name),
      released: ledger.releasedOf(pool.name),
      isFull: isFull(pool, { pools: pools(), ledger }),
      namespaces: view.namespaces,
      services: view.services,
    };
    return eipUsage(pool, use, isRead);
  }

  /** The status is written with the next version, which the watch brings. */
  async #writeFinalizers(object: Eip, finalizers: readonly string[]): Promise<number | undefined> {
    if (!this.#deps.mayWrite()) return HOLD_MS;
    const timeoutMs = LEADER_WRITE_TIMEOUT_MS;
    await patchFenced(this.#deps.api, eips, object, { type: 'merge', metadata: { finalizers }, timeoutMs });
    return undefined;
  }

  async writePeer(name: string): Promise<number | undefined> {
    const { view } = this.#deps;
    const object = view.peerObject(name);
    if (object === undefined) return undefined;
    const entries = object.status?.replicas ?? [];
    const pruned = await this.#pruneGone(bgpPeers, name, entries);
    if (pruned.done) return pruned.againMs;
    const configured = view.peers.get(name);
    const condition = peerReady(configuration(configured, object), {
      peer: configured?.value,
      duplicateOf: this.#duplicateOf(configured?.value),
      replicas: entries,
      passwordProblem: view.passwords.problem(name),
      hasPasswordInForce: view.passwords.passwords.has(name),
      waits: view.peers.waitsFor(name),
    });
    const heldMs = await this.#write(bgpPeers, object, { established: establishedColumn(entries) }, [condition]);
    return heldMs ?? pruned.againMs;
  }

  /** Peers that are for different nodes may name one router; a duplicate is one on some node. */
  #duplicateOf(peer: Peer | undefined): string | undefined {
    if (peer === undefined) return undefined;
    const { peers, nodes, passwords } = this.#deps.view;
    const all = [...peers.values()].map(([, value]) => value);
    const isUsable = ({ name, hasPassword }: Peer): boolean => !hasPassword || passwords.passwords.has(name);
    const used = all.filter((other) => isSpokenWith(other) && isUsable(other));
    const forSame = used.filter((other) => sharesNode(peer, other, nodes.values()));
    return duplicateOf(peer, forSame)?.name;
  }

  async writeSettings(): Promise<number | undefined> {
    const object = this.#deps.view.settingsObject();
    if (object === undefined) return undefined;
    const condition = configurationCondition(configuration(this.#deps.view.settings.get(BGP_CONF_NAME), object));
    return await this.#write(bgpConfs, object, {}, [condition]);
  }

  /** Which of these replicas are gone for good, and when to look again at those that are missing, in milliseconds. */
  #missing(replicas: readonly string[]): { readonly gone: readonly string[]; readonly againMs: number | undefined } {
    const living = new Set(this.#deps.view.replicas());
    if (living.size === 0) return { gone: [], againMs: undefined };
    const now = this.#deps.clock.now();
    const missing = replicas.filter((replica) => !living.has(replica));
    const left = new Map(
      missing.map((replica) => {
        const since = this.#missingSince.get(replica) ?? now;
        this.#missingSince.set(replica, since);
        return [replica, since + GONE_AFTER_MS - now] as const;
      }),
    );
    const waiting = [...left.values()].filter((ms) => ms > 0);
    return {
      gone: missing.filter((replica) => (left.get(replica) ?? 0) <= 0),
      againMs: waiting.length === 0 ? undefined : Math.min(...waiting),
    };
  }

  /** Takes the entries of replicas that are gone; `done`: what is left comes back by the watch, and the rest is written then. */
  async #pruneGone<T extends KubeObject>(
    kind: ResourceKind<T>,
    name: string,
    entries: readonly { readonly replica: string }[],
  ): Promise<{ readonly done: boolean; readonly againMs: number | undefined }> {
    const { api, logger, mayWrite } = this.#deps;
    const { gone, againMs } = this.#missing([...new Set(entries.map(({ replica }) => replica))]);
    if (gone.length > 0 && !mayWrite()) return { done: true, againMs: HOLD_MS };
    for (const replica of gone) {
      await pruneOwnStatus(api, kind, { ref: { name }, replica });
      logger.info({ kind: kind.kind, name, other: replica }, 'the entries of a replica that is gone were removed');
    }
    return { done: gone.length > 0, againMs };
  }

  async #write<T extends CustomObject<WithConditions>>(
    kind: ResourceKind<T>,
    object: T,
    fields: Readonly<Record<string, unknown>>,
    wanted: readonly NewCondition[],
  ): Promise<number | undefined> {
    const status: Readonly<Record<string, unknown>> = { ...object.status };
    const existing = object.status?.conditions;
    const changed = Object.fromEntries(
      Object.entries(fields).filter(([key, value]) => !isDeepStrictEqual(status[key], value)),
    );
    const news = wanted.some((condition) => !isCurrent(condition, existing));
    if (Object.keys(changed).length === 0 && !news) return undefined;
    if (!this.#deps.mayWrite()) return HOLD_MS;
    await patchFenced(this.#deps.api, kind, object, {
      type: 'merge',
      fields: {
        status: {
          ...changed,
          ...removedKeys(status['used'], changed['used']),
          ...(news ? { conditions: this.#conditions(wanted, existing) } : {}),
        },
      },
      subresource: 'status',
      timeoutMs: LEADER_WRITE_TIMEOUT_MS,
    });
    return undefined;
  }

  #conditions(wanted: readonly NewCondition[], existing: WithConditions['conditions']): ExistingCondition[] {
    const now = this.#deps.clock.wallTime();
    const others = (existing ?? []).filter(({ type }) => wanted.every((condition) => condition.type !== type));
    return [...others, ...wanted.map((condition) => withTransition(condition, existing, now))];
  }
}

/** A merge patch keeps keys that it does not name (RFC 7386): freed addresses have to be named as null. */
function removedKeys(before: unknown, after: unknown): Readonly<Record<string, unknown>> {
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) return {};
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return { used: { ...after, ...Object.fromEntries(removed.map((key) => [key, null])) } };
}
