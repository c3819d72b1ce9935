import { hostname, networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';

/** How this replica was started. */
export interface ManagerOptions {
  /** Path of a kubeconfig; undefined in a Pod, where the ServiceAccount is used. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly logLevel: string;
  readonly replica: string;
  /** Node that it runs on; empty outside of a cluster, where no BgpPeer with a nodeSelector is served. */
  readonly node: string;
  /** Namespace of the manager's own objects. */
  readonly namespace: string;
  readonly address: string;
  readonly httpPort: number;
  readonly probePort: number;
  /** Name of the headless Service and of the Lease. */
  readonly name: string;
}

export const USAGE = `usage: porter-manager [options]

  --kubeconfig FILE   the cluster to serve; in a Pod the ServiceAccount is used instead
  --context NAME      context of the kubeconfig (its current one)
  --namespace NAME    namespace of the Lease (POD_NAMESPACE, porterlb-system)
  --address IP        this host's address: next hops are the nodes', this is for the router ID and for other replicas (POD_IP)
  --node NAME         the node that this process runs on (NODE_NAME)
  --http-port PORT    /healthz and /readyz (17980)
  --probe-port PORT   UDP, where replicas ask each other whether they are alive (17981)
  --log-level LEVEL   debug, info, warn or error (info)
  --help
`;

/** A mistake of the caller; `message` says what to do. */
export class UsageError extends Error {}

const LEVELS = ['debug', 'info', 'warn', 'error'];

function port(name: string, text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535)
    throw new UsageError(`--${name} takes a port from 0 to 65535, not "${text}"`);
  return number;
}

function firstAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

const argumentTypes = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  address: { type: 'string' },
  node: { type: 'string' },
  'http-port': { type: 'string' },
  'probe-port': { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean' },
} as const;

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof argumentTypes }>>['values'] {
  try {
    return parseArgs({ args: [...argv], options: argumentTypes, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Reads the command line and the environment that the chart sets.
 *
 * @returns undefined if help was asked for
 * @throws UsageError
 */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): ManagerOptions | undefined {
  const values = parse(argv);
  if (values.help === true) return undefined;
  const logLevel = values['log-level'] ?? environment['LOG_LEVEL'] ?? 'info';
  if (!LEVELS.includes(logLevel))
    throw new UsageError(`--log-level takes one of ${LEVELS.join(', ')}, not "${logLevel}"`);
  return {
    kubeconfig: values.kubeconfig ?? environment['KUBECONFIG'],
    context: values.context,
    logLevel,
    replica: environment['POD_NAME'] ?? `${hostname()}-${process.pid}`,
    node: values.node ?? environment['NODE_NAME'] ?? '',
    namespace: values.namespace ?? environment['POD_NAMESPACE'] ?? 'porterlb-system',
    address: values.address ?? environment['POD_IP'] ?? firstAddress(),
    httpPort: port('http-port', values['http-port'] ?? environment['HTTP_PORT'] ?? '17980'),
    probePort: port('probe-port', values['probe-port'] ?? environment['PROBE_PORT'] ?? '17981'),
    name: 'porter-manager',
  };
}
