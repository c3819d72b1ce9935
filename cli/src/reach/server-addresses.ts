import { lookup } from 'node:dns/promises';
import type { Kubectl } from './kubectl.ts';

/** Addresses of the API server, as far as they can be known from here; none where they can't: who needs it is told elsewhere. */
export async function serverAddresses(kubectl: Kubectl): Promise<string[]> {
  try {
    const url = await kubectl.run(['config', 'view', '--minify', '--output', 'jsonpath={.clusters[0].cluster.server}']);
    const host = new URL(url.trim()).hostname.replace(/^\[|\]$/g, '');
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
