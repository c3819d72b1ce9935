/** How an option is written and what it does; the only source for parsing and for the help. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands behind `--name`, for the help. */
  readonly value?: string;
  readonly does: string;
}

/** Of which some commands have no use. */
export const EXTRA_OPTIONS = {
  'all-namespaces': { type: 'boolean', short: 'A', does: 'of all namespaces' },
  watch: { type: 'boolean', short: 'w', does: 'show it again whenever it changes, until Ctrl-C' },
  addresses: { type: 'boolean', does: 'all addresses of the pool, not only those in use' },
  'dry-run': { type: 'boolean', does: 'say what would be done, and do nothing' },
  apply: { type: 'boolean', does: 'do it' },
  rollback: { type: 'boolean', does: 'undo it; with --dry-run: say what that would be' },
  file: { type: 'string', short: 'f', value: 'FILE', does: 'read objects from here in place of the cluster' },
} as const satisfies Record<string, Option>;

export const SHOWN_OPTIONS = {
  namespace: {
    type: 'string',
    short: 'n',
    value: 'NAME',
    does: 'namespace of the Service; if not given, that of the context',
  },
  output: {
    type: 'string',
    short: 'o',
    value: 'FORMAT',
    does: 'table, json or yaml; json and yaml are as docs/api.md has them',
  },
  language: {
    type: 'string',
    value: 'LANGUAGE',
    does: 'of explanations and errors: en or zh; if not given, that of the environment',
  },
} as const satisfies Record<string, Option>;

export const REACH_OPTIONS = {
  kubeconfig: { type: 'string', value: 'FILE', does: 'as kubectl has it' },
  context: { type: 'string', value: 'NAME', does: 'as kubectl has it' },
  'manager-namespace': {
    type: 'string',
    value: 'NAME',
    does: 'where porter-manager runs; if not given, the ClusterRoleBinding porter-manager tells it',
  },
  'service-account': {
    type: 'string',
    value: 'NAMESPACE/NAME',
    does: 'ask as this ServiceAccount, with a token made for it',
  },
  server: { type: 'string', value: 'URL', does: 'ask here, without kubectl port-forward' },
  'certificate-authority': { type: 'string', value: 'FILE', does: 'with --server: who signs its certificate' },
  'insecure-skip-tls-verify': { type: 'boolean', does: 'with --server: take any certificate' },
  'request-timeout': { type: 'string', value: 'SECONDS', does: 'how long to wait for an answer; 30 if not given' },
} as const satisfies Record<string, Option>;

export const HELP_OPTIONS = {
  help: { type: 'boolean', short: 'h', does: 'this' },
  version: { type: 'boolean', does: 'version of this plugin' },
} as const satisfies Record<string, Option>;

export const OPTIONS = { ...EXTRA_OPTIONS, ...SHOWN_OPTIONS, ...REACH_OPTIONS, ...HELP_OPTIONS };
