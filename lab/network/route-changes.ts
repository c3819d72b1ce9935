import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { NexthopObjects } from './nexthop-objects.ts';

/** What a kernel told of one route. */
export interface RouteChange {
  /** As `ip` spells it: an address without length where it is a whole one. */
  readonly destination: string;
  /** Sorted; none where the route is gone, or leads nowhere. */
  readonly gateways: readonly string[];
  /** `blackhole` and the like; undefined for a route that leads somewhere. */
  readonly type?: string;
}

/** A line of `ip -o monitor route` (iproute2 6.1). */
export function parseRouteChange(line: string): RouteChange {
  const [, deleted, type, destination = ''] =
    /^(Deleted )?(?:(blackhole|unreachable|prohibit) )?(\S+)/.exec(line) ?? [];
  const gateways = [...line.matchAll(/ via (?:inet6 )?([0-9a-f.:]+)/g)].map(([, gateway]) => gateway ?? '').sort();
  return { destination, gateways: deleted === undefined ? gateways : [], ...(type === undefined ? {} : { type }) };
}

/**
 * The routes of one kernel, by the lines of `ip -o monitor link nexthop route` (iproute2 6.1). When a nexthop object goes, Linux takes its way
 * out of the routes that are made of it, or the last one and the route with it, and tells of IPv6 routes only: `read` tells of all of them.
 * So it is when a link loses its carrier, which is told after the IPv6 routes, and when FRR comes back after a crash and takes away what it
 * doesn't know. Routes of objects that were there before the first line change as the kernel says, and not otherwise.
 */
export class RouteChanges {
  readonly #objects = new NexthopObjects();
  /** By destination: the object that a route is made of, and its gateways. */
  readonly #routes = new Map<string, { readonly object: string; readonly gateways: readonly string[] }>();

  /** What changed with this line: one route, those of an object or through a link, or none. */
  read(line: string): RouteChange[] {
    const [match, device = '', flags = ''] = /^(?:Deleted )?\d+: ([^@:\s]+)\S* <(\S*)>/.exec(line) ?? [];
    if (match === undefined && !this.#objects.read(line)) return [this.#route(line)];
    if (match !== undefined && !flags.split(',').includes('LOWER_UP')) this.#objects.loseLink(device);
    return this.#moved();
  }

  #route(line: string): RouteChange {
    const change = parseRouteChange(line);
    const [, object = ''] = / nhid (\d+)/.exec(line) ?? [];
    this.#keep(change, this.#objects.gatewaysOf(object).join() === change.gateways.join() ? object : '');
    return change;
  }

  #moved(): RouteChange[] {
    const moved = [...this.#routes].flatMap(([destination, { object, gateways }]) => {
      const now = this.#objects.gatewaysOf(object);
      return now.join() === gateways.join() ? [] : [{ object, change: { destination, gateways: now } }];
    });
    for (const { object, change } of moved) this.#keep(change, object);
    return moved.map(({ change }) => change);
  }

  #keep({ destination, gateways }: RouteChange, object: string): void {
    if (object === '' || gateways.length === 0) this.#routes.delete(destination);
    else this.#routes.set(destination, { object, gateways });
  }
}

/** Runs `ip monitor` in a namespace. It subscribes a moment after it was started; end it by `kill`. */
export function followRoutes(
  namespace: string,
  onChange: (change: RouteChange) => void,
): ChildProcessByStdio<null, Readable, null> {
  const args = ['-n', namespace, '-o', 'monitor', 'link', 'nexthop', 'route'];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const changes = new RouteChanges();
  createInterface({ input: child.stdout }).on('line', (line) =>
    changes.read(line).forEach((change) => onChange(change)),
  );
  return child;
}
