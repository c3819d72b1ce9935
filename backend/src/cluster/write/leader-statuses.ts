import { isDeepStrictEqual } from 'node:util';
import type { Ledger } from '../../allocate/ledger.ts';
import type { Clock } from '../../platform/ports.ts';
import { isCurrent, withTransition, type ExistingCondition, type NewCondition } from '../../report/conditions.ts';
import { configurationCondition, type Configuration } from '../../report/configuration.ts';
import { eipReady, eipUsage } from '../../report/eip-status.ts';
import { establishedColumn, peerReady } from '../../report/peer-status.ts';
import { BGP_CONF_NAME } from '../../resources/keys.ts';
import { bgpConfs, bgpPeers, eips, type CustomObject } from '../custom-kinds.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject, ResourceKind } from '../objects.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import type { Configured } from '../watch/last-good.ts';
import { patchFenced, pruneOwnStatus } from './apply-status.ts';

export interface LeaderStatusesDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly ledger: Ledger;
}

interface WithConditions {
  readonly conditions?: readonly ExistingCondition[] | undefined;
}

function configuration(configured: Configured<unknown> | undefined, object: KubeObject): Configuration {
  return {
    problems: configured?.problems ?? [],
    ignoredFields: configured?.ignoredFields ?? [],
    warnings: configured?.warnings ?? [],
    earlierInForce: configured?.value !== undefined && configured.problems.length > 0,
    generation: object.metadata?.generation,
  };
}

/** What the leader alone says of pools, peers and the BGP configuration; each method writes only what has changed. */
export class LeaderStatuses {
  readonly #deps: LeaderStatusesDeps;

  constructor(deps: LeaderStatusesDeps) {
    this.#deps = deps;
  }

  async writePool(name: string): Promise<void> {
    const { view, ledger } = this.#deps;
    const object = view.poolObject(name);
    if (object === undefined) return;
    const configured = view.pools.get(name);
    const usage =
      configured?.value === undefined ? {} : eipUsage(configured.value, ledger.heldOf(name), configured.problems);
    const ready = configured?.value === undefined ? { ready: false } : {};
    const condition = eipReady(configuration(configured, object), configured?.value);
    await this.#write(eips, object, { ...usage, ...ready }, condition);
  }

  async writePeer(name: string): Promise<void> {
    const { view, api } = this.#deps;
    const object = view.peerObject(name);
    if (object === undefined) return;
    const living = new Set(view.replicas());
    const entries = object.status?.replicas ?? [];
    const gone = living.size === 0 ? [] : entries.filter(({ replica }) => !living.has(replica));
    for (const { replica } of gone) await pruneOwnStatus(api, bgpPeers, { ref: { name }, replica });
    if (gone.length > 0) return;
    const configured = view.peers.get(name);
    const condition = peerReady(configuration(configured, object), configured?.value);
    await this.#write(bgpPeers, object, { established: establishedColumn(entries) }, condition);
  }

  async writeSettings(): Promise<void> {
    const object = this.#deps.view.settingsObject();
    if (object === undefined) return;
    const condition = configurationCondition(configuration(this.#deps.view.settings.get(BGP_CONF_NAME), object));
    await this.#write(bgpConfs, object, {}, condition);
  }

  async #write<T extends CustomObject<WithConditions>>(
    kind: ResourceKind<T>,
    object: T,
    fields: Readonly<Record<string, unknown>>,
    condition: NewCondition,
  ): Promise<void> {
    const status: Readonly<Record<string, unknown>> = { ...object.status };
    const existing = object.status?.conditions;
    const same = Object.entries(fields).every(([key, value]) => isDeepStrictEqual(status[key], value));
    if (same && isCurrent(condition, existing)) return;
    const others = (existing ?? []).filter(({ type }) => type !== condition.type);
    const conditions = [...others, withTransition(condition, existing, this.#deps.clock.wallTime())];
    await patchFenced(this.#deps.api, kind, object, {
      type: 'merge',
      fields: { status: { ...fields, ...removedKeys(status['used'], fields['used']), conditions } },
      subresource: 'status',
    });
  }
}

/** A merge patch keeps keys that it does not name (RFC 7386): freed addresses have to be named as null. */
function removedKeys(before: unknown, after: unknown): Readonly<Record<string, unknown>> {
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) return {};
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return { used: { ...after, ...Object.fromEntries(removed.map((key) => [key, null])) } };
}
