import type * as KubernetesClient from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../platform/ports.ts';
import { bearerToken, noCredential } from './credential.ts';
import type { ClusterConfig, Credential } from './credential.ts';
import { fetchedHeader, tokenFile } from './refreshing.ts';
import type { TlsSettings } from './transport.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The parts of a kubeconfig that a context selects. */
interface Selected {
  readonly cluster: Fields;
  readonly user: Fields;
  readonly namespace: string;
  /** Relative file names in a kubeconfig are relative to its folder. */
  readonly folder: string;
}

/** What plain files and tokens can express; everything else (exec plugins, auth providers, proxies) is the client library's. */
const understoodUserFields = new Set([
  'token',
  'tokenFile',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
]);
const understoodClusterFields = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'extensions',
]);

/**
 * Reads a kubeconfig file. Tokens and certificates are read here; for exec plugins, auth providers and the like the Kubernetes
 * client library is loaded, which costs 80 MiB of memory and half a second (measured), too much to be loaded for every user.
 * Throws with the file's name if there is nothing usable in it; never with its content.
 */
export async function readKubeconfig(file: string, clock: Clock, context?: string): Promise<ClusterConfig> {
  const { parse } = await import('yaml');
  const selected = select(file, parse(readFileSync(file, 'utf8')) as unknown, context);
  const understood =
    Object.keys(selected.user).every((name) => understoodUserFields.has(name)) &&
    Object.keys(selected.cluster).every((name) => understoodClusterFields.has(name));
  return understood ? plainConfig(selected, clock) : await libraryConfig(file, selected, clock, context);
}

function select(file: string, document: unknown, wanted?: string): Selected {
  const config = fieldsOf(document);
  const contextName = wanted ?? textOf(config, 'current-context');
  if (contextName === undefined || contextName === '') throw new Error(`${file} names no current context`);
  const context = named(config, { file, list: 'contexts', name: contextName });
  const clusterName = textOf(context, 'cluster') ?? '';
  const userName = textOf(context, 'user');
  return {
    cluster: named(config, { file, list: 'clusters', name: clusterName }),
    user: userName === undefined || userName === '' ? {} : named(config, { file, list: 'users', name: userName }),
    namespace: textOf(context, 'namespace') ?? 'default',
    folder: dirname(resolve(file)),
  };
}

function plainConfig(selected: Selected, clock: Clock): ClusterConfig {
  return {
    server: serverOf(selected),
    namespace: selected.namespace,
    tls: tlsOf(selected),
    credential: credentialOf(selected, clock),
  };
}

function tlsOf({ cluster, user, folder }: Selected): TlsSettings {
  const ca = fileOrData(cluster, 'certificate-authority', folder);
  const cert = fileOrData(user, 'client-certificate', folder);
  const key = fileOrData(user, 'client-key', folder);
  const serverName = textOf(cluster, 'tls-server-name');
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
  };
}

function credentialOf({ user, folder }: Selected, clock: Clock): Credential {
  // As kubectl has it: the file wins over the token.
  const path = textOf(user, 'tokenFile');
  if (path !== undefined) return tokenFile(resolve(folder, path), clock);
  const token = textOf(user, 'token');
  return token === undefined ? noCredential : bearerToken(token);
}

async function libraryConfig(file: string, selected: Selected, clock: Clock, context?: string): Promise<ClusterConfig> {
  const { KubeConfig } = await clientLibrary();
  const config = new KubeConfig();
  config.loadFromFile(file);
  if (context !== undefined) config.setCurrentContext(context);
  const options = async (): Promise<Fields> => {
    const filled = {};
    await config.applyToHTTPSOptions(filled);
    return filled;
  };
  const first = await options();
  const tls: TlsSettings = {
    ...pick(first, 'ca', 'ca'),
    ...pick(first, 'cert', 'cert'),
    ...pick(first, 'key', 'key'),
    ...pick(first, 'servername', 'serverName'),
    ...(first['rejectUnauthorized'] === false ? { insecure: true } : {}),
  };
  const credential = fetchedHeader(async () => authorizationOf(await options()), clock);
  return { server: serverOf(selected), namespace: selected.namespace, tls, credential };
}

async function clientLibrary(): Promise<typeof KubernetesClient> {
  try {
    return await import('@kubernetes/client-node');
  } catch (cause) {
    const instead = 'use one with a token or a client certificate, or run from the sources';
    throw new Error(`kubeconfigs with an exec or auth-provider plugin can't be used in the image; ${instead}`, {
      cause,
    });
  }
}

function authorizationOf(options: Fields): string | undefined {
  const header = textOf(fieldsOf(options['headers']), 'Authorization');
  if (header !== undefined) return header;
  const basic = textOf(options, 'auth');
  return basic === undefined ? undefined : `Basic ${Buffer.from(basic).toString('base64')}`;
}

function pick(fields: Fields, from: string, to: keyof TlsSettings): TlsSettings {
  const value = fields[from];
  return typeof value === 'string' || Buffer.isBuffer(value) ? { [to]: value } : {};
}

function serverOf({ cluster }: Selected): string {
  const server = textOf(cluster, 'server');
  if (server === undefined) throw new Error('the kubeconfig names no server');
  return server;
}

function fileOrData(fields: Fields, name: string, folder: string): Buffer | undefined {
  const data = textOf(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const file = textOf(fields, name);
  return file === undefined ? undefined : readFileSync(resolve(folder, file));
}

interface Wanted {
  /** For the message if it is missing. */
  readonly file: string;
  readonly list: 'contexts' | 'clusters' | 'users';
  readonly name: string;
}

/** The content of a named entry: lists of a kubeconfig hold `{name, <singular>: {...}}`. */
function named(config: Fields, { file, list, name }: Wanted): Fields {
  const entries = config[list];
  const entry = Array.isArray(entries)
    ? entries.map(fieldsOf).find((candidate) => candidate['name'] === name)
    : undefined;
  if (entry === undefined) throw new Error(`${file} has no entry "${name}" among its ${list}`);
  return fieldsOf(entry[list.slice(0, -1)]);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}
