/**
 * Waits for all of them, even when one fails, and only then throws the first failure: what is cleaned up afterwards is no
 * longer being made. `onFailure` is called at once at the first failure, to tell the others to give up.
 */
export async function together<T>(
  work: readonly Promise<T>[],
  onFailure: (error: unknown) => void = () => undefined,
): Promise<T[]> {
  try {
    return await Promise.all(work);
  } catch (error) {
    onFailure(error);
    await Promise.allSettled(work);
    throw error;
  }
}
