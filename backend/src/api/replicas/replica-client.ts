import type { Agent } from 'node:https';
import type { Clock, Timer } from '../../platform/ports.ts';
import { send } from '../outgoing.ts';
import type { ServingCertificate } from '../tls/serving-certificate.ts';
import type { z } from 'zod';
import { addressesReport, type AddressesReport } from './addresses.ts';
import { replicaReport, type ReplicaReport } from './facts.ts';
import { takersReport, type TakersReport } from './takers.ts';

const https = process.getBuiltinModule('node:https');

/** Where replicas ask each other; not part of the API. */
export const FACTS_PATH = '/replica/v1/facts';
/** What a question there may be about, besides all: an earlier version doesn't know it, and tells all. */
export const ONLY_TAKERS = 'takers';
export const ONLY_ADDRESSES = 'addresses';
const MAX_BYTES = 8 * 1024 * 1024;
/** After how long nobody waits any more for an answer that was asked for with the certificate before, in milliseconds. */
const RETIRE_MS = 30_000;

export interface ReplicaClientDeps {
  readonly clock: Clock;
  readonly certificate: Pick<ServingCertificate, 'current' | 'fingerprint' | 'accepted' | 'accepts'>;
}

/**
 * Asks other replicas. Both ends have the certificate of the one Secret, and take nothing else of the other: so nobody can ask who can't
 * read that Secret, and nobody can answer.
 */
export class ReplicaClient {
  readonly #deps: ReplicaClientDeps;
  #agent: { readonly key: string; readonly agent: Agent } | undefined;
  /** Those with an earlier certificate, with which questions may still be under way. */
  readonly #retired = new Map<Agent, Timer>();

  constructor(deps: ReplicaClientDeps) {
    this.#deps = deps;
  }

  /**
   * @param at `host:port`, IPv6 in brackets
   * @throws {Error} if it doesn't answer in time, or says what can't be understood
   */
  async ask(at: string, ips: readonly string[], timeoutMs: number): Promise<ReplicaReport> {
    return await this.#ask(`${at}${FACTS_PATH}?ips=${ips.join(',')}`, replicaReport, timeoutMs);
  }

  /** The same of these addresses, and nothing else. */
  async askAddresses(at: string, ips: readonly string[], timeoutMs: number): Promise<AddressesReport> {
    return await this.#ask(
      `${at}${FACTS_PATH}?only=${ONLY_ADDRESSES}&ips=${ips.join(',')}`,
      addressesReport,
      timeoutMs,
    );
  }

  /** The same for a list. */
  async askTakers(at: string, ips: readonly string[], timeoutMs: number): Promise<TakersReport> {
    return await this.#ask(`${at}${FACTS_PATH}?only=${ONLY_TAKERS}&ips=${ips.join(',')}`, takersReport, timeoutMs);
  }

  /** Addresses stand in the question as they are: escaped, those of a page would not fit into what a server reads of it. */
  async #ask<T>(question: string, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const outgoing = { method: 'GET', headers: {}, timeoutMs, maxBytes: MAX_BYTES, agent: this.#agentNow() };
    const { status, body } = await send(this.#deps, `https://${question}`, outgoing);
    if (status !== 200) throw new Error(`it answers with status ${status}`);
    const facts = schema.safeParse(JSON.parse(body));
    if (!facts.success) throw new Error('it is of another version and says what this one does not understand');
    return facts.data;
  }

  close(): void {
    this.#agent?.agent.destroy();
    for (const agent of this.#retired.keys()) this.#destroy(agent);
  }

  #retire(agent: Agent): void {
    this.#retired.set(
      agent,
      this.#deps.clock.setTimer(RETIRE_MS, () => this.#destroy(agent)),
    );
  }

  #destroy(agent: Agent): void {
    this.#retired.get(agent)?.cancel();
    this.#retired.delete(agent);
    agent.destroy();
  }

  #agentNow(): Agent {
    const { certificate } = this.#deps;
    const { current, accepted } = certificate;
    const ca = accepted.map(({ cert }) => cert);
    const key = ca.join();
    if (this.#agent?.key === key) return this.#agent.agent;
    if (this.#agent !== undefined) this.#retire(this.#agent.agent);
    const agent = new https.Agent({
      keepAlive: true,
      maxSockets: 4,
      // A resumed session would not show the certificate again.
      maxCachedSessions: 0,
      ...{ key: current.key, cert: current.cert, ca, allowPartialTrustChain: true },
      checkServerIdentity: (_host, { fingerprint256 }) =>
        certificate.accepts(fingerprint256) ? undefined : new Error('it serves with another certificate'),
    });
    this.#agent = { key, agent };
    return agent;
  }
}
