/**
 * Begins something now, ends it when the page goes out of sight (another tab, another window over it), and begins it anew when it is back. Browsers
 * open six connections to a host at most, for all tabs together, where it doesn't speak HTTP/2: six streams would leave none for anything else.
 * @returns ends it for good
 */
export function whileVisible(begin: () => () => void): () => void {
  let end: (() => void) | undefined;
  const look = (): void => {
    if (document.visibilityState !== 'hidden') {
      end ??= begin();
      return;
    }
    end?.();
    end = undefined;
  };
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    end?.();
  };
}
