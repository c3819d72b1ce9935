// Runs a TypeScript program of this repository under the Node.js release that the project is pinned to.
// Plain JavaScript and built-ins only: it is the first thing that runs in a fresh clone, on whatever Node.js >= 20 is there.
//
//   node tools/run.mjs <file.ts> [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wantedMajor = 24;

/** Installs the locked dependencies when node_modules does not match package-lock.json; silent otherwise. */
function installDependencies() {
  const stamp = join(root, 'node_modules', '.porterlb-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('porterlb: installing the locked npm dependencies (about a minute)');
  const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) {
    console.error('porterlb: `npm ci` failed; its output above says why. Nothing else was done.');
    process.exit(npm.status ?? 1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
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
