/** A stage of a Dockerfile: what it begins with, and its instructions. */
export interface Stage {
  readonly from: string;
  /** By which later stages know it. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/**
 * The stages, as they are where nobody gives a build argument.
 * @throws {Error} when a line is none of an instruction on a line of its own: nothing here goes over several
 */
export function stagesOf(dockerfile: string): Stage[] {
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  // Only what is declared before the first stage counts in FROM.
  const defaults = new Map<string, string>();
  for (const line of dockerfile.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
    const [, name, rest = ''] = /^([A-Z]+) (.*[^\\])$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`not understood: ${line}`);
    const [from = '', as, alias] = rest.split(' ');
    if (name === 'FROM')
      stages.push({ from: filledIn(from, defaults), name: as === 'AS' ? alias : undefined, instructions: [] });
    else if (stages.length > 0) stages.at(-1)?.instructions.push({ name, rest });
    else defaults.set(...argument(line, name, rest));
  }
  return stages;
}

function argument(line: string, name: string, rest: string): [name: string, value: string] {
  const [, key, value] = /^(\w+)=(\S+)$/.exec(rest) ?? [];
  if (name !== 'ARG' || key === undefined || value === undefined) throw new Error(`not understood: ${line}`);
  return [key, value];
}

/** @throws {Error} when there is no value for an argument */
function filledIn(text: string, defaults: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, key: string) => {
    const value = defaults.get(key);
    if (value === undefined) throw new Error(`not understood: no ARG says what ${key} is`);
    return value;
  });
}

/** What is to be said against stages, the last of which is the image; empty: nothing. */
type Rule = (stages: readonly Stage[], image: Stage) => readonly string[];

const allOf = (stages: readonly Stage[], name: string): string[] =>
  stages.flatMap(({ instructions }) => instructions.filter((each) => each.name === name).map(({ rest }) => rest));

/** The last of an image's instructions of a name is in force. */
const inForce = ({ instructions }: Stage, name: string): string | undefined =>
  instructions.findLast((each) => each.name === name)?.rest;

/** The same commit is to give the same image next year: a tag for a whole version and its system, or a digest. */
const bases: Rule = (stages) =>
  stages
    .map(({ from }) => from)
    .filter((from) => from !== 'scratch' && !stages.some(({ name }) => name === from))
    .filter((from) => !/@sha256:[0-9a-f]{64}$|:\d+\.\d+\.\d+-\w+/.test(from))
    .map((from) => `${from} is another image next month: name a whole version with its system, or a digest`);

/** Compilers, caches and dev dependencies stay behind. */
const stagesApart: Rule = (stages, image) => [
  ...(stages.length < 2 ? ['the image is what it is built in'] : []),
  ...allOf([image], 'RUN').map((rest) => `the image runs ${rest}: what that leaves behind is part of it`),
  ...allOf([image], 'COPY')
    .filter((rest) => !stages.slice(0, -1).some(({ name }) => name !== undefined && rest.startsWith(`--from=${name} `)))
    .map((rest) => `COPY ${rest}: not from a stage before`),
];

/** By number: runAsNonRoot of Kubernetes can't tell of a name that it is not root's. */
const user: Rule = (_, image) => {
  const found = inForce(image, 'USER');
  return found !== undefined && /^[1-9]\d*(:[1-9]\d*)?$/.test(found)
    ? []
    : [`USER ${found ?? 'is missing'}: name a user other than root, by number`];
};

/** It unpacks archives and fetches URLs, whatever comes. */
const add: Rule = (stages) => allOf(stages, 'ADD').map((rest) => `ADD ${rest}: say COPY`);

/** With a shell in between, SIGTERM does not reach the manager; and here there is none. */
const entrypoint: Rule = (_, image) => {
  const found = inForce(image, 'ENTRYPOINT');
  return found?.startsWith('["/') === true
    ? []
    : [`ENTRYPOINT ${found ?? 'is missing'}: name a program by its path, as JSON`];
};

/** What an image's configuration and history have, everybody reads. */
const secrets: Rule = (stages) =>
  [...allOf(stages, 'ENV'), ...allOf(stages, 'ARG')]
    .filter((rest) => /password|passwd|secret|token|credential|private_?key/i.test(rest))
    .map((rest) => `${rest}: everybody who has the image reads that`);

const workingFolder: Rule = (stages) =>
  allOf(stages, 'WORKDIR')
    .filter((rest) => !rest.startsWith('/'))
    .map((rest) => `WORKDIR ${rest}: depends on the base`);

export const DOCKERFILE_RULES: Readonly<Record<string, Rule>> = {
  ...{ bases, stagesApart, user, add, entrypoint, secrets, workingFolder },
};

/** All that is wrong with a Dockerfile, one line each, beginning with the name of the rule. */
export function dockerfileFindings(dockerfile: string): string[] {
  const stages = stagesOf(dockerfile);
  const image = stages.at(-1);
  if (image === undefined) return ['there is no image'];
  return Object.entries(DOCKERFILE_RULES).flatMap(([name, rule]) =>
    rule(stages, image).map((finding) => `${name}: ${finding}`),
  );
}
