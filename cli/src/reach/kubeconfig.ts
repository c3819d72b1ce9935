import type { Kubectl } from './kubectl.ts';
import { KubectlFailed } from './kubectl.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A program that hands out credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What the plugin may be told of the cluster, if it wants to know. */
  readonly cluster: Fields | undefined;
}

/** How a kubeconfig says who one is, as far as a token comes of it. */
export type SignIn =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin }
  /** A client certificate, a password, a plugin of old: nothing that could be shown to anybody but the API server. */
  | { readonly kind: 'other' };

/** What is of interest in the context that kubectl uses. */
export interface Context {
  readonly namespace: string;
  readonly signIn: SignIn;
}

/**
 * Asks kubectl, which merges files and resolves paths. Undefined: there is no context (in a Pod, kubectl needs none).
 * @throws {KubectlFailed | Failure} where the context that is asked for isn't there
 */
export async function readContext(kubectl: Kubectl): Promise<Context | undefined> {
  try {
    return contextOf(JSON.parse(await kubectl.run(['config', 'view', '--raw', '--minify', '--output', 'json'])));
  } catch (error) {
    if (error instanceof KubectlFailed && /current-context must exist/.test(error.message)) return undefined;
    throw error;
  }
}

/** Of a kubeconfig that has nothing but what its context selects. */
export function contextOf(config: unknown): Context {
  const entry = (list: string, field: string): Fields => {
    const all = fieldsOf(config)[list];
    return fieldsOf(fieldsOf(Array.isArray(all) ? all[0] : undefined)[field]);
  };
  const namespace = textOf(entry('contexts', 'context'), 'namespace');
  return { namespace: namespace ?? 'default', signIn: signInOf(entry('users', 'user'), entry('clusters', 'cluster')) };
}

function signInOf(user: Fields, cluster: Fields): SignIn {
  // As kubectl has it: the file wins over the token.
  const path = textOf(user, 'tokenFile');
  if (path !== undefined) return { kind: 'file', path };
  const token = textOf(user, 'token');
  if (token !== undefined) return { kind: 'token', token };
  const exec = fieldsOf(user['exec']);
  const command = textOf(exec, 'command');
  if (command === undefined) return { kind: 'other' };
  const args = Array.isArray(exec['args']) ? exec['args'].map(String) : [];
  const apiVersion = textOf(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1';
  const told = exec['provideClusterInfo'] === true ? cluster : undefined;
  return { kind: 'exec', plugin: { apiVersion, command, args, env: environmentOf(exec['env']), cluster: told } };
}

function environmentOf(list: unknown): Record<string, string> {
  const entries = Array.isArray(list) ? list.map(fieldsOf) : [];
  return Object.fromEntries(entries.map((entry) => [String(entry['name']), String(entry['value'])]));
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
