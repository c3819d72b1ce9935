import { MIRRORED, type Rendered, type Rendering, type Rule, type Subject } from './subject.ts';

interface Container {
  readonly name: string;
  readonly image: string;
}

export interface PodSpec {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
}

interface WithTemplate {
  readonly spec?: PodSpec & { readonly template?: { readonly spec?: PodSpec }; readonly jobTemplate?: WithTemplate };
}

/** What Pods of an object would be, undefined if it makes none. */
export function podSpecOf(object: Rendered | WithTemplate): PodSpec | undefined {
  const { spec } = object as WithTemplate;
  if (spec?.jobTemplate !== undefined) return podSpecOf(spec.jobTemplate);
  return spec?.template?.spec ?? (spec?.containers === undefined ? undefined : spec);
}

interface Found {
  readonly where: string;
  readonly pod: PodSpec;
}

function podsOf({ pass, values, objects }: Rendering): Found[] {
  return objects.flatMap((object) => {
    const pod = podSpecOf(object);
    const where = `${object.kind} ${object.metadata.name} (${pass}, ${values})`;
    return pod === undefined ? [] : [{ where, pod }];
  });
}

function mirroredPods({ renderings }: Subject): Found[] {
  return renderings.filter(({ mirrored }) => mirrored).flatMap(podsOf);
}

export function imagesOf(pod: PodSpec): string[] {
  return [...(pod.initContainers ?? []), ...(pod.containers ?? [])].map(({ image }) => image);
}

/** The list is what sites without internet copy: what the charts use, all of it, by full name and version. */
export const images: Rule = ({ metadata, renderings }) => {
  const plain = renderings.filter(({ mirrored }) => !mirrored).flatMap(podsOf);
  const used = new Set(plain.flatMap(({ pod }) => imagesOf(pod)));
  const listed = metadata.images ?? [];
  return [
    ...[...used].filter((image) => !listed.includes(image)).map((image) => `images: ${image} is used, but not listed`),
    ...listed.filter((image) => !used.has(image)).map((image) => `images: ${image} is listed, but no chart uses it`),
    ...listed
      .filter(
        (image) => !/^[a-z0-9.-]+\.[a-z]+(:\d+)?\/[a-z0-9./_-]+:[\w][\w.-]*$/.test(image) || image.endsWith(':latest'),
      )
      .map((image) => `images: ${image} is no full name with a version`),
  ];
};

export const imageRegistry: Rule = (subject) =>
  mirroredPods(subject).flatMap(({ where, pod }) =>
    imagesOf(pod)
      .filter((image) => !image.startsWith(`${MIRRORED.imageRegistry}/`))
      .map((image) => `${where}: global.imageRegistry does not reach ${image}`),
  );

export const nodeSelector: Rule = (subject) =>
  mirroredPods(subject)
    .filter(
      ({ pod }) => !Object.entries(MIRRORED.nodeSelector).every(([key, value]) => pod.nodeSelector?.[key] === value),
    )
    .map(({ where }) => `${where}: global.nodeSelector does not reach it`);

export const imagePullSecrets: Rule = (subject) =>
  mirroredPods(subject)
    .filter(({ pod }) => pod.imagePullSecrets?.some(({ name }) => name === MIRRORED.imagePullSecret) !== true)
    .map(({ where }) => `${where}: global.imagePullSecrets does not reach it`);
