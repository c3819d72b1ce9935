import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { KubectlFailed, type Kubectl } from './kubectl.ts';

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
  /**
   * A client certificate, a password, a plugin of old: nothing that could be shown to anybody but the API server. Or whoever it is acts
   * as somebody else, of whom there is no token.
   */
  | { readonly kind: 'other' };

/** What is of interest in the context that kubectl uses. */
export interface Context {
  readonly namespace: string;
  readonly signIn: SignIn;
}

/**
 * Asks kubectl, which merges files. Undefined: there is no context (in a Pod, kubectl needs none).
 * @throws {KubectlFailed | Failure} where the context that is asked for isn't there
 */
export async function readContext(kubectl: Kubectl, files: readonly string[]): Promise<Context | undefined> {
  try {
    const config: unknown = JSON.parse(await kubectl.run(['config', 'view', '--raw', '--minify', '--output', 'json']));
    return contextOf(config, (user) => folderOf(user, files));
  } catch (error) {
    if (error instanceof KubectlFailed && /current-context must exist/.test(error.message)) return undefined;
    throw error;
  }
}

/** The files that kubectl reads, as it finds them. */
export function kubeconfigFiles(flag: string | undefined, { KUBECONFIG }: NodeJS.ProcessEnv): string[] {
  if (flag !== undefined) return [flag];
  if (KUBECONFIG === undefined || KUBECONFIG === '') return [join(homedir(), '.kube/config')];
  return KUBECONFIG.split(delimiter).filter((file) => file !== '');
}

/** Where the first file lies that has the user: his relative paths begin there, and kubectl doesn't say so. */
function folderOf(user: unknown, files: readonly string[]): string {
  const isHis = (file: string): boolean => {
    try {
      const { users } = fieldsOf(parse(readFileSync(file, 'utf8')));
      return Array.isArray(users) && users.some((each) => fieldsOf(each)['name'] === user);
    } catch {
      return false;
    }
  };
  return dirname(resolve(files.find(isHis) ?? '.'));
}

/** Of a kubeconfig that has nothing but what its context selects. `folder`: where a user's relative paths begin. */
export function contextOf(config: unknown, folder: (user: unknown) => string): Context {
  const { users } = fieldsOf(config);
  const at = (path: string): string =>
    isAbsolute(path) ? path : resolve(folder(fieldsOf(Array.isArray(users) ? users[0] : undefined)['name']), path);
  const entry = (list: string, field: string): Fields => {
    const all = fieldsOf(config)[list];
    return fieldsOf(fieldsOf(Array.isArray(all) ? all[0] : undefined)[field]);
  };
  const namespace = textOf(entry('contexts', 'context'), 'namespace');
  return {
    namespace: namespace ?? 'default',
    signIn: signInOf(entry('users', 'user'), entry('clusters', 'cluster'), at),
  };
}

/** Users, and what belongs to them, that kubectl impersonates. */
const IMPERSONATION = ['as', 'as-uid', 'as-groups', 'as-user-extra'];

function signInOf(user: Fields, cluster: Fields, at: (path: string) => string): SignIn {
  // A token of his own would tell the manager who he is, with all his rights, and not whom he wants to be.
  if (IMPERSONATION.some((field) => user[field] !== undefined)) return { kind: 'other' };
  // As kubectl has it: the file wins over the token.
  const path = textOf(user, 'tokenFile');
  if (path !== undefined) return { kind: 'file', path: at(path) };
  const token = textOf(user, 'token');
  if (token !== undefined) return { kind: 'token', token };
  const exec = fieldsOf(user['exec']);
  const command = textOf(exec, 'command');
  if (command === undefined) return { kind: 'other' };
  const args = Array.isArray(exec['args']) ? exec['args'].map(String) : [];
  const apiVersion = textOf(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1';
  const told = exec['provideClusterInfo'] === true ? cluster : undefined;
  // A bare name is looked for on the PATH.
  const program = /[/\\]/.test(command) ? at(command) : command;
  return {
    kind: 'exec',
    plugin: { apiVersion, command: program, args, env: environmentOf(exec['env']), cluster: told },
  };
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
