import { FakeDialer, type RemoteEnd } from '../../platform/fake/dialer.ts';
import type { Clock } from '../../platform/ports.ts';
import { HEALTH_PORT, KUBELET_PORT } from '../nodes.ts';

/** A response as kube-proxy writes it. */
export function response(status: number, body = 'ok'): string {
  return `HTTP/1.1 ${status} Status\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** What a node's health port does when it is asked for a path: bytes to answer with, nothing at all, or a reset. */
export type Behaviour = (path: string) => string | 'silence' | 'reset';

export const well: Behaviour = () => response(200);

/** Hosts in a network of the mind: what listens on their health port, and whether anything of them answers. */
export class FakeNodes {
  readonly dialer: FakeDialer;
  readonly #open = new Map<string, Set<RemoteEnd>>();
  readonly #behaviours = new Map<string, Behaviour>();
  /** Requests so far, by address. */
  readonly requests = new Map<string, number>();

  constructor(clock: Clock) {
    this.dialer = new FakeDialer(clock);
  }

  /** A service proxy listens and does as `behaviour` says, on connections that are open already too. */
  serve(address: string, behaviour: Behaviour = well): void {
    this.#behaviours.set(address, behaviour);
    this.dialer.listen(address, HEALTH_PORT, (remote) => this.#accept(address, remote));
    this.dialer.close(address, KUBELET_PORT);
  }

  /** Nobody listens any more, and connections are reset: the service proxy has ended, its host lives. */
  refuse(address: string): void {
    this.#behaviours.delete(address);
    this.dialer.close(address, HEALTH_PORT);
    this.dialer.close(address, KUBELET_PORT);
    for (const remote of this.#open.get(address) ?? []) remote.reset();
    this.#open.delete(address);
  }

  /** Packets to the health port are lost; the host lives. */
  drop(address: string): void {
    this.#behaviours.set(address, () => 'silence');
    this.dialer.blackhole(address, HEALTH_PORT);
  }

  /** Nothing of the host answers. */
  kill(address: string): void {
    this.drop(address);
    this.dialer.blackhole(address, KUBELET_PORT);
  }

  #accept(address: string, remote: RemoteEnd): void {
    const open = this.#open.get(address) ?? new Set();
    this.#open.set(address, open.add(remote));
    remote.onData = (chunk) => {
      this.requests.set(address, (this.requests.get(address) ?? 0) + 1);
      const path = new TextDecoder().decode(chunk).split(' ')[1] ?? '';
      const answer = this.#behaviours.get(address)?.(path) ?? 'silence';
      if (answer === 'reset') remote.reset();
      else if (answer !== 'silence') remote.write(new TextEncoder().encode(answer));
    };
  }
}
