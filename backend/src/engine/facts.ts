import type { BgpRoute, Decision } from '../announce/announce.ts';
import type { DrainPhase } from '../announce/drain.ts';
import type { NodeVerdict } from '../health/node-verdict.ts';
import type { Finding } from '../domain/reason.ts';
import type { SessionCounters } from '../speakers/bgp/model.ts';
import type { LinkView } from './link-view.ts';
import type { SessionReport } from './session-state.ts';

/** A BGP session with what changes all the time. */
export interface SessionFacts extends SessionReport {
  readonly keepaliveSeconds: number | undefined;
  /** Prefixes that the router has of us. */
  readonly prefixesSent: number;
  readonly counters: SessionCounters;
}

/** The route of an address to one peer. */
export interface RouteFacts {
  readonly peer: string;
  readonly med: number;
  /** Most preferred first; without ADD-PATH the router gets the first alone. */
  readonly nextHops: readonly string[];
}

/** So many nodes of an address are reported by their rank: who wants all of them in that order asks (`AddressFacts`). */
export const LISTED_NODES = 8;

/** What this replica's engine decided for one address, and why. */
export interface AddressFacts {
  readonly ip: string;
  /** Keys of the Services that it is announced for, or would be but for `finding`, oldest first. */
  readonly services: readonly string[];
  /** Keys of those that hold it as well and that it is not announced for, whatever `finding` says. */
  readonly younger: readonly string[];
  /** Those of `services` that share it and have nothing to answer with themselves. */
  readonly idle: readonly string[];
  readonly finding: Finding;
  /** Names of the nodes that take its traffic, most preferred first; on a link the one whose MAC neighbours learn. */
  readonly nodes: readonly string[];
  /** Nodes that still take it and are about to go. */
  readonly draining: readonly string[];
  /** Why each of the others is left out. */
  readonly leftOut: readonly Finding[];
  /** To which peers it goes. */
  readonly routes: readonly RouteFacts[];
}

/** A link that this replica can speak on. */
export interface LinkFacts {
  readonly name: string;
  /** Text, as `02:00:00:00:00:01`. */
  readonly mac: string;
  /** The host's own addresses there with their prefix lengths. */
  readonly prefixes: readonly string[];
  /** For addresses of pools that name it alone. */
  readonly isLeftAlone?: true;
}

/** A port of this host that this replica should listen at and can't. */
export interface PortProblem {
  readonly port: number;
  readonly problem: string;
}

/** What only this replica's engine knows, at the moment of the question. */
export interface EngineFacts {
  readonly stale: boolean;
  /** The least that it adds to the MED of its routes (`announce/med`), of all its peers; undefined before it has begun. */
  readonly medOffset: number | undefined;
  /**
   * The least where it is ranked, as routers with `nextHopSelf` hear the same from all replicas: of all replicas the one with the lowest is the
   * one whose routes other routers prefer. Undefined before it has begun.
   */
  readonly rank: number | undefined;
  readonly sessions: readonly SessionFacts[];
  readonly nodes: readonly NodeVerdict[];
  /** How far the drain of a node is, of those that are being drained. */
  readonly drains: readonly (readonly [node: string, phase: DrainPhase])[];
  readonly portProblems: readonly PortProblem[];
  /** Those that are up; none where Layer 2 is off or can't be used. */
  readonly links: readonly LinkFacts[];
  /** Of the addresses that were asked for, as far as Services hold them. */
  readonly addresses: readonly AddressFacts[];
}

interface Spoken {
  readonly routes: readonly { readonly peer: string; readonly route: BgpRoute }[];
  /** What there is to say of it on a link, if it is one of a link. */
  readonly link: LinkView | undefined;
}

export function addressFacts(ip: string, decision: Decision, { routes, link }: Spoken): AddressFacts {
  const { services, younger, idle = [], finding, announcement, leftOut } = decision;
  return {
    ip,
    services,
    younger,
    idle,
    finding: link?.finding ?? finding,
    nodes: link?.nodes ?? announcement?.nodes.map(({ name }) => name) ?? [],
    draining: announcement?.draining.map(({ name }) => name) ?? [],
    leftOut,
    routes: routes.map(({ peer, route }) => {
      return { peer, med: route.med, nextHops: route.paths.map(({ nextHop }) => nextHop) };
    }),
  };
}
