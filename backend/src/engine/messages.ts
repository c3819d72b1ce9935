import type { HoldingService } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import type { BgpSettings, Peer } from '../domain/peer.ts';
import type { Pool } from '../domain/pool.ts';
import type { Finding } from '../domain/reason.ts';
import type { Replica } from '../domain/replica.ts';
import type { ServiceEndpoints } from '../domain/service.ts';
import type { LogLevel } from '../platform/log-level.ts';
import type { AddressFacts, EngineFacts } from './facts.ts';
import type { Successors } from './handing-over.ts';
import type { EngineMeasures } from './measures.ts';
import type { SessionReport } from './session-state.ts';

export type { SessionReport } from './session-state.ts';

/** Keyed changes of one kind of input: the new value, or null where the key is gone. */
export type Changes<T> = ReadonlyMap<string, T | null>;

/** What changed in the engine's inputs since the last message. An absent field has not changed; it never means "empty". */
export interface InputDelta {
  readonly services?: Changes<HoldingService>;
  readonly endpoints?: Changes<ServiceEndpoints>;
  readonly nodes?: Changes<Node>;
  readonly pools?: Changes<Pool>;
  readonly peers?: Changes<Peer>;
  /** TCP-MD5 passwords by name of the peer, of those that are known. Never logged, and on no disk. */
  readonly passwords?: Changes<string>;
  /** null: there is no BgpConf, so there are no sessions. */
  readonly settings?: BgpSettings | null;
  readonly replicas?: readonly Replica[];
}

export interface EngineOptions {
  /** Name of this replica (Pod name). */
  readonly replica: string;
  /** Name of the node that it runs on. */
  readonly node: string;
  /** This host's address: replicas are probed from it, and the router ID is derived from it. */
  readonly address: string;
  /** UDP port at which engines answer each other. */
  readonly probePort: number;
  /** Whether to speak on links at all, and from one announcement at rest to the next, in milliseconds; 0: none. */
  readonly layer2: boolean;
  readonly layer2SteadyMs: number;
  /** How long next hops of a node that is being drained stay, as the last resort, in milliseconds, and whether a cordon is a drain. */
  readonly drainGraceMs: number;
  readonly drainOnCordon: boolean;
  readonly logLevel: LogLevel;
  /** Path of a file that may have another one at any time. */
  readonly logLevelFile?: string | undefined;
}

/** Main thread to engine. */
export type ToEngine =
  /** The first full set of inputs, sent once all of them are known; later ones only change it. */
  | { readonly type: 'start'; readonly inputs: InputDelta }
  | { readonly type: 'change'; readonly inputs: InputDelta }
  /** Whether this replica's view of the Kubernetes API is stale (no answer for 5 s). */
  | { readonly type: 'staleness'; readonly stale: boolean }
  /** The view was current at this `Clock.now()`, which all threads share; sent each second while it is. */
  | { readonly type: 'proof'; readonly at: number }
  /** Asks for `measures`. */
  | { readonly type: 'measure' }
  /** Asks for what only the engine knows, of these addresses among others, or of them alone; answered by what it is about, with the same ID. */
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly about: 'facts' | 'address-facts';
      readonly ips: readonly string[];
    }
  /** Others are to take over, as this replica is about to stop; answered by `handed-over`. */
  | { readonly type: 'hand-over' }
  | { readonly type: 'stop'; readonly successors: Successors };

/** Whether an address is announced by this replica, and why not. */
export interface AddressReport {
  readonly ip: string;
  /** Keys of the Services that it is announced for, or would be but for `finding`, oldest first: several where they share it. */
  readonly services: readonly string[];
  /**
   * Keys of the Services that hold it as well, but are neither the oldest nor may share, oldest first: it isn't announced for them
   * (`HeldByOlderService`), whatever `finding` says.
   */
  readonly younger: readonly string[];
  /** Those of `services` that share the address and have nothing to answer with themselves; not given: none. */
  readonly idle?: readonly string[];
  /** `Announced`, or why not, with all that its text names. */
  readonly finding: Finding;
  /**
   * Names of the nodes that take its traffic, most preferred first; on a link the one whose MAC neighbours learn. Where they are many, in any
   * order: so it is one list for many addresses, which a message has once.
   */
  readonly nodes: readonly string[];
  /** Where they are many the first of them, most preferred first; not given: `nodes` has all in that order. */
  readonly first?: readonly string[];
  /** Nodes that still take it and are about to go; not given: none. */
  readonly draining?: readonly string[];
}

/** Somebody else answers for an address that this replica speaks for on a link (Layer 2). */
export interface ConflictReport {
  readonly ip: string;
  /** Name of the pool whose attributes apply. */
  readonly pool: string;
  readonly link: string;
  /** Whose claim it is, as `02:00:5e:10:00:0a`. */
  readonly mac: string;
  /** The node of this cluster whose kernel answers, as with IPVS without strictARP; undefined: a host that is none of ours. */
  readonly node: string | undefined;
  /** Whether the address is announced all the same. False: found when the link was asked before, so that it is left to whoever has it. */
  readonly announced: boolean;
  /** When it was first seen, ISO 8601. */
  readonly since: string;
}

/** Engine to main thread. */
export type FromEngine =
  /** The engine's thread turns: each second, whatever else it says. */
  | { readonly type: 'alive' }
  | { readonly type: 'sessions'; readonly sessions: readonly SessionReport[] }
  | { readonly type: 'addresses'; readonly changed: readonly AddressReport[]; readonly gone: readonly string[] }
  /** All conflicts that this replica knows of, on each change of them. */
  | { readonly type: 'conflicts'; readonly conflicts: readonly ConflictReport[] }
  /**
   * Subnets that other replicas' nodes are on, as CIDR text by node: once everybody who is there had the time to tell, and on each change.
   */
  | { readonly type: 'subnets'; readonly byNode: ReadonlyMap<string, readonly string[]> }
  /** The answer to one `measure`. */
  | { readonly type: 'measures'; readonly measures: EngineMeasures }
  /** The answer to one `ask` about it; undefined: it failed to find one. */
  | { readonly type: 'facts'; readonly id: number; readonly facts: EngineFacts | undefined }
  | { readonly type: 'address-facts'; readonly id: number; readonly addresses: readonly AddressFacts[] | undefined }
  | { readonly type: 'handed-over' }
  | { readonly type: 'stopped' };
