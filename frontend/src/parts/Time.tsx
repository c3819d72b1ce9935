import React, { type ReactElement } from 'react';

/** A moment as people of the browser's place write it. */
export function Time({ at }: { readonly at: string | null | undefined }): ReactElement {
  if (at === null || at === undefined) return <>—</>;
  return <time dateTime={at}>{timeText(at)}</time>;
}

export function timeText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
