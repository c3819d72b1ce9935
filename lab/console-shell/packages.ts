import { CommandFailed, run } from '../toolchain/run.ts';

/** The packages of the shell can't be had: the registry doesn't answer, or doesn't have them (any more). */
export class ShellUnavailable extends Error {
  override readonly name = 'ShellUnavailable';
}

/** What npm says of a registry that can't be reached or refuses: everything else is a fault of ours. */
const unavailable =
  /\b(E401|E403|E404|E5\d\d|ETARGET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/;

/** Installs what a folder's lock file names. @throws {ShellUnavailable} */
export async function installPackages(folder: string): Promise<void> {
  try {
    await npm(folder, 'ci');
  } catch (error) {
    if (error instanceof CommandFailed && unavailable.test(error.stderr)) {
      throw new ShellUnavailable(`npm can't get the packages of ks-console's shell: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Runs npm in a folder. */
export async function npm(folder: string, ...command: string[]): Promise<void> {
  // Its peers are not those that they ask for; nothing of theirs runs when they are installed.
  const flags = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', [...command, ...flags, '--prefix', folder], { cwd: folder });
}
