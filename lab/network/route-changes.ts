import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

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

/** A gateway of a route, and the link to it. */
interface Hop {
  readonly gateway: string;
  readonly device: string;
}

/**
 * The routes of one kernel, by the lines of `ip -o monitor link route` (iproute2 6.1). When a link loses its carrier, Linux flushes the
 * nexthop objects through it (`nexthop_flush_dev`) and with them every route that FRR has made of them: it tells of the IPv6 routes and of
 * the link, in this order, and not of the IPv4 routes. Those are taken as gone when the link is told of.
 */
export class RouteChanges {
  /** By destination; only routes of nexthop objects. */
  readonly #hops = new Map<string, readonly Hop[]>();

  /** What changed with this line: one route, those through a link, or none. */
  read(line: string): RouteChange[] {
    const link = /^(?:Deleted )?\d+: ([^@:\s]+)\S* <(\S*)>/.exec(line);
    if (link === null) return [this.#route(line)];
    const [, device = '', flags = ''] = link;
    return flags.split(',').includes('LOWER_UP') ? [] : this.#flushed(device);
  }

  #route(line: string): RouteChange {
    const change = parseRouteChange(line);
    const isOfObjects = change.gateways.length > 0 && / nhid \d/.test(line);
    this.#keep(change.destination, isOfObjects ? hopsOf(line) : []);
    return change;
  }

  #flushed(device: string): RouteChange[] {
    const through = [...this.#hops].filter(([, hops]) => hops.some((hop) => hop.device === device));
    return through.map(([destination, hops]) => {
      const left = hops.filter((hop) => hop.device !== device);
      this.#keep(destination, left);
      return { destination, gateways: left.map(({ gateway }) => gateway).sort() };
    });
  }

  #keep(destination: string, hops: readonly Hop[]): void {
    if (hops.length === 0) this.#hops.delete(destination);
    else this.#hops.set(destination, hops);
  }
}

function hopsOf(line: string): Hop[] {
  const found = line.matchAll(/ via (?:inet6 )?([0-9a-f.:]+) dev (\S+)/g);
  return [...found].map(([, gateway = '', device = '']) => ({ gateway, device }));
}

/** Runs `ip monitor` in a namespace. It subscribes a moment after it was started; end it by `kill`. */
export function followRoutes(
  namespace: string,
  onChange: (change: RouteChange) => void,
): ChildProcessByStdio<null, Readable, null> {
  const args = ['-n', namespace, '-o', 'monitor', 'link', 'route'];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const changes = new RouteChanges();
  createInterface({ input: child.stdout }).on('line', (line) =>
    changes.read(line).forEach((change) => onChange(change)),
  );
  return child;
}
