import { readFile } from 'node:fs/promises';
import { EXIT, Failure } from '../failure.ts';
import { runExecPlugin } from './exec-plugin.ts';
import type { ExecPlugin, SignIn } from './kubeconfig.ts';
import { KubectlFailed, type Kubectl } from './kubectl.ts';

/** The token that says to the manager who asks. */
export interface Credential {
  /** @throws {Failure} if there is none to be had */
  token(): Promise<string>;
  /** This token was refused, or whichever there is: another one is to be fetched, unless that has happened already. */
  renew(refused?: string): void;
}

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

export interface CredentialDeps {
  readonly kubectl: Kubectl;
}

/** Whom to ask as, if the kubeconfig has no token: the chart brings it, and it may read everything. */
export const VIEWER = 'porterlb-viewer';
/** The shortest that Kubernetes gives. */
const MINTED_FOR = '10m';
/** A token is not used up to its last second: clocks differ. */
const EARLY_MS = 10_000;

const POD_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** The kubeconfig's own token wherever there is one, so that one asks as oneself; else one of a ServiceAccount. */
export function credentialOf(
  signIn: SignIn | undefined,
  deps: CredentialDeps,
  { viewer, wanted }: { readonly viewer: () => Promise<ServiceAccount>; readonly wanted: ServiceAccount | undefined },
): Credential {
  if (wanted !== undefined) return minted(deps, () => Promise.resolve(wanted));
  switch (signIn?.kind) {
    case undefined:
      return kept(async () => ({ token: await read(POD_TOKEN) }));
    case 'token': {
      const { token } = signIn;
      return kept(() => Promise.resolve({ token }));
    }
    case 'file': {
      const { path } = signIn;
      return kept(async () => ({ token: await read(path) }));
    }
    case 'exec':
      return executed(signIn.plugin, minted(deps, viewer));
    case 'other':
      return minted(deps, viewer);
  }
}

interface Fetched {
  readonly token: string;
  readonly expiresAt?: number | undefined;
}

/** Fetches a token when one is wanted, by one call at a time, and keeps it until it ends or is refused. */
function kept(fetch: () => Promise<Fetched>): Credential {
  let asked: Promise<Fetched> | undefined;
  let known: Fetched | undefined;
  const forget = (): void => {
    [asked, known] = [undefined, undefined];
  };
  return {
    token: async () => {
      if (known !== undefined && hasEnded(known)) forget();
      asked ??= fetch();
      const own = asked;
      try {
        const fetched = await own;
        if (asked === own) known = fetched;
        return fetched.token;
      } catch (error) {
        if (asked === own) forget();
        throw error;
      }
    },
    renew: (refused) => {
      if (refused === undefined || refused === known?.token) forget();
    },
  };
}

function hasEnded({ expiresAt }: Fetched): boolean {
  return expiresAt !== undefined && expiresAt - EARLY_MS < Date.now();
}

function executed(plugin: ExecPlugin, otherwise: Credential): Credential {
  return kept(async () => {
    const { token, expiresAt } = await runExecPlugin(plugin);
    if (token !== undefined) return { token, expiresAt };
    otherwise.renew();
    return { token: await otherwise.token() };
  });
}

function minted({ kubectl }: CredentialDeps, whose: () => Promise<ServiceAccount>): Credential {
  return kept(async () => {
    const account = await whose();
    const { namespace, name } = account;
    try {
      const token = await kubectl.run(['create', 'token', name, '--namespace', namespace, '--duration', MINTED_FOR]);
      return { token: token.trim() };
    } catch (error) {
      throw notMinted(account, error);
    }
  });
}

function notMinted({ namespace, name }: ServiceAccount, error: unknown): unknown {
  if (!(error instanceof KubectlFailed)) return error;
  const exitCode = error.isRefusal ? EXIT.refused : EXIT.unreachable;
  return new Failure(
    exitCode,
    `no token can be made for the ServiceAccount ${namespace}/${name}:\n${error.message}`,
    'The manager has to be shown a token, and your kubeconfig has none that would do (a client certificate is none; whom "as" names has none). ' +
      `Ask for "create" on serviceaccounts/token of ${name} in the namespace ${namespace}, ` +
      'or name a ServiceAccount that you may use with --service-account NAMESPACE/NAME.',
  );
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'error';
    if (path === POD_TOKEN) {
      const hint = 'Set KUBECONFIG, or give --kubeconfig FILE.';
      throw new Failure(EXIT.unreachable, 'there is no kubeconfig with a current context, and this is no Pod', hint);
    }
    throw new Failure(EXIT.refused, `the token file ${path} of the kubeconfig can't be read: ${why}`);
  }
}
