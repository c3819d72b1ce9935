/** JSON Schema as far as CRDs and our OpenAPI document use it. */
export interface FieldSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
  readonly oneOf?: readonly FieldSchema[];
}

/** One row: `afiSafis[].addPaths.config.sendMax`. */
export interface Field {
  readonly path: string;
  /** In Markdown. */
  readonly type: string;
  readonly required: boolean;
  readonly schema: FieldSchema;
}

/** All fields of an object, those of objects in it below them, in the order of the schema. `linkTo`: where the named schema of a `$ref` is told of. */
export function fieldsOf(schema: FieldSchema, linkTo: (name: string) => string = (name) => name, above = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = above === '' ? name : `${above}.${name}`;
    const required = schema.required?.includes(name) === true;
    const { inner, brackets } = innermost(field);
    const own = { path: path + brackets, type: typeOf(field, linkTo), required, schema: field };
    return [own, ...fieldsOf(inner, linkTo, path + brackets)];
  });
}

/** What a list, a nullable or a map is of. */
function innermost(schema: FieldSchema): { inner: FieldSchema; brackets: string } {
  if (schema.items !== undefined) {
    const { inner, brackets } = innermost(schema.items);
    return { inner, brackets: `[]${brackets}` };
  }
  const [only, ...others] = alternatives(schema).filter((each) => each.type !== 'null');
  return only !== undefined && others.length === 0 ? innermost(only) : { inner: schema, brackets: '' };
}

function alternatives({ anyOf, oneOf }: FieldSchema): readonly FieldSchema[] {
  return anyOf ?? oneOf ?? [];
}

/** In words: `string`, `list of integer`, `bgp, layer2 or null`. */
export function typeOf(schema: FieldSchema, linkTo: (name: string) => string): string {
  if (schema.$ref !== undefined) return linkTo(schema.$ref.split('/').at(-1) ?? '');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return listed(schema.enum.map(code));
  const several = alternatives(schema);
  if (several.length > 0) return listed([...new Set(several.map((each) => typeOf(each, linkTo)))]);
  return plainType(schema, linkTo);
}

function plainType(
  { type, items, format, additionalProperties }: FieldSchema,
  linkTo: (name: string) => string,
): string {
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeOf(items, linkTo)}`;
  if (type === 'object' && typeof additionalProperties === 'object')
    return `map to ${typeOf(additionalProperties, linkTo)}`;
  if (type === 'string' && format === 'date-time') return 'time (RFC 3339)';
  return typeof type === 'string' ? type : listed(type ?? ['any']);
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** A row of a table in Markdown. */
export function row(...cells: readonly string[]): string {
  return `| ${cells.map(cellOf).join(' | ')} |\n`;
}

/** `can_reach:<IP>` is text, and no HTML, outside of backquotes. */
function cellOf(text: string): string {
  const parts = text.replaceAll('|', '\\|').replaceAll('\n', ' ').split('`');
  return parts.map((part, i) => (i % 2 === 0 ? part.replaceAll('<', '&lt;') : part)).join('`');
}
