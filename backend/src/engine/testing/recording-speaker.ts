import assert from 'node:assert/strict';
import type { BgpRoute, PathAttributes } from '../../announce/announce.ts';
import type { PeerConfig } from '../../speakers/bgp/speaker.ts';
import type { EngineDeps } from '../engine.ts';

/** One call of the engine; for routes the prefixes that it named, `-` before those that it withdrew; how each session ends. */
export type SpeakerCall =
  | { readonly call: 'configure'; readonly peers: readonly string[] }
  | { readonly call: 'setRoutes' | 'updateRoutes'; readonly peer: string; readonly prefixes: readonly string[] }
  | { readonly call: 'stop'; readonly how: Readonly<Record<string, string>> };

/** Stands for the BGP speaker and holds what each router would have, as the speaker's contract says. */
export class RecordingSpeaker {
  readonly calls: SpeakerCall[] = [];
  configs: readonly PeerConfig[] = [];
  /** Routers take nothing for now; `written` ends that. */
  isWriting = false;
  #onWritten: (() => void)[] = [];
  readonly #routes = new Map<string, Map<string, BgpRoute>>();

  // The methods of the port, under its own types, so that a change of the contract is seen here.
  readonly port: EngineDeps['speaker'] = {
    configure: (peers) => {
      this.calls.push({ call: 'configure', peers: peers.map(({ key }) => key) });
      this.configs = peers;
      for (const key of this.#routes.keys()) if (!peers.some((peer) => peer.key === key)) this.#routes.delete(key);
    },
    setRoutes: (peer, routes) => {
      this.#assertConfigured(peer);
      this.calls.push({ call: 'setRoutes', peer, prefixes: [...routes.keys()] });
      this.#routes.set(peer, new Map(routes as ReadonlyMap<string, BgpRoute>));
    },
    updateRoutes: (peer, changes) => {
      this.#assertConfigured(peer);
      this.calls.push({
        call: 'updateRoutes',
        peer,
        prefixes: [...changes].map(([prefix, route]) => (route === null ? `-${prefix}` : prefix)),
      });
      const routes = this.#routes.get(peer);
      assert.ok(routes, `updateRoutes for ${peer} before setRoutes: the speaker ignores it`);
      for (const [prefix, route] of changes as ReadonlyMap<string, BgpRoute | null>) {
        if (route === null) routes.delete(prefix);
        else routes.set(prefix, route);
      }
    },
    whenWritten: (then) => this.#whenWritten(then),
    whenHeard: (then) => this.#whenWritten(then),
    stop: async (how) => {
      const modes = this.configs.map(({ key }) => [key, typeof how === 'function' ? how(key) : how]);
      this.calls.push({ call: 'stop', how: Object.fromEntries(modes) });
    },
  };

  /** What each peer has: prefix to `<next hops, in order> med <n>[ <other attributes>]`, after a next hop its own in brackets */
  announced(): Record<string, Record<string, string>> {
    const peers = [...this.#routes].map(([peer, routes]): [string, Record<string, string>] => {
      const texts = [...routes].map(([prefix, route]): [string, string] => [prefix, routeText(prefix, route)]);
      return [peer, Object.fromEntries(texts)];
    });
    return Object.fromEntries(peers);
  }

  /** All that was told is written. */
  written(): void {
    this.isWriting = false;
    for (const then of this.#onWritten.splice(0)) then();
  }

  #whenWritten(then: () => void): void {
    if (this.isWriting) this.#onWritten.push(then);
    else then();
  }

  /** The calls since the last look. */
  takeCalls(): SpeakerCall[] {
    return this.calls.splice(0);
  }

  #assertConfigured(peer: string): void {
    assert.ok(
      this.configs.some(({ key }) => key === peer),
      `routes for ${peer}, which is not configured`,
    );
  }
}

function routeText(prefix: string, route: BgpRoute): string {
  assert.equal(route.prefix, prefix);
  assert.equal(new Set(route.paths.map(({ id }) => id)).size, route.paths.length, 'path identifiers differ');
  const hops = route.paths.map(({ nextHop, attributes }) =>
    attributes === undefined ? nextHop : `${nextHop} (${attributesText(attributes)})`,
  );
  return `${hops.join(' ')} ${attributesText(route)}`;
}

function attributesText({ med, localPref, communities, largeCommunities }: PathAttributes): string {
  const pref = localPref === undefined ? [] : [`pref ${localPref}`];
  return [`med ${med}`, ...pref, ...communities, ...largeCommunities].join(' ');
}
