import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../platform/ports.ts';
import type { ClusterConfig } from './credential.ts';
import { tokenFile } from './refreshing.ts';

const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Configuration of a Pod, from what the kubelet puts into it. Undefined when this process is in no Pod; throws if it is but
 * the ServiceAccount's files are missing (`automountServiceAccountToken: false`).
 */
export function inClusterConfig(
  clock: Clock,
  environment: NodeJS.ProcessEnv = process.env,
  folder = serviceAccountFolder,
): ClusterConfig | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || host === '' || port === undefined || port === '') return undefined;
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: readFileSync(join(folder, 'namespace'), 'utf8').trim(),
    tls: { ca: readFileSync(join(folder, 'ca.crt')) },
    credential: tokenFile(join(folder, 'token'), clock),
  };
}
