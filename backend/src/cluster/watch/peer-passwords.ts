import type { PasswordSource } from '../../resources/parse-bgp-peer.ts';
import * as kinds from '../kinds.ts';
import { Informer, type InformerDeps } from './informer.ts';
import { trim } from './trim.ts';

export interface PeerPasswordsOptions {
  /** Where the Secrets are: the manager's own, so that it may read no others. */
  readonly namespace: string;
  /** A password came or changed; null: the peer has none any more. Never log it. */
  readonly onPassword: (peer: string, password: string | null) => void;
  /** What `problem` says of a peer may be another thing now. */
  readonly onProblem: (peer: string) => void;
}

/** What an earlier process had in force for a peer, and of which object. */
export interface EarlierPassword {
  readonly uid: string | undefined;
  readonly password: string | null;
}

type Found = { readonly password: string } | { readonly problem: string };

/** What the kernel takes as a key, in octets. */
const MAX_PASSWORD = 80;

/**
 * The TCP-MD5 passwords (RFC 2385) of BgpPeers, from their Secrets. Each Secret is watched by its name, so that no other one is seen or kept
 * and a right to single names is enough. What can't be read, is gone or makes no sense leaves the password before in force.
 */
export class PeerPasswords {
  readonly #deps: InformerDeps;
  readonly #options: PeerPasswordsOptions;
  readonly #sources = new Map<string, PasswordSource>();
  readonly #secrets = new Map<string, Informer<kinds.Secret>>();
  readonly #passwords = new Map<string, string>();
  #earlier = new Map<string, EarlierPassword>();
  /** Of the objects that `#sources` are of: under the same name another one may come, of another router. */
  readonly #uids = new Map<string, string>();
  #stopped = false;

  constructor(deps: InformerDeps, options: PeerPasswordsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Those in force, by name of the peer. */
  get passwords(): ReadonlyMap<string, string> {
    return this.#passwords;
  }

  /** What an earlier container of this Pod had in force, for the same objects, where their password can't be had now. */
  remember(earlier: ReadonlyMap<string, EarlierPassword>): void {
    this.#earlier = new Map(earlier);
    for (const [peer, source] of this.#sources) this.#take(peer, source);
  }

  /** Where a peer's password is now; undefined: it has none. @param uid of its object */
  set(peer: string, source: PasswordSource | undefined, uid = ''): void {
    if (source === undefined) this.#forget(peer);
    else {
      this.#sources.set(peer, source);
      this.#uids.set(peer, uid);
      if (source.from === 'secret') this.#watch(source.name);
      this.#take(peer, source);
    }
    this.#forgetUnused();
  }

  /** A peer can't be read as it is now: what it has stays, or, if that is nothing, what an earlier container had for the same object. */
  keep(peer: string, uid: string): void {
    if (this.#sources.has(peer)) return;
    this.#uids.set(peer, uid);
    const password = this.#passwords.get(peer) ?? this.#earlierOf(peer);
    if (password !== undefined) this.#put(peer, password);
  }

  /** Why a peer's password can't be had from where it is, as a sentence that goes on with what is done; undefined if it can, or there is none. */
  problem(peer: string): string | undefined {
    const source = this.#sources.get(peer);
    const found = source === undefined ? undefined : this.#find(source);
    return found !== undefined && 'problem' in found ? found.problem : undefined;
  }

  revive(): void {
    for (const informer of this.#secrets.values()) informer.revive();
  }

  retryNow(): void {
    for (const informer of this.#secrets.values()) informer.retryNow();
  }

  stop(): void {
    this.#stopped = true;
    for (const informer of this.#secrets.values()) informer.stop();
  }

  #watch(name: string): void {
    if (this.#secrets.has(name) || this.#stopped) return;
    const { namespace } = this.#options;
    const informer = new Informer<kinds.Secret>(this.#deps, {
      kind: kinds.secrets,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: trim,
      onChange: () => this.#changed(name),
      onState: () => this.#changed(name),
    });
    this.#secrets.set(name, informer);
    informer.start();
  }

  /** What comes under the name later begins without it. */
  #forget(peer: string): void {
    this.#sources.delete(peer);
    this.#uids.delete(peer);
    this.#earlier.delete(peer);
    if (this.#passwords.delete(peer)) this.#options.onPassword(peer, null);
  }

  #forgetUnused(): void {
    const used = new Set(
      [...this.#sources.values()].flatMap((source) => (source.from === 'secret' ? [source.name] : [])),
    );
    for (const [name, informer] of this.#secrets) {
      if (used.has(name)) continue;
      informer.stop();
      this.#secrets.delete(name);
    }
  }

  #changed(secret: string): void {
    for (const [peer, source] of this.#sources) {
      if (source.from !== 'secret' || source.name !== secret) continue;
      this.#take(peer, source);
      this.#options.onProblem(peer);
    }
  }

  #take(peer: string, source: PasswordSource): void {
    const found = this.#find(source);
    const password = 'password' in found ? found.password : (this.#passwords.get(peer) ?? this.#earlierOf(peer));
    if (password !== undefined) this.#put(peer, password);
  }

  #put(peer: string, password: string): void {
    if (password === this.#passwords.get(peer)) return;
    this.#passwords.set(peer, password);
    this.#options.onPassword(peer, password);
  }

  #earlierOf(peer: string): string | undefined {
    const earlier = this.#earlier.get(peer);
    return earlier?.uid === this.#uids.get(peer) ? (earlier?.password ?? undefined) : undefined;
  }

  #find(source: PasswordSource): Found {
    if (source.from === 'object') return { password: source.password };
    const { name, key } = source;
    const what = `Secret ${this.#options.namespace}/${name}`;
    const informer = this.#secrets.get(name);
    const secret = informer?.get(`${this.#options.namespace}/${name}`);
    if (secret === undefined) return { problem: absence(what, informer) };
    const encoded = secret.data?.[key];
    return encoded === undefined ? { problem: `The ${what} has no key "${key}".` } : decode(what, key, encoded);
  }
}

function absence(what: string, informer: Informer<kinds.Secret> | undefined): string {
  if (informer?.state.name === 'denied') return `The ${what} may not be read: RBAC forbids it.`;
  return informer?.hasSynced === true ? `There is no ${what}.` : `The ${what} has not been read yet.`;
}

function decode(what: string, key: string, encoded: string): Found {
  const refused = (why: string): Found => ({ problem: `The key "${key}" of the ${what} ${why}.` });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return refused('is no UTF-8 text');
  }
  // What `echo` and editors leave at the end is nobody's password: no router takes a line break.
  const password = text.replace(/\r?\n$/, '');
  if (password === '') return refused('is empty');
  const tooLong = new TextEncoder().encode(password).length > MAX_PASSWORD;
  return tooLong ? refused(`has more than ${MAX_PASSWORD} octets`) : { password };
}
