import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { before, describe, it } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { bundleCli } from './bundle.ts';

const root = dirname(dirname(import.meta.dirname));

describe('the kubectl plugin as one file', () => {
  let path = '';
  before(async () => {
    ({ path } = await bundleCli(root));
  });

  const run = (args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    // No kubectl is to be found there.
    spawnSync(process.execPath, [path, ...args], { encoding: 'utf8', env: { PATH: '/nonexistent' } });

  it('runs by itself, and has the version of everything', () => {
    assert.equal(statSync(path).mode & 0o111, 0o111);
    const { status, stdout, stderr } = run(['--version']);
    assert.deepEqual([status, stdout, stderr], [0, `kubectl-porterlb ${packageJson.version}\n`, '']);
    assert.match(run([]).stdout, /^kubectl porterlb: .*\n\nUsage: kubectl porterlb COMMAND/);
  });

  it('says on which Node.js it runs, and looks before it does anything else', () => {
    const [shebang, says = '', looks = ''] = readFileSync(path, 'utf8').split('\n', 3);
    assert.equal(shebang, '#!/usr/bin/env node');
    assert.match(says, /needs Node\.js 20 or later/);
    assert.match(looks, /process\.versions\.node.* < 20/);
  });

  it('has the licence of what it includes', () => {
    const text = readFileSync(path, 'utf8');
    assert.match(text, /This file includes yaml \d.*\n\nCopyright Eemeli Aro/);
  });

  it('ends with a word of what is missing, and no stack', () => {
    const { status, stdout, stderr } = run(['status']);
    assert.deepEqual([status, stdout], [3, '']);
    assert.match(stderr, /^error: kubectl is not on the PATH\n/);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.equal(run(['explain']).status, 2);
  });
});
