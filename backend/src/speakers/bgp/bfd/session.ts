import type { Clock, Logger, Random, Timer } from '../../../platform/ports.ts';
import {
  detectionTimeUs,
  initialState,
  periodicPacket,
  transition,
  transmitIntervalUs,
  type BfdEvent,
  type BfdFsmState,
  type BfdTimers,
} from './fsm.ts';
import type { BfdChange, BfdConfig, BfdStatus } from './model.ts';
import { encodeControlPacket, type ControlPacket } from './wire/control-packet.ts';
import { diagnosticName } from './wire/diagnostic.ts';

export interface BfdSessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly send: (bytes: Uint8Array) => void;
  /** Takes in what has come and was not looked at yet. */
  readonly receive: () => void;
  readonly onChange: (change: BfdChange) => void;
}

/** One session: carries out what the state machine decides, by timers and packets. */
export class BfdSession {
  readonly discriminator: number;
  readonly #deps: BfdSessionDeps;
  #state: BfdFsmState;
  #since: Date;
  #sentAt = 0;
  #transmit: Timer | undefined;
  /** What `#transmit` was set for. */
  #intervalUs: number | undefined;
  #detect: Timer | undefined;
  #giveUpAt = 0;
  #hasForgiven = false;
  readonly #counters = { packetsSent: 0, packetsReceived: 0, up: 0, failed: 0, forgiven: 0 };

  constructor(deps: BfdSessionDeps, discriminator: number, config: BfdConfig) {
    this.#deps = deps;
    this.discriminator = discriminator;
    this.#state = initialState(discriminator, timersOf(config));
    this.#since = deps.clock.wallTime();
  }

  start(): void {
    this.#send(periodicPacket(this.#state));
    this.#schedule();
  }

  /** Takes other timers in the session that is up (RFC 5880 section 6.8.3). */
  configure(config: BfdConfig): void {
    this.#handle({ type: 'configure', timers: timersOf(config) });
  }

  receive(packet: ControlPacket): void {
    this.#counters.packetsReceived++;
    this.#handle({ type: 'received', packet });
  }

  /**
   * Tells the peer that the session ends because somebody wants it so, and goes on telling for a detection time (section 6.8.16).
   *
   * @returns how long that is, in milliseconds
   */
  disable(): number {
    const { detectMultiplier } = this.#state.timers;
    const lastsUs = detectMultiplier * (transmitIntervalUs(this.#state) ?? 0);
    this.#handle({ type: 'disable' });
    return lastsUs / 1_000;
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#transmit?.cancel();
    this.#detect?.cancel();
  }

  status(): BfdStatus {
    const { name, diagnostic, remote } = this.#state;
    const detectionUs = detectionTimeUs(this.#state);
    return {
      state: name,
      since: this.#since,
      diagnostic: wordsOf(diagnostic),
      remoteDiagnostic: wordsOf(remote?.diagnostic ?? 0),
      transmitIntervalMs: (transmitIntervalUs(this.#state) ?? 0) / 1_000,
      detectionTimeMs: detectionUs === undefined ? undefined : detectionUs / 1_000,
      problem: undefined,
      counters: { ...this.#counters },
    };
  }

  #handle(event: BfdEvent): void {
    const before = this.#state;
    const { state, effects } = transition(before, event);
    this.#state = state;
    if (before.name !== state.name) this.#since = this.#deps.clock.wallTime();
    let change: BfdChange | undefined = isChange(before, state) ? 'changed' : undefined;
    for (const effect of effects) {
      if (effect.type === 'send') this.#send(effect.packet);
      else if (effect.type === 'heard') this.#heard();
      else change = this.#note(effect.type);
    }
    // While nobody is heard, there is nobody to give up.
    if (state.remote === undefined || state.name === 'AdminDown') this.#detect?.cancel();
    this.#schedule();
    if (change !== undefined) this.#deps.onChange(change);
  }

  #note(effect: 'up' | 'failed' | 'closed'): BfdChange {
    const { diagnostic, remote } = this.#state;
    const { logger } = this.#deps;
    if (effect === 'up') {
      this.#counters.up++;
      const { transmitIntervalMs, detectionTimeMs } = this.status();
      logger.info({ transmitIntervalMs, detectionTimeMs }, 'BFD session up');
    } else if (effect === 'failed') {
      this.#counters.failed++;
      const remoteDiagnostic = wordsOf(remote?.diagnostic ?? 0);
      logger.warn({ diagnostic: wordsOf(diagnostic), remoteDiagnostic }, 'BFD session down');
    } else {
      logger.info({}, 'BFD session closed by the administrator of the router, which says nothing of the path');
    }
    return effect === 'closed' ? 'changed' : effect;
  }

  #send(packet: ControlPacket): void {
    this.#counters.packetsSent++;
    this.#deps.send(encodeControlPacket(packet));
  }

  /** Sets the timer of periodic packets anew if they have another interval now. */
  #schedule(): void {
    const intervalUs = transmitIntervalUs(this.#state);
    if (intervalUs === this.#intervalUs) return;
    this.#intervalUs = intervalUs;
    if (this.#transmit === undefined) this.#sentAt = this.#deps.clock.now();
    this.#next();
  }

  #next(): void {
    this.#transmit?.cancel();
    const { clock, random } = this.#deps;
    if (this.#intervalUs === undefined) return;
    const delayMs = (this.#intervalUs / 1_000) * jitter(this.#state.timers.detectMultiplier, random.next());
    const waitMs = Math.max(0, this.#sentAt + delayMs - clock.now());
    this.#transmit = clock.setTimer(waitMs, () => {
      this.#sentAt = clock.now();
      this.#send(periodicPacket(this.#state));
      this.#next();
    });
  }

  #heard(): void {
    this.#hasForgiven = false;
    this.#await();
  }

  #await(): void {
    this.#detect?.cancel();
    const us = detectionTimeUs(this.#state);
    if (us === undefined) return;
    const { clock } = this.#deps;
    this.#giveUpAt = clock.now() + us / 1_000;
    this.#detect = clock.setTimer(us / 1_000, () => this.#expire());
  }

  /**
   * Nothing was heard for the detection time, as far as this thread has looked. If it has not looked for a while itself, packets may wait for it; and if it
   * is so late that they may even be lost, as on a machine that was frozen, the peer has one more detection time.
   */
  #expire(): void {
    const { clock, logger, receive } = this.#deps;
    const giveUpAt = this.#giveUpAt;
    receive();
    if (this.#giveUpAt !== giveUpAt) return;
    const lateMs = clock.now() - giveUpAt;
    const { remote } = this.#state;
    const toleranceMs = (detectionTimeUs(this.#state) ?? 0) / (remote?.detectMultiplier ?? 1) / 1_000;
    if (lateMs <= toleranceMs || this.#hasForgiven) return this.#handle({ type: 'silence' });
    this.#hasForgiven = true;
    this.#counters.forgiven++;
    logger.warn({ lateMs: Math.round(lateMs) }, 'this replica was late itself: the peer has another detection time');
    this.#await();
  }
}

function timersOf({ transmitIntervalMs, receiveIntervalMs, detectMultiplier }: BfdConfig): BfdTimers {
  return {
    desiredMinTxUs: transmitIntervalMs * 1_000,
    requiredMinRxUs: receiveIntervalMs * 1_000,
    detectMultiplier,
  };
}

/** RFC 5880 section 6.8.7: 75 to 100 % of the interval, 90 at most where a single lost packet is one too many. @param random in [0, 1) */
function jitter(detectMultiplier: number, random: number): number {
  return 0.75 + random * (detectMultiplier === 1 ? 0.15 : 0.25);
}

function wordsOf(diagnostic: number): string | undefined {
  return diagnostic === 0 ? undefined : diagnosticName(diagnostic);
}

/** Whether a status of one reads differently from one of the other. */
function isChange(before: BfdFsmState, after: BfdFsmState): boolean {
  return (
    before.name !== after.name ||
    before.diagnostic !== after.diagnostic ||
    before.remote?.diagnostic !== after.remote?.diagnostic ||
    transmitIntervalUs(before) !== transmitIntervalUs(after) ||
    detectionTimeUs(before) !== detectionTimeUs(after)
  );
}
