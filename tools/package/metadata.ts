/** A text by language (ISO 639-1). */
export type Locales = Readonly<Record<string, string>>;

export interface Provider {
  readonly name?: string;
  readonly email?: string;
  readonly url?: string;
}

/** A subchart, in the words of Helm's Chart.yaml. */
export interface Dependency {
  readonly name: string;
  readonly version?: string;
  readonly tags?: readonly string[];
}

/** The manifest of a KubeSphere extension (extension.yaml). Nothing of it is believed before `package:lint` has looked at it. */
export interface ExtensionMetadata {
  readonly apiVersion: string;
  readonly name: string;
  readonly version: string;
  readonly displayName: Locales;
  readonly description: Locales;
  readonly category: string;
  readonly keywords?: readonly string[];
  readonly home?: string;
  readonly docs?: string;
  readonly sources?: readonly string[];
  readonly maintainers?: readonly Provider[];
  readonly kubeVersion?: string;
  readonly ksVersion?: string;
  readonly provider: Readonly<Record<string, Provider>>;
  readonly icon: string;
  readonly screenshots?: readonly string[];
  readonly dependencies?: readonly Dependency[];
  readonly installationMode?: string;
  readonly namespace?: string;
  readonly images?: readonly string[];
  readonly externalDependencies?: readonly object[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Languages of which there are both a name and a description: those that READMEs and changelogs are shown in. */
export function languagesOf({ displayName, description }: ExtensionMetadata): string[] {
  return Object.keys(displayName)
    .filter((language) => language in description)
    .sort();
}

/** `README.md` in English, `README_zh.md` in another language. */
export function localised(document: 'README' | 'CHANGELOG', language: string): string {
  return language === 'en' ? `${document}.md` : `${document}_${language}.md`;
}

/** The namespace that ks-core installs an extension into. */
export function namespaceOf({ name, namespace }: ExtensionMetadata): string {
  return namespace ?? `extension-${name}`;
}
