import type { ExtensionMetadata } from '../metadata.ts';
import type { Files } from '../tarball.ts';

/** An object as a chart renders it; rules look into it as they need. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** ks-core installs an extension by two releases: what is for the host cluster, and what is for each cluster. */
export type Pass = 'extension' | 'agent';

/** What one pass makes of some values. */
export interface Rendering {
  readonly pass: Pass;
  /** For people: with which values. */
  readonly values: string;
  /** Whether the values of `MIRRORED`, which KubeSphere injects, were among them. */
  readonly mirrored: boolean;
  readonly objects: readonly Rendered[];
}

/** What KubeSphere and administrators set for all charts, with values that nothing else has. */
export const MIRRORED = {
  imageRegistry: 'mirror.lint.example',
  nodeSelector: { 'lint.example/pool': 'chosen', 'role.lint.example': 'true' },
  imagePullSecret: 'lint-pull-secret',
} as const;

/** A package with all that a rule may want to know of it. */
export interface Subject {
  readonly metadata: ExtensionMetadata;
  readonly files: Files;
  readonly packedBytes: number;
  readonly renderings: readonly Rendering[];
}

/** What is wrong, one sentence each. */
export type Rule = (subject: Subject) => string[];
