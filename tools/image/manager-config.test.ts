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
