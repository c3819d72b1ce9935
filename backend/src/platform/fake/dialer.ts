import { noAnswer } from '../no-answer.ts';
import type { Clock, Connection, ConnectionHandlers, Delivery, Dialer, DialOptions, TcpOptions } from '../ports.ts';

/** The other end of a fake connection: what a test's scripted peer holds. */
export interface RemoteEnd {
  /** What arrived so far. */
  readonly received: readonly Uint8Array[];
  /** True once the dialling side has closed, by FIN or by reset. */
  readonly closed: boolean;
  /** Called for every chunk that arrives. */
  onData: (chunk: Uint8Array) => void;
  write(bytes: Uint8Array): void;
  /** FIN. */
  end(): void;
  /** RST. */
  reset(): void;
  /** Its key from now on (RFC 2385); while both ends have different ones, nothing arrives anywhere. */
  setPassword(password: string): void;
  /** Reads nothing until `resume`: what the dialling side writes stays there. */
  pause(): void;
  resume(): void;
  /** From now on nothing that either end sends arrives, until `mend`: then all of it does, as TCP sees to. */
  cut(): void;
  mend(): void;
  /** Reads what waits longest of what was written while it is paused: one `write` of the other end. */
  readOne(): void;
}

export type Accept = (remote: RemoteEnd, options: DialOptions) => void;

/** What a listener asks of who comes, and how its packets arrive. */
export interface RemoteOptions {
  readonly password?: string;
  /** With which TTL its packets arrive; 64 if left out. */
  readonly ttl?: number;
}

interface Listening extends RemoteOptions {
  readonly accept: Accept;
}

/** A network in memory. Everything arrives with the clock's next tick: `clock.advance(0)` delivers. Nobody listens at first. */
export class FakeDialer implements Dialer {
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Listening | 'blackhole'>();
  /** Options of every attempt, in order. */
  readonly dials: DialOptions[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(host: string, port: number, accept: Accept, options: RemoteOptions = {}): void {
    this.#listeners.set(`${host} ${port}`, { accept, ...options });
  }

  /** Attempts there get no answer at all. */
  blackhole(host: string, port: number): void {
    this.#listeners.set(`${host} ${port}`, 'blackhole');
  }

  /** Attempts there are refused (again). */
  close(host: string, port: number): void {
    this.#listeners.delete(`${host} ${port}`);
  }

  dial(options: DialOptions, handlers: ConnectionHandlers): Connection {
    this.dials.push(options);
    const connection = new FakeConnection(this.#clock, options, handlers);
    const listener = this.#listeners.get(`${options.host} ${options.port}`);
    if (!(options.port > 0 && options.port < 65536)) connection.fail(new Error(`port ${options.port} is out of range`));
    else if (Buffer.byteLength(options.password ?? '') > 80)
      connection.fail(new RangeError('the password has more than 80 octets'));
    else if (listener === undefined && options.password !== undefined) connection.timeOut();
    else if (listener === undefined) connection.fail(new Error(`connect ECONNREFUSED ${options.host}:${options.port}`));
    else if (listener === 'blackhole' || !hearEachOther(options, listener)) connection.timeOut();
    else connection.accept(listener.accept, listener.password);
    return connection;
  }
}

/** RFC 2385 and RFC 5082: what doesn't suit is dropped without a word. */
function hearEachOther({ password, minTtl = 0 }: TcpOptions, remote: RemoteOptions): boolean {
  return password === remote.password && (remote.ttl ?? 64) >= minTtl;
}

type Phase = 'dialling' | 'open' | 'ended' | 'closed';

export class FakeConnection implements Connection {
  readonly #clock: Clock;
  readonly #options: DialOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #remote: FakeRemote;
  #phase: Phase = 'dialling';
  #waiting: Uint8Array[] = [];
  /** What the other end has sent and would send again until it is heard. */
  #arriving: Uint8Array[] = [];
  #password: string | undefined;
  #sentBytes = 0;
  /** What has left this end and can't arrive. */
  #underWay: Uint8Array[] = [];

  constructor(clock: Clock, options: DialOptions, handlers: ConnectionHandlers) {
    this.#clock = clock;
    this.#options = options;
    this.#handlers = handlers;
    this.#password = options.password;
    this.#remote = new FakeRemote({
      data: (bytes) => {
        this.#arriving.push(bytes);
        if (!this.#deaf) this.#hear();
      },
      mended: () => this.#mended(),
      keyed: () => this.#keysChanged(),
      close: (error) => this.#soon(() => this.#closed(error)),
      resumed: () => this.#soon(() => this.#flush()),
      readOne: () => this.#deliver(1),
    });
  }

  get localAddress(): string | undefined {
    if (this.#phase === 'dialling') return undefined;
    return this.#options.localAddress ?? (this.#options.host.includes(':') ? '::1' : '127.0.0.1');
  }

  get remoteAddress(): string | undefined {
    return this.#phase === 'dialling' ? undefined : this.#options.host;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get delivery(): Delivery | undefined {
    if (this.#phase === 'dialling' || this.#phase === 'closed') return undefined;
    const octets = this.#underWay.reduce((sum, { length }) => sum + length, 0);
    const isUnheard = this.#deaf && this.#waiting.length > 0;
    return { acknowledged: this.#sentBytes - octets, isUnderWay: octets > 0 || isUnheard };
  }

  /** @param password of the other end */
  accept(listener: Accept, password?: string): void {
    this.#soon(() => {
      this.#phase = 'open';
      this.#remote.password = password;
      listener(this.#remote, this.#options);
      this.#handlers.onConnect();
      this.#flush();
    });
  }

  fail(error: Error): void {
    this.#soon(() => this.#closed(error));
  }

  timeOut(): void {
    this.#clock.setTimer(this.#options.timeoutMs, () => this.#closed(noAnswer(this.#options)));
  }

  write(bytes: Uint8Array): number {
    if (this.#phase !== 'open' && this.#phase !== 'dialling') return 0;
    this.#waiting.push(bytes.slice());
    if (this.#phase === 'open' && !this.#remote.paused && !this.#deaf) this.#deliver();
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  setPassword(password: string): void {
    if (this.#phase === 'dialling' || this.#phase === 'closed') return;
    this.#password = password;
    this.#keysChanged();
  }

  end(): void {
    if (this.#phase !== 'open') return this.destroy();
    this.#phase = 'ended';
    if (!this.#remote.paused) this.#finish();
  }

  destroy(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#waiting = [];
    this.#remote.closed = true;
    this.#clock.setTimer(0, () => this.#handlers.onClose());
  }

  #mended(): void {
    if (!this.#deaf) this.#hear();
    for (const bytes of this.#underWay.splice(0)) this.#clock.setTimer(0, () => this.#remote.arrive(bytes));
  }

  /** The ends have different keys, so that neither hears the other. */
  get #deaf(): boolean {
    return this.#password !== this.#remote.password;
  }

  #hear(): void {
    if (this.#remote.isCut) return;
    for (const bytes of this.#arriving.splice(0)) this.#soon(() => this.#handlers.onData(bytes));
  }

  #keysChanged(): void {
    if (this.#deaf) return;
    this.#hear();
    if (!this.#remote.paused) this.#soon(() => this.#flush());
  }

  /** What the remote end sees goes through the clock as well, but isn't lost when this side closes. */
  #deliver(most = this.#waiting.length): void {
    for (const bytes of this.#waiting.splice(0, most)) {
      this.#sentBytes += bytes.length;
      if (this.#remote.isCut) this.#underWay.push(bytes);
      else this.#clock.setTimer(0, () => this.#remote.arrive(bytes));
    }
  }

  #flush(): void {
    const waited = this.#waiting.length > 0;
    this.#deliver();
    if (this.#phase === 'ended') this.#finish();
    else if (waited) this.#handlers.onDrain();
  }

  #finish(): void {
    this.#deliver();
    this.#clock.setTimer(0, () => {
      this.#remote.closed = true;
      this.#closed();
    });
  }

  #closed(error?: Error): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#remote.closed = true;
    if (error === undefined) this.#handlers.onClose();
    else this.#handlers.onClose(error);
  }

  /** Runs on the next tick unless the connection is closed by then. */
  #soon(action: () => void): void {
    this.#clock.setTimer(0, () => {
      if (this.#phase !== 'closed') action();
    });
  }
}

interface Wire {
  readonly data: (bytes: Uint8Array) => void;
  readonly mended: () => void;
  readonly keyed: () => void;
  readonly close: (error?: Error) => void;
  readonly resumed: () => void;
  readonly readOne: () => void;
}

class FakeRemote implements RemoteEnd {
  readonly received: Uint8Array[] = [];
  readonly #wire: Wire;
  onData: (chunk: Uint8Array) => void = () => {};
  paused = false;
  closed = false;
  isCut = false;
  password: string | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  arrive(chunk: Uint8Array): void {
    this.received.push(chunk);
    this.onData(chunk);
  }

  write(bytes: Uint8Array): void {
    this.#wire.data(bytes.slice());
  }

  end(): void {
    this.#wire.close();
  }

  reset(): void {
    this.#wire.close(new Error('read ECONNRESET'));
  }

  setPassword(password: string): void {
    this.password = password;
    this.#wire.keyed();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#wire.resumed();
  }

  cut(): void {
    this.isCut = true;
  }

  mend(): void {
    this.isCut = false;
    this.#wire.mended();
  }

  readOne(): void {
    this.#wire.readOne();
  }
}
