import type { Clock } from '../platform/ports.ts';
import { send } from './outgoing.ts';
import { ShortCache } from './short-cache.ts';

/** kube-proxy's metrics port, on loopback unless told otherwise; it has no authentication. */
const URL_OF_MODE = 'http://127.0.0.1:10249/proxyMode';
const KNOWN_MS = 60_000;
const TIMEOUT_MS = 300;
const MODES = /^(iptables|ipvs|nftables|userspace|kernelspace)$/;

/** kube-proxy of this node, whose network this process shares. */
export class KubeProxy {
  readonly #clock: Clock;
  readonly #url: string;
  readonly #known: ShortCache<string | undefined>;

  constructor({ clock }: { readonly clock: Clock }, { url = URL_OF_MODE }: { readonly url?: string } = {}) {
    this.#clock = clock;
    this.#url = url;
    this.#known = new ShortCache({ clock }, { max: 1 });
  }

  /** How it does its work; undefined: it doesn't say, or there is none. */
  async mode(): Promise<string | undefined> {
    return await this.#known.get(
      '',
      () => KNOWN_MS,
      async () => await this.#ask(),
    );
  }

  async #ask(): Promise<string | undefined> {
    try {
      const outgoing = { method: 'GET', headers: {}, timeoutMs: TIMEOUT_MS, maxBytes: 1_024 };
      const { status, body } = await send({ clock: this.#clock }, this.#url, outgoing);
      return status === 200 && MODES.test(body.trim()) ? body.trim() : undefined;
    } catch {
      return undefined;
    }
  }
}
