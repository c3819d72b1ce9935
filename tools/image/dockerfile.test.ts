import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { DOCKERFILE_RULES, dockerfileFindings, stagesOf } from './dockerfile.ts';

const good = `# What it is.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /work
COPY . .
RUN make

FROM scratch
COPY --from=build /rootfs/ /
ENV A=b
USER 65534:65534
ENTRYPOINT ["/bin/manager"]
`;

/** Each rule with what it is there for: what is written instead of what, and what it says. */
const faults: Readonly<Record<string, readonly (readonly [string, string, RegExp])[]>> = {
  bases: [
    ['24.21.0-bookworm-slim', 'latest', /node:latest is another image next month/],
    ['24.21.0-bookworm-slim', '24-slim', /node:24-slim/],
    [':24.21.0-bookworm-slim', '', /bases: node is another/],
    ['FROM scratch', 'FROM gcr.io/distroless/cc', /distroless/],
  ],
  stagesApart: [
    ['--from=build ', '', /not from a stage before/],
    ['--from=build', '--from=busybox', /--from=busybox/],
    ['ENV A=b', 'RUN npm install', /the image runs npm install/],
    ['FROM scratch\nCOPY --from=build /rootfs/ /', 'ENV B=c', /the image is what it is built in/],
  ],
  user: [
    ['USER 65534:65534\n', '', /USER is missing/],
    ['65534:65534', 'nobody', /USER nobody/],
    ['65534:65534', '0', /USER 0/],
    ['65534:65534', '65534:0', /USER 65534:0/],
    ['USER 65534', 'USER 1000\nUSER 0', /USER 0:65534/],
  ],
  add: [['COPY . .', 'ADD https://example.org/x.tar /', /ADD https/]],
  entrypoint: [
    ['["/bin/manager"]', '/bin/manager', /as JSON/],
    ['ENTRYPOINT ["/bin/manager"]', 'ENV B=c', /ENTRYPOINT is missing/],
  ],
  secrets: [
    ['ENV A=b', 'ENV NPM_TOKEN=x', /NPM_TOKEN=x/],
    ['RUN make', 'ARG PASSWORD', /PASSWORD/],
  ],
  workingFolder: [['WORKDIR /work', 'WORKDIR work', /WORKDIR work/]],
};

suite('the linter of Dockerfiles', () => {
  test('has nothing against a good one, nor against ours', () => {
    assert.deepEqual(dockerfileFindings(good), []);
    const ours = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
    assert.deepEqual(dockerfileFindings(ours), []);
  });

  test('takes a digest for a version, and a stage for a base', () => {
    const digest = `node@sha256:${'0'.repeat(64)}`;
    assert.deepEqual(dockerfileFindings(good.replace('node:24.21.0-bookworm-slim', digest)), []);
    assert.deepEqual(dockerfileFindings(good.replace('FROM scratch', 'FROM build AS more\nRUN x\n\nFROM scratch')), []);
  });

  test('judges a base that is a build argument by its default', () => {
    const withArgument = (base: string): string => good.replace(/^FROM node:\S+/m, `ARG BASE=${base}\nFROM \${BASE}`);
    assert.deepEqual(dockerfileFindings(withArgument('node:24.21.0-bookworm-slim')), []);
    assert.match(dockerfileFindings(withArgument('node:24')).join(), /bases: node:24 is another image next month/);
    assert.throws(() => stagesOf('FROM ${BASE} AS build\n'), /no ARG says what BASE is/);
    assert.throws(() => stagesOf('ARG BASE\nFROM ${BASE}\n'), /not understood: ARG BASE/);
    assert.throws(() => stagesOf('RUN x\nFROM scratch\n'), /not understood: RUN x/);
  });

  test('has a case for each rule', () => {
    assert.deepEqual(Object.keys(faults), Object.keys(DOCKERFILE_RULES));
  });

  for (const [rule, cases] of Object.entries(faults)) {
    test(`${rule}: says what is wrong, and no other rule does`, () => {
      for (const [text, instead, said] of cases) {
        const findings = dockerfileFindings(good.replace(text, instead));
        assert.match(findings.join('\n'), said);
        assert.deepEqual([...new Set(findings.map((finding) => finding.split(':')[0]))], [rule], instead);
      }
    });
  }

  test('refuses what it does not understand', () => {
    assert.throws(() => stagesOf('FROM x\nRUN a && \\\n  b\n'), /not understood: RUN a && \\/);
    assert.throws(() => stagesOf('from x\n'), /not understood/);
  });
});
