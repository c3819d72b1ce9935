import { decide, type Announcement } from '../../announce/announce.ts';
import { hears } from '../../announce/hearing.ts';
import { linkOwner, type LinkSpeaker } from '../../announce/link-owner.ts';
import type { HoldingService } from '../../announce/snapshot.ts';
import type { Pool } from '../../domain/pool.ts';
import { finding, type Finding, type Reason } from '../../domain/reason.ts';
import { isTowards } from '../../engine/link-places.ts';
import { findingOf, isAnnounced, isTold, tells } from '../../report/announced.ts';
import type { Simulation } from '../schemas/simulation.ts';
import type { World } from './simulated-world.ts';

type Shown = Simulation['changes'][number]['before'];

/** How an address is for a Service, as it is or as it would be. */
export interface Standing {
  readonly shown: Shown;
  /** Names of further peers, that replicas which did not answer may tell of it. */
  readonly mayHear: readonly string[];
}

/** How one is for each of the Services that it is for, by their keys. */
export type Standings = ReadonlyMap<string, Standing>;

interface Hearers {
  readonly peers: readonly string[];
  readonly mayHear: readonly string[];
}

/** Those that take its traffic, by name. */
interface On {
  readonly nodes: readonly string[];
  readonly draining: readonly string[];
}

function on(announcement: Announcement | undefined): On {
  const names = (nodes: Announcement['nodes'] = []): string[] => nodes.map(({ name }) => name);
  return { nodes: names(announcement?.nodes), draining: names(announcement?.draining) };
}

function hearers(announcement: Announcement, { sessions }: World): Hearers {
  const { pool, address } = announcement;
  const { family } = address;
  const where = on(announcement);
  const meant = sessions.filter(({ peer }) => hears(peer, pool, family));
  const heard = meant.filter((each) => isTold(each, family, where));
  const unheard = meant.filter((each) => {
    return !heard.includes(each) && each.unheard.some((node) => tells(node, each, where));
  });
  const names = (of: typeof meant): string[] => of.map(({ peer }) => peer.name).sort();
  return { peers: names(heard), mayHear: names(unheard) };
}

interface Takers {
  readonly finding: Finding;
  readonly nodes: readonly string[];
  /** Whether replicas that did not answer leave no doubt. */
  readonly isSure: boolean;
}

/**
 * The replicas that have a link for an address, as the engines find them. Which link leads towards the address that a pool names, each of them alone
 * knows: there it may be any that can speak on one.
 */
function speakersOn(ip: string, { interface: selector }: Pool, { places, speakers }: World): readonly LinkSpeaker[] {
  if (!isTowards(selector)) return places.speakersFor(ip, selector);
  return speakers.filter(({ replica }) => places.speakers.has(replica));
}

/** On a link one node answers for the address. */
function onLink(ip: string, { pool, nodes }: Announcement, world: World): Takers {
  const eligible = nodes.map(({ name }) => name);
  const speakers = speakersOn(ip, pool, world);
  const owner = linkOwner(ip, eligible, [...speakers, ...world.unheard]);
  if (owner === undefined) {
    return { finding: finding('NoReplicaOnLink', { ip, pool: pool.name }), nodes: [], isSure: true };
  }
  const [node = owner.node] = owner.onBehalfOf ?? [];
  const reason = owner.onBehalfOf === undefined ? 'Announced' : 'AnnouncedForNode';
  return { finding: finding(reason, { ip }), nodes: [node], isSure: speakers.length > 0 };
}

function takers(ip: string, found: Finding, announcement: Announcement | undefined, world: World): Takers {
  if (announcement?.pool.protocol === 'layer2') return onLink(ip, announcement, world);
  return { finding: found, nodes: announcement?.nodes.map(({ name }) => name) ?? [], isSure: true };
}

function shown(reason: Reason, { nodes, isSure }: Takers, { peers, mayHear }: Hearers): Shown {
  const all = { nodes: [...nodes], peers: [...peers] };
  const isOpen = isAnnounced(reason) ? !isSure : reason === 'NoPeerEstablished' && mayHear.length > 0;
  if (isOpen) return { announced: null, reason: null, ...all };
  return isAnnounced(reason)
    ? { announced: true, reason, ...all }
    : { announced: false, reason, nodes: all.nodes, peers: [] };
}

/** By the functions that decide, and that write the condition `Announced`. */
export function standingsOf(ip: string, holders: readonly HoldingService[], world: World): Standings {
  const { announcement, services, younger, idle = [], finding: decided } = decide(ip, holders, world.snapshot);
  const taken = takers(ip, decided, announcement, world);
  const heard = announcement === undefined ? { peers: [], mayHear: [] } : hearers(announcement, world);
  const reports = new Map([[ip, { services, younger, idle, finding: taken.finding, ...on(announcement) }]]);
  const view = { reports, pools: world.snapshot.pools, peers: world.sessions };
  const holding = holders.filter(({ key }) => services.includes(key));
  return new Map(
    holding.map((service) => {
      const assignment = service.assignments.find((each) => each.ip === ip) ?? { ip, pool: '' };
      const { reason } = findingOf(service, assignment, view) ?? taken.finding;
      return [service.key, { shown: shown(reason, taken, heard), mayHear: heard.mayHear }];
    }),
  );
}

function told({ nodes, peers }: Shown): string {
  return JSON.stringify([nodes.toSorted(), peers]);
}

type Effect = Simulation['changes'][number]['effect'];

/** Undefined: none. */
export function effectOf(before: Standing, after: Standing): Effect | undefined {
  const [was, is] = [before.shown, after.shown];
  if (was.announced === false && is.announced === false) return undefined;
  const isSame = was.announced === is.announced && told(was) === told(is);
  if (isSame) return before.mayHear.join() === after.mayHear.join() ? undefined : 'unknown';
  if (was.announced === null || is.announced === null) return 'unknown';
  if (was.announced === is.announced) return 'moves';
  return is.announced ? 'gains' : 'loses';
}
