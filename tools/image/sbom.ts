import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClosurePackage } from './closure.ts';

/** A part of the image that somebody else has made. */
export interface Component {
  readonly type: 'library' | 'platform' | 'application';
  readonly name: string;
  readonly version: string;
  /** Package URL (purl). */
  readonly purl: string;
  readonly licenses?: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/**
 * What the image is made of, as CycloneDX 1.6 JSON. Without a serial number and a time, which would make every build another image:
 * the same ingredients give the same text.
 */
export function billOfMaterials(product: Component, components: readonly Component[]): string {
  const sorted = [...components].sort((a, b) => (a.purl < b.purl ? -1 : 1));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: withReference(product) },
    components: sorted.map(withReference),
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function withReference(component: Component): Component & { readonly 'bom-ref': string } {
  return { 'bom-ref': component.purl, ...component };
}

/** A published npm package, which lies in `folder`, with the checksum that the lock file has of it. */
export function npmComponent(folder: string, { path, version, integrity }: ClosurePackage): Component {
  const name = path.replace(/^.*node_modules\//, '');
  const { license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { license?: unknown };
  const [, sha512] = /^sha512-(.+)$/.exec(integrity) ?? [];
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(typeof license === 'string' ? { licenses: [{ expression: license }] } : {}),
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }),
  };
}

export function nodeComponent(version: string): Component {
  const purl = `pkg:generic/node@${version}`;
  return { type: 'platform', name: 'node', version, purl, licenses: [{ expression: 'MIT' }] };
}

/** A package of the distribution that the image's shared libraries are from. */
export function debianComponent(name: string, version: string): Component {
  return { type: 'library', name, version, purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}` };
}
