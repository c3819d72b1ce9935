import React, { useEffect, useState, type ReactElement } from 'react';
import { useClock } from '../live/surroundings.tsx';
import { text } from '../texts/texts.ts';

/** Who types is not asked after each letter. */
const PAUSE_MS = 300;

interface Props {
  readonly value: string;
  readonly onSearch: (value: string) => void;
}

export function SearchField({ value, onSearch }: Props): ReactElement {
  const clock = useClock();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return undefined;
    return clock.setTimer(PAUSE_MS, () => onSearch(typed));
    // `onSearch` is another function each time; what it does is not.
  }, [clock, typed, value]);
  return (
    <input
      type="search"
      className="plb-search"
      value={typed}
      placeholder={text('SEARCH_BY_NAME')}
      aria-label={text('SEARCH_BY_NAME')}
      onChange={({ target }) => setTyped(target.value)}
    />
  );
}
