import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Service } from '../../cluster/kinds.ts';
import { canonicalAddress } from '../../domain/address.ts';
import type { Clock } from '../../platform/ports.ts';
import { send } from '../outgoing.ts';
import type { KubeSphere, Question } from './caller.ts';

/** A question by which we ask ourselves through ks-apiserver whether it lets a request through to us. */
const VERDICT_HEADER = 'x-porterlb-verdict';
const TIMEOUT_MS = 3_000;
const MAX_BODY = 65_536;

export interface KsApiserverAddress {
  /** `http://10.96.1.2:80`. */
  readonly url: string;
  /** Whether a certificate must be one that this machine trusts. */
  readonly isVerified: boolean;
}

/** Of KubeSphere's own Service: with its value `internalTLS`, ks-apiserver speaks TLS, and has this port instead of 80. */
const TLS_PORT = 443;

/**
 * ks-apiserver at the ClusterIP and first port of its Service; undefined: it has none. KubeSphere makes its certificate itself, and tells us nothing to
 * verify it by: the way to a ClusterIP is trusted as it is without TLS.
 */
export function ksApiserverAt(spec: Service['spec']): KsApiserverAddress | undefined {
  const ip = canonicalAddress(spec?.clusterIP ?? '');
  const [first] = spec?.ports ?? [];
  if (ip === undefined || first === undefined) return undefined;
  const scheme = first.port === TLS_PORT ? 'https' : 'http';
  return { url: `${scheme}://${ip.includes(':') ? `[${ip}]` : ip}:${first.port}`, isVerified: false };
}

export interface KsApiserverDeps {
  readonly clock: Clock;
  /** Undefined: there is no KubeSphere. */
  readonly at: () => KsApiserverAddress | undefined;
  readonly verdicts: Verdicts;
}

/** ks-apiserver, asked over HTTP. */
export class KsApiserver implements KubeSphere {
  readonly #deps: KsApiserverDeps;

  constructor(deps: KsApiserverDeps) {
    this.#deps = deps;
  }

  get present(): boolean {
    return this.#deps.at() !== undefined;
  }

  async userOf(token: string): Promise<string | undefined> {
    const { status, body } = await this.#ask('GET', '/oauth/userinfo', { authorization: `Bearer ${token}` });
    if (status === 401 || status === 403) return undefined;
    const user = status === 200 ? userName(body) : undefined;
    if (user === undefined) throw new Error(`ks-apiserver answers /oauth/userinfo with status ${status} and no name`);
    return user;
  }

  async admits(token: string, question: Question): Promise<string | undefined> {
    const { header, isProof } = this.#deps.verdicts.ask(question);
    const headers = { authorization: `Bearer ${token}`, [VERDICT_HEADER]: header };
    const { status, body } = await this.#ask(question.method, question.path, headers);
    if (status === 401 || status === 403) return undefined;
    const user = status === 200 ? isProof(body) : undefined;
    if (user === undefined) throw new Error(`ks-apiserver does not lead to us: status ${status}`);
    return user;
  }

  async #ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const at = this.#deps.at();
    if (at === undefined) throw new Error('there is no KubeSphere');
    const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BODY };
    const tls = { rejectUnauthorized: at.isVerified };
    return await send(this.#deps, `${at.url}${path}`, { method, headers, tls, ...limits });
  }
}

function userName(body: string): string | undefined {
  try {
    const claims = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const name = claims['preferred_username'] ?? claims['name'] ?? claims['sub'];
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

export interface VerdictsDeps {
  /** Secrets of all replicas, any of which may be the one that answers: the newest, and for a while the one before it. */
  readonly secrets: () => readonly Buffer[];
  /** Somebody asked with another secret: another replica may have a newer one. */
  readonly onForeign: () => void;
}

/**
 * The question and its answer, which only replicas can make: a caller who reaches our port without ks-apiserver can neither ask nor answer
 * it. The answer names the user that ks-apiserver has authenticated and authorised for the path.
 */
export class Verdicts {
  readonly #deps: VerdictsDeps;

  constructor(deps: VerdictsDeps) {
    this.#deps = deps;
  }

  ask({ method, path }: Question): { header: string; isProof: (body: string) => string | undefined } {
    const nonce = randomBytes(18).toString('base64url');
    const [secret = Buffer.alloc(0)] = this.#deps.secrets();
    const header = `${nonce}.${seal(secret, 'question', nonce, method, path)}`;
    const isProof = (body: string): string | undefined => {
      const { user, proof } = answerOf(body);
      const wanted = user === undefined ? undefined : seal(secret, 'answer', nonce, method, path, user);
      return proof !== undefined && wanted !== undefined && equal(proof, wanted) ? user : undefined;
    };
    return { header, isProof };
  }

  /**
   * What to answer a request that carries the question.
   * @returns undefined: it carries none; `foreign`: one that no replica with our secret has asked
   */
  answer(
    { method, path }: Question,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): { readonly user: string; readonly proof: string } | 'foreign' | undefined {
    const header = headers[VERDICT_HEADER];
    if (header === undefined) return undefined;
    const [nonce = '', sealed = ''] = String(header).split('.');
    const secret = this.#deps.secrets().find((each) => equal(sealed, seal(each, 'question', nonce, method, path)));
    if (secret === undefined) this.#deps.onForeign();
    const user = headers['x-remote-user'];
    if (secret === undefined || typeof user !== 'string') return 'foreign';
    return { user, proof: seal(secret, 'answer', nonce, method, path, user) };
  }
}

function seal(secret: Buffer, ...parts: readonly string[]): string {
  return createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url');
}

function answerOf(body: string): { readonly user?: string; readonly proof?: string } {
  try {
    const { user, proof } = JSON.parse(body) as { readonly user?: unknown; readonly proof?: unknown };
    return typeof user === 'string' && typeof proof === 'string' ? { user, proof } : {};
  } catch {
    return {};
  }
}

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
