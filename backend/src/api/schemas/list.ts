import { z } from 'zod';

export const MAX_LIMIT = 500;
const MAX_PAGE = 1_000_000;

/** `true` or `false`, as text of a query. */
function flag(description: string): z.ZodType<boolean | undefined, string | undefined> {
  const schema = z.stringbool({ truthy: ['true'], falsy: ['false'], case: 'sensitive' });
  return schema.optional().meta({ type: 'boolean', description });
}

type SortKeys = readonly [string, ...string[]];

/** The parameters of KubeSphere's tables. */
export function listQuery<const Keys extends SortKeys>(
  keys: Keys,
): z.ZodObject<{
  page: z.ZodDefault<z.ZodCoercedNumber<string>>;
  limit: z.ZodDefault<z.ZodCoercedNumber<string>>;
  sortBy: z.ZodOptional<z.ZodEnum<{ [Key in Keys[number]]: Key }>>;
  ascending: ReturnType<typeof flag>;
  name: z.ZodOptional<z.ZodString>;
  labelSelector: z.ZodOptional<z.ZodString>;
}> {
  return z.object({
    page: z.coerce
      .number<string>()
      .int()
      .min(1)
      .max(MAX_PAGE)
      .default(1)
      .meta({ description: 'Number of the page, from 1.' }),
    limit: z.coerce
      .number<string>()
      .int()
      .min(1)
      .max(MAX_LIMIT)
      .default(10)
      .meta({ description: 'Most items in one page.' }),
    sortBy: z
      .enum(keys as unknown as [Keys[number], ...Keys[number][]])
      .optional()
      .meta({ description: 'What to sort by; the name if not given.' }) as never,
    ascending: flag('Order; false: descending. By name it is ascending if not given, by anything else descending.'),
    name: z.string().max(253).optional().meta({ description: 'Only items whose name contains this.' }),
    labelSelector: z
      .string()
      .max(1024)
      .optional()
      .meta({ description: 'Only items whose labels this selects, as `kubectl --selector` takes it.' }),
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
