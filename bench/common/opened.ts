/** Opens one thing after another, lets `use` work with them, and closes those that are open whatever happens. */
export async function withOpened<Wanted, Open, Result>(
  wanted: readonly Wanted[],
  { open, close }: { readonly open: (one: Wanted) => Promise<Open>; readonly close: (one: Open) => Promise<void> },
  use: (all: readonly Open[]) => Promise<Result>,
): Promise<Result> {
  const all: Open[] = [];
  try {
    // Not at once: so many processes that start together are all late.
    for (const one of wanted) all.push(await open(one));
    return await use(all);
  } finally {
    await Promise.all(all.map(close));
  }
}
