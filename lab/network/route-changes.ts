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

/** Runs `ip monitor` in a namespace. It subscribes a moment after it was started; end it by `kill`. */
export function followRoutes(
  namespace: string,
  onChange: (change: RouteChange) => void,
): ChildProcessByStdio<null, Readable, null> {
  const args = ['-n', namespace, '-o', 'monitor', 'route'];
  const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => onChange(parseRouteChange(line)));
  return child;
}
