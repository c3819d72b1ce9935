import { readFile } from 'node:fs/promises';
import type { Reach } from '../command-line/parse.ts';
import { EXIT, Failure } from '../failure.ts';
import { failureOf, type Kubectl } from './kubectl.ts';
import { HttpsLink, type Link } from './link.ts';
import { findReplicas, RIGHTS } from './manager.ts';
import { openTunnel } from './tunnel.ts';

/**
 * Makes ways to the manager: to `--server`, or through `kubectl port-forward` to a replica, each time to the next one.
 * @param place the namespace of the manager
 * @throws {Failure} from what it returns
 */
export function linkOpener(kubectl: Kubectl, reach: Reach, place: () => Promise<string>): () => Promise<Link> {
  const { server } = reach;
  if (server !== undefined) return async () => await directLink(server, reach);
  const turn = { count: 0 };
  return async () => await tunnelLink(kubectl, await place(), { turn, timeoutMs: reach.timeoutMs });
}

async function directLink(server: string, { certificateAuthority, insecure }: Reach): Promise<Link> {
  const tls = certificateAuthority === undefined ? {} : { ca: await authority(certificateAuthority) };
  return new HttpsLink({
    base: server,
    tls,
    verify: !insecure,
    pin: false,
    alive: () => true,
    onClose: () => undefined,
  });
}

async function authority(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'error';
    throw new Failure(EXIT.usage, `--certificate-authority ${path} can't be read: ${why}`);
  }
}

/** A Pod may have gone since it was listed: then the next one is tried. */
async function tunnelLink(
  kubectl: Kubectl,
  namespace: string,
  { turn, timeoutMs }: { readonly turn: { count: number }; readonly timeoutMs: number },
): Promise<Link> {
  const replicas = await findReplicas(kubectl, namespace);
  let last: unknown;
  for (let i = 0; i < replicas.length; i += 1) {
    const replica = replicas[(turn.count + i) % replicas.length];
    if (replica === undefined) break;
    try {
      const tunnel = await openTunnel(kubectl, replica, timeoutMs);
      turn.count += 1;
      return new HttpsLink({
        ...{ base: `https://127.0.0.1:${tunnel.port}`, tls: {}, verify: false, pin: true },
        ...{ alive: () => tunnel.alive, onClose: () => tunnel.close() },
      });
    } catch (error) {
      last = error;
    }
  }
  throw failureOf(last, 'kubectl port-forward to porter-manager failed', RIGHTS);
}
