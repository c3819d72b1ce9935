import { parseAllDocuments } from 'yaml';
import { EXIT, Failure } from '../failure.ts';
import { failureOf, KubectlFailed, type Kubectl } from '../reach/kubectl.ts';
import { isRecord } from './metallb/fields.ts';

/** Objects in a text of YAML or JSON, those of lists one by one. @throws {Failure} */
export function objectsIn(text: string, where: string): unknown[] {
  const documents = parseAllDocuments(text);
  const list = Array.isArray(documents) ? documents : [];
  const [error] = list.flatMap((document) => document.errors);
  if (error !== undefined) throw new Failure(EXIT.usage, `${where} is no YAML: ${error.message}`);
  return list.flatMap((document) => itemsOf(document.toJS()));
}

function itemsOf(value: unknown): unknown[] {
  if (!isRecord(value)) return [];
  return Array.isArray(value['items']) ? value['items'].flatMap(itemsOf) : [value];
}

const GROUPS = ['metallb.io', 'frrk8s.metallb.io'];

/** What MetalLB makes for itself, and what is none of its configuration. */
const NOT_ASKED = /^(frrnodestates|bgpsessionstates|frroperatorconfigurations)\./;

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = isRecord(value) ? value[field] : undefined;
  return Array.isArray(list) ? list : [];
}

function textAt(value: unknown, field: string): string {
  const text = isRecord(value) ? value[field] : undefined;
  return typeof text === 'string' ? text : '';
}

/**
 * The kinds of objects of a group, as kubectl takes them. By the group itself: kubectl's own list of all kinds fails where any other
 * group can't be reached.
 */
async function resourcesOf(group: string, kubectl: Kubectl): Promise<string[]> {
  const raw = async (path: string): Promise<unknown> => JSON.parse(await kubectl.run(['get', '--raw', path]));
  const about = await raw(`/apis/${group}`).catch((error: unknown) => {
    if (error instanceof KubectlFailed && error.isNotFound) return undefined;
    throw error;
  });
  const versions = listAt(about, 'versions').map((version) => textAt(version, 'groupVersion'));
  const lists = await Promise.all(versions.map((version) => raw(`/apis/${version}`)));
  const names = lists.flatMap((list) => listAt(list, 'resources')).map((resource) => textAt(resource, 'name'));
  return [...new Set(names)].filter((name) => !name.includes('/')).map((name) => `${name}.${group}`);
}

/** Objects of MetalLB and all Services, as the cluster has them. @throws {Failure} */
export async function objectsOfCluster(kubectl: Kubectl): Promise<unknown[]> {
  try {
    const [own = [], ...others] = await Promise.all(GROUPS.map((group) => resourcesOf(group, kubectl)));
    if (own.length === 0) throw noMetalLb();
    const resources = [own, ...others].flat().filter((name) => !NOT_ASKED.test(name));
    const get = async (what: string, ...more: string[]): Promise<unknown[]> =>
      objectsIn(await kubectl.run(['get', what, ...more, '-o', 'json']), `kubectl get ${what}`);
    const objects = (await Promise.all([...resources, 'services'].map((name) => get(name, '--all-namespaces')))).flat();
    const extras = namespacesOf(objects).map((name) => get('configmaps/bgpextras', '-n', name, '--ignore-not-found'));
    return [...objects, ...(await Promise.all(extras)).flat()];
  } catch (error) {
    throw failureOf(error, "MetalLB's objects can't be read");
  }
}

function noMetalLb(): Failure {
  const hint = 'Name a file with its objects by -f FILE, or the right cluster by --context.';
  return new Failure(EXIT.notFound, 'this cluster has no resources of the group metallb.io', hint);
}

/** Where MetalLB's own objects are. */
function namespacesOf(objects: readonly unknown[]): string[] {
  const namespaces = objects.flatMap((object) => {
    if (!isRecord(object) || object['kind'] === 'Service' || !isRecord(object['metadata'])) return [];
    const { namespace } = object['metadata'];
    return typeof namespace === 'string' ? [namespace] : [];
  });
  return [...new Set(namespaces)];
}
