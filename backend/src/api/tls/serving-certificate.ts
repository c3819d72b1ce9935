import { createPrivateKey, hkdfSync, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger, Timer } from '../../platform/ports.ts';
import { selfSigned, type KeyAndCertificate } from './self-signed.ts';

// As in health.ts: nothing but what is needed of this module is loaded.
const https = process.getBuiltinModule('node:https');

/** The Secret that all replicas serve with. */
export interface CertificateStore {
  /** Undefined: nobody has put a certificate there yet. */
  read(): Promise<{ readonly value: KeyAndCertificate | undefined; readonly version: string | undefined }>;
  /** Puts one there, unless the Secret is another one than in this version: false. */
  write(value: KeyAndCertificate, version: string | undefined): Promise<boolean>;
}

export interface CertificateSource {
  load(): Promise<KeyAndCertificate>;
}

/** `tls.crt` and `tls.key` of a mounted Secret: the kubelet brings a new version within a minute or two. */
export class MountedCertificate implements CertificateSource {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(): Promise<KeyAndCertificate> {
    const [key, cert] = await Promise.all(
      ['tls.key', 'tls.crt'].map(async (name) => await readFile(join(this.#folder, name), 'utf8')),
    );
    return { key: key ?? '', cert: cert ?? '' };
  }
}

const DAY_MS = 86_400_000;
const LIFE_MS = 365 * DAY_MS;
/** What is left of a certificate's life when another one is made. */
const RENEW_MS = 60 * DAY_MS;
/** So that a client whose clock is a bit slow takes a new one. */
const BACKDATE_MS = DAY_MS;

export interface OwnCertificateDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: CertificateStore;
}

/** One that the replicas make themselves and share by a Secret: the first one makes it, the others find it. */
export class OwnCertificate implements CertificateSource {
  readonly #deps: OwnCertificateDeps;
  readonly #dnsNames: readonly string[];

  constructor(deps: OwnCertificateDeps, { dnsNames }: { readonly dnsNames: readonly string[] }) {
    this.#deps = deps;
    this.#dnsNames = dnsNames;
  }

  async load(): Promise<KeyAndCertificate> {
    const { clock, logger, store } = this.#deps;
    for (;;) {
      const { value, version } = await store.read();
      if (value !== undefined && this.#isGood(value)) return value;
      const now = clock.wallTime().getTime();
      const made = await selfSigned({
        name: 'porter-manager',
        dnsNames: this.#dnsNames,
        notBefore: new Date(now - BACKDATE_MS),
        notAfter: new Date(now + LIFE_MS),
      });
      if (!(await store.write(made, version))) continue;
      logger.info({ dnsNames: this.#dnsNames }, 'made a serving certificate');
      return made;
    }
  }

  #isGood(value: KeyAndCertificate): boolean {
    const ends = expiry(value);
    return ends !== undefined && ends - this.#deps.clock.wallTime().getTime() > RENEW_MS;
  }
}

/** When a certificate ends, in milliseconds since the epoch; undefined: it, or its key, can't be used. */
function expiry({ key, cert }: KeyAndCertificate): number | undefined {
  try {
    const certificate = new X509Certificate(cert);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? Date.parse(certificate.validTo) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {Error} if nothing can be served with them */
function checked(value: KeyAndCertificate): KeyAndCertificate {
  // While the kubelet exchanges the files, one may be of the old version.
  if (expiry(value) === undefined) throw new Error('key and certificate do not belong together');
  // Of a chain, each certificate has to be one. It is what `ApiServer` makes of them, and never listens.
  https.createServer(value);
  return value;
}

/** What is derived of a certificate, which anybody who connects can make us look up: once for each. */
const derived = new WeakMap<
  KeyAndCertificate,
  { readonly fingerprint: string; readonly secrets: Map<string, Buffer> }
>();

function derivedOf(value: KeyAndCertificate): { readonly fingerprint: string; readonly secrets: Map<string, Buffer> } {
  const known = derived.get(value) ?? {
    fingerprint: new X509Certificate(value.cert).fingerprint256,
    secrets: new Map<string, Buffer>(),
  };
  derived.set(value, known);
  return known;
}

function fingerprintOf(value: KeyAndCertificate): string {
  return derivedOf(value).fingerprint;
}

function secretOf(value: KeyAndCertificate, purpose: string): Buffer {
  const { secrets } = derivedOf(value);
  const known = secrets.get(purpose);
  if (known !== undefined) return known;
  const exported = createPrivateKey(value.key).export({ type: 'pkcs8', format: 'der' });
  const secret = Buffer.from(hkdfSync('sha256', exported, '', purpose, 32));
  secrets.set(purpose, secret);
  return secret;
}

const RELOAD_MS = 30_000;
/** How long the last certificate counts beside the new one, in milliseconds: until every replica has the new one. */
const OVERLAP_MS = 120_000;
/** Somebody with a certificate that this replica doesn't know makes it look for a new one no more often than this, in milliseconds. */
const LOOK_AGAIN_MS = 5_000;

export interface ServingCertificateDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly source: CertificateSource;
}

/** What the API serves with, looked for anew twice a minute; one that can't be read leaves the last good one in force. */
export class ServingCertificate {
  readonly #deps: ServingCertificateDeps;
  #current: KeyAndCertificate | undefined;
  #previous: { readonly value: KeyAndCertificate; readonly until: number } | undefined;
  #onChange: () => void = () => undefined;
  #lookedAt: number;
  #timer: Timer | undefined;
  #loading: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: ServingCertificateDeps) {
    this.#lookedAt = deps.clock.now();
    this.#deps = deps;
  }

  get current(): KeyAndCertificate {
    if (this.#current === undefined) throw new Error('no serving certificate was loaded yet');
    return this.#current;
  }

  /** Of the certificate in use, the leaf's bytes: how replicas know each other. */
  get fingerprint(): string {
    return fingerprintOf(this.current);
  }

  /** Those that replicas may have at the moment: the one in use, and for a while the one before it. */
  get accepted(): readonly KeyAndCertificate[] {
    const previous = this.#previous;
    const counts = previous !== undefined && previous.until > this.#deps.clock.now();
    return counts ? [this.current, previous.value] : [this.current];
  }

  /** Whether a replica may have this one; if not, another replica may have a newer one than this, so that it is looked for. */
  accepts(fingerprint: string | undefined): boolean {
    if (fingerprint === undefined) return false;
    if (this.accepted.some((value) => fingerprintOf(value) === fingerprint)) return true;
    this.lookAgain();
    return false;
  }

  /** Secrets that only those have who have the private key: the first to ask with, all to be asked with. */
  sharedSecrets(purpose: string): Buffer[] {
    return this.accepted.map((value) => secretOf(value, purpose));
  }

  /** There may be a new one. */
  lookAgain(): void {
    const now = this.#deps.clock.now();
    if (this.#stopped || now - this.#lookedAt < LOOK_AGAIN_MS) return;
    this.#lookedAt = now;
    void this.#reload();
  }

  /**
   * Loads it, and from now on again and again.
   * @throws what the source throws, the first time, or if what it loads can't be served with
   */
  async start(onChange: () => void): Promise<void> {
    this.#current = checked(await this.#deps.source.load());
    this.#onChange = onChange;
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.setTimer(RELOAD_MS, () => {
      void this.#reload().finally(() => this.#schedule());
    });
  }

  /** One at a time: of two, the one that began first could end last, and bring the older certificate back. */
  async #reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    await this.#loading;
  }

  async #load(): Promise<void> {
    const { source, logger, clock } = this.#deps;
    try {
      const loaded = await source.load();
      if (loaded.cert === this.current.cert && loaded.key === this.current.key) return;
      const value = checked(loaded);
      this.#previous = { value: this.current, until: clock.now() + OVERLAP_MS };
      this.#current = value;
    } catch (error) {
      logger.warn({ err: error }, 'the serving certificate can not be read anew, the last one stays in use');
      return;
    }
    logger.info({ fingerprint: this.fingerprint }, 'the serving certificate is another one');
    this.#onChange();
  }
}
