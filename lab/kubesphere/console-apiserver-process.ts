/** `node console-apiserver-process.ts FILE`: a ConsoleApiserver where the lab's API server runs, by the options in a file. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { ApiClient } from '../cluster/api-client.ts';
import { bundle } from '../console-shell/extension.ts';
import { accounts, builtInTemplates } from './accounts.ts';
import { ConsoleApiserver } from './console-apiserver.ts';
import type { Listing } from './listings.ts';
import type { RoleTemplate } from './roles.ts';

export interface ProcessOptions {
  readonly port: number;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly manager: string;
  /** Those of the extension. */
  readonly templates: readonly RoleTemplate[];
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  readonly users: readonly [{ readonly user: { readonly token: string } }];
}

const options = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as ProcessOptions;
const { clusters, users } = parse(await readFile(options.kubeconfig, 'utf8')) as Kubeconfig;
const api = await ApiClient.fromKubeconfig(options.kubeconfig);
const server = new ConsoleApiserver({
  accounts,
  templates: [...builtInTemplates, ...options.templates],
  bundle,
  kubernetes: { url: clusters[0].cluster.server, token: users[0].user.token },
  objects: (path) => api.list<Listing>(path),
  manager: options.manager,
});
await server.listen(options.port);
