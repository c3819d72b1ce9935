import type { ReactNode } from 'react';
import type { TextKey } from '../texts/texts.ts';

/** One column of a table, as data: what a page's table shows is read in one place. */
export interface Column<Row> {
  readonly title: TextKey;
  readonly cell: (row: Row) => ReactNode;
  /** What the API calls that order; undefined: it can't be ordered by that. */
  readonly sortBy?: string;
  /** Numbers stand at the right. */
  readonly align?: 'right';
  /** CSS width. */
  readonly width?: string;
}
