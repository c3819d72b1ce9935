import { z } from 'zod';

export const MAX_LIMIT = 500;
const MAX_PAGE = 1_000_000;

/** `true` or `false`, as text of a query. */
function flag(description: string): z.ZodType<boolean | undefined, string | undefined> {
  const schema = z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' });
  return schema.optional().meta({ type: 'boolean', description });
}

interface Whole {
  readonly max: number;
  /** Where it is not given. */
  readonly preset: number;
  /** What -1 stands for, as in KubeSphere's lists; undefined: nothing. */
  readonly all?: number;
  readonly description: string;
}

/** A whole number from 1, as digits of a query: what `Number` takes for one besides (nothing at all, 0x10, 1e1) is none. */
function whole({ max, preset, all, description }: Whole): z.ZodType<number, string | undefined> {
  const params = all === undefined ? { what: 'wholeBetween', min: 1, max } : { what: 'limit', max };
  const isWhole = (text: string): boolean => /^[1-9]\d{0,8}$/.test(text) && Number(text) <= max;
  return z
    .string()
    .refine((text) => isWhole(text) || (all !== undefined && text === '-1'), { params })
    .transform((text) => (text === '-1' ? (all ?? preset) : Number(text)))
    .optional()
    .transform((value) => value ?? preset)
    .meta({
      type: 'integer',
      minimum: all === undefined ? 1 : -1,
      maximum: max,
      description: `${description} ${preset} if not given.`,
    });
}

type SortKeys = readonly [string, ...string[]];

/** The parameters of KubeSphere's tables. */
export function listQuery<const Keys extends SortKeys>(
  keys: Keys,
): z.ZodObject<{
  page: ReturnType<typeof whole>;
  limit: ReturnType<typeof whole>;
  sortBy: z.ZodOptional<z.ZodEnum<{ [Key in Keys[number]]: Key }>>;
  ascending: ReturnType<typeof flag>;
  name: z.ZodOptional<z.ZodString>;
  labelSelector: z.ZodOptional<z.ZodString>;
}> {
  return z.object({
    page: whole({ max: MAX_PAGE, preset: 1, description: 'Number of the page, from 1.' }),
    limit: whole({
      ...{ max: MAX_LIMIT, preset: 10, all: MAX_LIMIT },
      description: `Most items in one page; -1: as many as there can be, which are ${MAX_LIMIT}.`,
    }),
    sortBy: z
      .enum(keys as unknown as [Keys[number], ...Keys[number][]])
      .optional()
      .meta({ description: 'What to sort by; the name if not given.' }) as never,
    ascending: flag('Order; false: descending. By name it is ascending if not given, by anything else descending.'),
    name: z.string().max(253).optional().meta({ description: 'Only items whose name contains this.' }),
    labelSelector: z.string().max(1024).optional().meta({
      description:
        'Only items whose labels this selects: `a=b,c!=d,e in (f,g),h notin (i),j,!k`, as `kubectl --selector` takes it, without `>` and `<`.',
    }),
  });
}

/** One page of a list, as KubeSphere's tables expect it. */
export function pageOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; totalItems: z.ZodInt }, z.core.$strict> {
  return z.strictObject({
    items: z.array(item),
    totalItems: z.int().min(0).meta({ description: 'Number of items of all pages.' }),
  });
}

export interface ListQuery {
  readonly page: number;
  readonly limit: number;
  readonly sortBy?: string | undefined;
  readonly ascending?: boolean | undefined;
  readonly name?: string | undefined;
  readonly labelSelector?: string | undefined;
}
