import { clusterPrefix } from '../../api/client.ts';
import type { Http } from '../../api/http.ts';

const TENANT = '/kapis/tenant.kubesphere.io/v1beta1/workspaces';

interface NameList {
  readonly items?: readonly { readonly metadata?: { readonly name?: string } }[];
}

/**
 * The clusters that a workspace has projects in, and the projects that who is signed in may see there, as KubeSphere tells them.
 * @throws {Failure}
 */
export async function clustersOf(http: Http, workspace: string): Promise<string[]> {
  return names(await http.send(question(`${TENANT}/${encodeURIComponent(workspace)}/clusters`)));
}

/** @throws {Failure} */
export async function projectsOf(http: Http, workspace: string, cluster: string): Promise<string[]> {
  const path = `${TENANT}/${encodeURIComponent(workspace)}/namespaces?limit=-1`;
  return names(await http.send(question(`${clusterPrefix(cluster)}${path}`)));
}

function question(url: string): { method: string; url: string; headers: Record<string, string> } {
  return { method: 'GET', url, headers: { accept: 'application/json' } };
}

function names(answer: string): string[] {
  const { items = [] } = JSON.parse(answer) as NameList;
  return items.flatMap(({ metadata }) => (metadata?.name === undefined ? [] : [metadata.name])).sort();
}
