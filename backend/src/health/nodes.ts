import type { NodeHealth } from '../announce/snapshot.ts';
import { canonicalAddress } from '../domain/address.ts';
import type { Clock, Dialer, Links, Logger, NeighbourTable, Random, Timer } from '../platform/ports.ts';
import { crowdAround, isProven, rule, type RouterWord } from './crowd.ts';
import { HostWitness, type Sighting } from './host-witness.ts';
import { NodeProbe, PATIENCE_MS } from './node-probe.ts';
import {
  charge,
  isUnsettled,
  MISSES,
  newNode,
  step,
  type NodeEvent,
  type NodeState,
  type ProbeResult,
  type WitnessWord,
} from './node-state.ts';
import { evidence, evidenceKind, type NodeEvidence, type NodeVerdict } from './node-verdict.ts';

/** Port of kube-proxy's health server (`healthzBindAddress`, 0.0.0.0:10256 by default). */
export const HEALTH_PORT = 10_256;
/** The kubelet's port, for the second witness: the kernel answers there whether or not anybody listens. */
export const KUBELET_PORT = 10_250;
/** Milliseconds between two probes of one node, if there are few. */
export const INTERVAL_MS = 500;
/** Probes per second that one replica sends at most, but for those of unsettled nodes. */
export const RATE = 400;
/** Nodes whose next probes decide are asked at the shortest interval, at most so many at a time: 100 probes per second more. */
export const MAX_UNSETTLED = 50;
/** A timer that fires later than this, in milliseconds, says that this process stood still. */
const LATE_MS = 500;
/** How long it counts that our own link is up, or isn't, in milliseconds: a host of many Pods has many links to list. */
const LINK_WORD_MS = 250;
const NO_ROUTERS: RouterWord = { asked: Number.POSITIVE_INFINITY, heard: false };

export interface NodeTarget {
  readonly name: string;
  /** IP literal: the one that traffic is sent to. */
  readonly address: string;
}

/** The verdict on a node, short enough for a thousand of them. */
export interface NodeFacts {
  readonly node: string;
  readonly health: NodeHealth;
  readonly evidence: NodeEvidence;
  /** How often it has died again soon after it had come back. */
  readonly flaps: number;
}

export interface NodeProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly dialer: Dialer;
  /** What this host's kernel knows of its neighbours; undefined where it can't be read. */
  readonly neighbours?: NeighbourTable;
  readonly links: Links;
  readonly logger: Logger;
  /** What `health` returns has changed. */
  readonly onChange: () => void;
}

export interface NodeProberOptions {
  /** Name of the node that this replica runs on. */
  readonly self: string;
  /** This host's address. */
  readonly host: string;
  readonly healthPort?: number;
  readonly kubeletPort?: number;
}

interface Tracked extends NodeTarget {
  readonly probe: NodeProbe;
  /** When its next probe is due. */
  due: number;
  timer: Timer | undefined;
  /** It is asked at the shortest interval because it is unsettled. */
  hurried: boolean;
  /** The question to the witness that is under way. */
  question: Pick<WitnessWord, 'asked' | 'proven'> | undefined;
}

/**
 * Asks the service proxies of all nodes whether they work, as a cloud's load balancer does, and says of each node whether it is alive,
 * dead or unknown. The rules are in node-state.ts (one node) and crowd.ts (many at once); here are only timers and sockets.
 */
export class NodeProber {
  readonly #deps: NodeProberDeps;
  readonly #options: Required<NodeProberOptions>;
  readonly #witness: HostWitness;
  readonly #tracked = new Map<string, Tracked>();
  readonly #states = new Map<string, NodeState>();
  readonly #health = new Map<string, NodeHealth>();
  readonly #probes = { well: 0, ailing: 0, silent: 0, void: 0 };
  /** Nodes whose verdict stands only because the fault may be here. */
  readonly #held = new Set<string>();
  #routers: readonly string[] = [];
  #routerWord: RouterWord | undefined;
  #routersAsked = false;
  #hurried = 0;
  #ownAddressSeen = false;
  #linkWord: { readonly at: number; readonly up: boolean } | undefined;
  #running = false;
  #told: Timer | undefined;

  constructor(deps: NodeProberDeps, options: NodeProberOptions) {
    this.#deps = deps;
    this.#options = { healthPort: HEALTH_PORT, kubeletPort: KUBELET_PORT, ...options };
    this.#witness = new HostWitness(deps, { port: this.#options.kubeletPort, timeoutMs: PATIENCE_MS });
  }

  start(): void {
    this.#running = true;
    this.#linkUp();
    for (const node of this.#tracked.values()) this.#scheduleSomewhen(node);
  }

  stop(): void {
    this.#running = false;
    this.#told?.cancel();
    for (const node of this.#tracked.values()) this.#forget(node);
  }

  /** The whole set of nodes. One that changes its address is asked as if it were new. */
  setNodes(nodes: readonly NodeTarget[]): void {
    const wanted = new Map(nodes.map((node) => [node.name, node]));
    for (const node of this.#tracked.values()) {
      if (wanted.get(node.name)?.address !== node.address) this.#forget(node);
    }
    for (const { name, address } of nodes) if (!this.#tracked.has(name)) this.#add(name, address);
  }

  /** Addresses of the routers that this replica speaks to: if no other node is heard, they say whether it's us. */
  setRouters(addresses: readonly string[]): void {
    this.#routers = addresses;
  }

  /** The verdict on each node, always as it is now. */
  health(): ReadonlyMap<string, NodeHealth> {
    return this.#health;
  }

  /** The verdict on each node with its evidence. */
  verdicts(): NodeVerdict[] {
    return [...this.#tracked.values()].map((node) => this.#verdict(node));
  }

  /** The same in as few words as metrics need. */
  facts(): NodeFacts[] {
    return [...this.#states].map(([node, state]) => {
      return { node, health: state.health, evidence: evidenceKind(state), flaps: state.flaps };
    });
  }

  /** Probes that have ended since the start, by what they found. */
  probes(): Readonly<Record<ProbeResult['kind'], number>> {
    return { ...this.#probes };
  }

  /** Verdicts that stand only because the fault may be here. */
  get heldVerdicts(): number {
    return this.#held.size;
  }

  #add(name: string, address: string): void {
    const probe = new NodeProbe(this.#deps, { address, port: this.#options.healthPort });
    const node = { name, address, probe, due: 0, timer: undefined, hurried: false, question: undefined };
    this.#tracked.set(name, node);
    this.#states.set(name, newNode(this.#deps.clock.now()));
    this.#health.set(name, 'unknown');
    if (this.#running) this.#scheduleSomewhen(node);
  }

  #forget(node: Tracked): void {
    node.timer?.cancel();
    node.probe.close();
    this.#hurry(node, false);
    this.#release(node.name);
    this.#tracked.delete(node.name);
    this.#states.delete(node.name);
    this.#health.delete(node.name);
  }

  #intervalMs(): number {
    return Math.max(INTERVAL_MS, (this.#tracked.size * 1_000) / RATE);
  }

  /** Probes of nodes that came together, or are late together, spread over an interval. */
  #scheduleSomewhen(node: Tracked): void {
    this.#schedule(node, this.#intervalMs() * this.#deps.random.next());
  }

  #schedule(node: Tracked, delayMs: number): void {
    const { clock } = this.#deps;
    node.due = clock.now() + delayMs;
    node.timer = clock.setTimer(delayMs, () => {
      if (clock.now() - node.due > LATE_MS) this.#scheduleSomewhen(node);
      else this.#ask(node);
    });
  }

  #ask(node: Tracked): void {
    const { clock, random } = this.#deps;
    const asked = clock.now();
    node.probe.ask((found) => {
      const result = this.#weighed(found);
      this.#probes[result.kind]++;
      this.#apply(node, { type: 'probe', at: clock.now(), result });
      const state = this.#stateOf(node);
      if (result.kind === 'silent' && state.known && state.misses >= MISSES - 1) this.#askWitness(node);
      this.#judge(node);
      this.#hurry(node, isUnsettled(this.#stateOf(node)));
      // A tenth of jitter, so that replicas and nodes don't fall into step.
      const gap = (node.hurried ? INTERVAL_MS : this.#intervalMs()) * (0.95 + 0.1 * random.next());
      this.#schedule(node, Math.max(0, asked + gap - clock.now()));
    });
  }

  #hurry(node: Tracked, wanted: boolean): void {
    const granted = wanted && (node.hurried || this.#hurried < MAX_UNSETTLED);
    if (granted === node.hurried) return;
    node.hurried = granted;
    this.#hurried += granted ? 1 : -1;
  }

  /** Without a link of our own we hear nobody. */
  #weighed(result: ProbeResult): ProbeResult {
    return result.kind === 'silent' && !this.#linkUp() ? { kind: 'void', why: 'our own link is down' } : result;
  }

  #askWitness(node: Tracked): void {
    const state = this.#stateOf(node);
    const asked = this.#deps.clock.now();
    const proven = isProven(state, crowdAround(node.name, this.#states, this.#options.self), this.#routersSaid());
    const { question } = node;
    // What is under way may be older than the accusation, or than the proof.
    if (question !== undefined && question.asked >= (state.accusedAt ?? 0) && (question.proven || !proven)) return;
    const own = { asked, proven };
    node.question = own;
    this.#witness.ask(node.address, (sighting, said) => {
      if (node.question === own) node.question = undefined;
      // It may be gone, have another address or have answered by now.
      if (this.#tracked.get(node.name) !== node || this.#stateOf(node).misses === 0) return;
      const at = this.#deps.clock.now();
      if (sighting === 'unsure') return this.#apply(node, { type: 'ruling', at, ruling: 'hold' });
      const heardHost = sighting === 'host';
      const word = { ...own, sawHost: heardHost || sighting === 'neighbour', heardHost, said };
      this.#apply(node, { type: 'witness', at, word });
      this.#judge(node);
    });
  }

  #judge(node: Tracked): void {
    const state = this.#stateOf(node);
    if (charge(state) === undefined) return;
    const ruling = rule(state, crowdAround(node.name, this.#states, this.#options.self), this.#routersSaid());
    if (ruling === 'ask-witness') this.#askWitness(node);
    else if (ruling === 'ask-routers') this.#askRouters();
    else this.#apply(node, { type: 'ruling', at: this.#deps.clock.now(), ruling });
  }

  #routersSaid(): RouterWord | undefined {
    return this.#routers.length === 0 ? NO_ROUTERS : this.#routerWord;
  }

  /** An address whose interface has no carrier isn't listed; one that never was says nothing. */
  #linkUp(): boolean {
    const at = this.#deps.clock.now();
    if (this.#linkWord === undefined || at - this.#linkWord.at > LINK_WORD_MS) {
      const own = canonicalAddress(this.#options.host);
      const prefixes = this.#deps.links.connectedPrefixes();
      const listed = prefixes.some((prefix) => canonicalAddress(prefix.split('/')[0] ?? '') === own);
      if (listed) this.#ownAddressSeen = true;
      this.#linkWord = { at, up: listed || !this.#ownAddressSeen };
    }
    return this.#linkWord.up;
  }

  #askRouters(): void {
    if (this.#routersAsked) return;
    this.#routersAsked = true;
    const asked = this.#deps.clock.now();
    const silent = new Set(this.#routers);
    let settled = false;
    const settle = (heard: boolean): void => {
      if (settled || !this.#running) return;
      settled = true;
      this.#routersAsked = false;
      this.#routerWord = { asked, heard };
      for (const node of [...this.#tracked.values()]) this.#judge(node);
    };
    for (const address of silent) {
      const onSighting = (sighting: Sighting): void => {
        silent.delete(address);
        if (sighting === 'host') settle(true);
        else if (silent.size === 0) settle(false);
      };
      this.#witness.ask(address, onSighting);
    }
  }

  #stateOf({ name }: Tracked): NodeState {
    return this.#states.get(name) ?? newNode(this.#deps.clock.now());
  }

  #apply(node: Tracked, event: NodeEvent): void {
    const before = this.#stateOf(node);
    const after = step(before, event);
    this.#states.set(node.name, after);
    if (event.type === 'ruling' && event.ruling === 'hold' && after.health === 'alive') this.#hold(node);
    else if (event.type !== 'witness' && after.misses === 0) this.#release(node.name);
    if (before.health === after.health) return;
    this.#health.set(node.name, after.health);
    this.#release(node.name);
    const level = after.health === 'dead' ? 'warn' : 'info';
    this.#deps.logger[level]({ ...this.#verdict(node), before: before.health }, 'verdict on a node changed');
    // Verdicts that change at one moment are one change.
    this.#told ??= this.#deps.clock.setTimer(0, () => {
      this.#told = undefined;
      this.#deps.onChange();
    });
  }

  #hold(node: Tracked): void {
    if (this.#held.size === 0) {
      this.#deps.logger.warn(
        { ...this.#verdict(node) },
        'nodes fell silent, but the fault may be here: verdicts stand',
      );
    }
    this.#held.add(node.name);
  }

  #release(name: string): void {
    if (this.#held.delete(name) && this.#held.size === 0) {
      this.#deps.logger.info({}, 'no verdict on a node is in doubt any more');
    }
  }

  #verdict(node: Tracked): NodeVerdict {
    const { clock } = this.#deps;
    return evidence(node, this.#stateOf(node), { now: clock.now(), wall: clock.wallTime() });
  }
}
