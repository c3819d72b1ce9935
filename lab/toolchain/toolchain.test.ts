import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { isDebian } from './debian.ts';
import { requiredVersion } from './go-build.ts';
import { parseStat } from './process-identity.ts';
import { findProgram } from './programs.ts';
import { CommandFailed, run } from './run.ts';

const lab = join(import.meta.dirname, '..');

suite('toolchain', () => {
  test('knows Debian and what is made from it by os-release', () => {
    assert.equal(isDebian('NAME="Debian GNU/Linux"\nID=debian\n'), true);
    assert.equal(isDebian('ID=ubuntu\nID_LIKE=debian\n'), true);
    assert.equal(isDebian('ID=pop\nID_LIKE="ubuntu debian"\n'), true);
    assert.equal(isDebian('ID=fedora\nHOME_URL="debian"\n'), false);
    assert.equal(isDebian(''), false);
  });

  test('reads versions from our go.mod files', async () => {
    assert.match(await requiredVersion(join(lab, 'kubernetes'), 'k8s.io/kubernetes'), /^v1\.\d+\.\d+$/);
    assert.match(await requiredVersion(join(lab, 'helm'), 'helm.sh/helm/v3'), /^v3\.\d+\.\d+$/);
    await assert.rejects(requiredVersion(join(lab, 'helm'), 'example.org/none'), /requires no example.org\/none/);
  });

  test('finds programs by path or name, and only those', () => {
    assert.equal(findProgram(process.execPath), process.execPath);
    assert.equal(findProgram('no-such-program'), undefined);
    assert.equal(findProgram('/no/such/program'), undefined);
  });

  test('reads a process status whose name holds spaces and parentheses (proc(5))', () => {
    const fields = ['S', ...Array.from({ length: 18 }, (_, i) => String(i)), '4711', '0'];
    assert.deepEqual(parseStat(`42 (a) b (c)) ${fields.join(' ')}`), { state: 'S', startTicks: '4711' });
  });

  test('a failed program tells its name, exit code and last words', async () => {
    const failing = run(process.execPath, ['-e', 'console.error("because"); process.exit(3)']);
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof CommandFailed);
      assert.equal(error.exitCode, 3);
      assert.match(error.message, /exit code 3\nbecause/);
      return true;
    });
    await assert.rejects(run('no-such-program', []), CommandFailed);
  });

  test('passes input on and returns output', async () => {
    const echo = ['-e', 'process.stdin.pipe(process.stdout)'];
    assert.equal(await run(process.execPath, echo, { stdin: 'grüße' }), 'grüße');
  });
});
