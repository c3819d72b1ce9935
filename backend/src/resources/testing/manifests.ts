import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { StoredObject } from '../parse.ts';

export interface Manifest extends StoredObject {
  readonly apiVersion: string;
  readonly kind: 'Eip' | 'BgpConf' | 'BgpPeer';
  readonly metadata: NonNullable<StoredObject['metadata']> & { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, 'manifests');

/** All objects of all manifests beside this file. */
export function goodManifests(): Manifest[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document): Manifest => {
      if (document.errors.length > 0) throw new Error(`${name}: ${document.errors.join('; ')}`);
      return document.toJS() as Manifest;
    }),
  );
}

/** The manifest of that kind and name. */
export function manifest(kind: Manifest['kind'], name: string): Manifest {
  const found = goodManifests().find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} among the manifests`);
  return found;
}

/** An object of that kind as an author would write it. */
export function objectOf(kind: Manifest['kind'], name: string, spec: Readonly<Record<string, unknown>>): Manifest {
  return { apiVersion: 'network.kubesphere.io/v1alpha2', kind, metadata: { name }, spec };
}
