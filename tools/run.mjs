// Runs a TypeScript program of this repository under the Node.js release that the project is pinned to.
// Plain JavaScript and built-ins only: it is the first thing that runs in a fresh clone, on whatever Node.js >= 20 is there.
//
//   node tools/run.mjs <file.ts> [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wantedMajor = 24;

const stamp = join(root, 'node_modules', '.porterlb-lock');

/** What the stamp of a node_modules says that matches package-lock.json on this machine. */
function wantedStamp() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wantedStamp();
}

/** Installs the locked dependencies when node_modules does not match package-lock.json; silent otherwise. */
function installDependencies() {
  if (isInstalled()) return;
  whileLocked(join(root, 'build', 'npm-ci.lock'), () => {
    if (isInstalled()) return;
    console.error('porterlb: installing the locked npm dependencies (about a minute)');
    const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (npm.status !== 0) {
      console.error('porterlb: `npm ci` failed; its output above says why. Nothing else was done.');
      process.exitCode = npm.status ?? 1;
      return;
    }
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, wantedStamp());
  });
  if (!isInstalled()) process.exit();
}

/** Two first commands side by side: `npm ci` would pull node_modules away from under the other one's feet. */
function whileLocked(lock, work) {
  mkdirSync(dirname(lock), { recursive: true });
  for (let waits = 0; !takeLock(lock); waits += 1) {
    if (waits === 0) console.error('porterlb: waiting for another command that installs the npm dependencies');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A lock file names its owner; one whose owner is gone is taken over. */
function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!ownerIsGone(lock)) return false;
  rmSync(lock, { force: true });
  return false;
}

function ownerIsGone(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    // Written a moment after it is made.
    if (owner === 0) return false;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** The pinned Node.js binary, or the running one where it is recent enough (other platforms than Linux). */
function nodeBinary() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath;
  console.error(
    `porterlb: no Node.js ${wantedMajor} for ${process.platform}-${process.arch} in npm's packages and this is ` +
      `${process.version}. Install Node.js ${wantedMajor} or later and run the same command again.`,
  );
  return process.exit(1);
}

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node tools/run.mjs <file.ts> [arguments]');
  process.exit(2);
}
installDependencies();
const child = spawn(nodeBinary(), ['--disable-warning=ExperimentalWarning', resolve(root, program), ...args], {
  stdio: 'inherit',
  cwd: process.cwd(),
});
// A terminal sends Ctrl-C to the whole group; the child ends itself and says so, we only wait for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
