/**
 * What replicas keep for the next container of their Pod. It is written a second after a change; a fault that comes before that finds a
 * state that may rightly be old, so the lab is at rest only when it is written. This is the one place where the product is asked.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from '../../backend/src/saved/codec.ts';
import { addressesOf, excludeLabel, keyOf, nodesWithEndpoints, type ApiObjects } from './model.ts';

/** `default/web 172.30.0.1 fd30:1::1 on n1 n2`, a line per Service, and the nodes that are excluded. */
export function toBeKept({ services, slices, nodes }: ApiObjects): string {
  const lines = services.map((service) => {
    const [first = ''] = addressesOf(service);
    return line(keyOf(service), addressesOf(service), [...nodesWithEndpoints(service, slices, first)]);
  });
  const excluded = nodes.filter(({ metadata }) => metadata.labels?.[excludeLabel] === 'true');
  return text(
    lines,
    excluded.map(({ metadata }) => metadata.name),
  );
}

/** The same of what a replica has kept in its folder; empty if it has kept nothing. */
export async function kept(stateDir: string): Promise<string> {
  const bytes = await readFile(join(stateDir, 'inputs')).catch(() => undefined);
  if (bytes === undefined) return '';
  const found = decode(bytes);
  if (!found.ok) throw new Error(found.message);
  const { services, endpoints, nodes } = found.value.inputs;
  const lines = [...services].map(([key, service]) =>
    line(key, service?.assignments.map(({ ip }) => ip) ?? [], endpoints.get(key)?.ipv4.ready ?? []),
  );
  return text(
    lines,
    [...nodes.values()].flatMap((node) => (node?.excluded === true ? [node.name] : [])),
  );
}

function line(key: string, ips: readonly string[], nodes: readonly string[]): string {
  return [key, ...[...ips].sort(), 'on', ...[...nodes].sort()].join(' ');
}

function text(lines: readonly string[], excluded: readonly string[]): string {
  return [...[...lines].sort(), ['without', ...[...excluded].sort()].join(' ')].join(', ');
}
